"""What defences and the gateway gain and cost: runs of the command line, and their table.

    python perf/guards.py -o /tmp/guards                      # under ten minutes of one core
    python perf/guards.py -o /tmp/guards --data ../shared/data

Three worlds, see `guards_server.py` for the models: `lab` with the real small models; `scenes` with
one of them and a scripted model; MOSSBench, its contrast set and FigStep (where the data are) with
a scripted reader. Every arm is an ordinary `chiasm eval`; a gateway is an ordinary `chiasm guard
serve` before the same server. The same command goes on where it was stopped, and prints the tables
(also -o/tables.md); `chiasm report -o/logs -o page.html` makes the page.
"""

import argparse
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from guards_table import tables

HERE = Path(__file__).parent
SOLVERS = ("", "system_prompt", "describe_then_judge", "ecso", "intent")
CLI = (sys.executable, "-m", "chiasm.cli")

GATES = {
    "gate-seen": ("guard-seen", "none"),
    "gate-pair": ("guard-rule", "none"),
    "gate-both": ("guard-rule", "guard-rule"),
}
"""Gateways: the guard asked about the pair, and about the answer."""


class Step(NamedTuple):
    """One `chiasm eval`.

    Attributes:
        world: lab, scenes or reader.
        service: local, or one of `GATES`.
        models: Of the server.
        solver: Empty for none.
        words: Benchmarks and their options.
    """

    world: str
    service: str
    models: tuple[str, ...]
    solver: str
    words: tuple[str, ...]


def steps(data: Path | None) -> Iterator[Step]:
    """All of them."""
    lab = ("lab", "--grader", "chiasm/refusal", "--max-connections", "1")
    scenes = ("scenes", "--limit", "64", "--max-connections", "4")
    for solver in SOLVERS:
        more = () if solver else ("caption",)
        yield Step("lab", "local", ("base", "text_sft", "mm_sft", *more), solver, lab)
        yield Step("scenes", "local", ("mm_sft", "looker"), solver, scenes)
    yield Step("lab", "gate-seen", ("base", "text_sft"), "", lab)
    yield Step("lab", "gate-both", ("base", "text_sft", "mm_sft"), "", lab)
    yield Step("scenes", "gate-both", ("mm_sft", "looker"), "", scenes)
    if data is None or not (data / "mossbench").is_dir():
        return
    real = ("mossbench", "mossbench_contrast", "figstep_tiny", "scenes_probe",
            "--data", f"mossbench={data}/mossbench",
            "--data", f"mossbench_contrast={data}/mossbench",
            "--data", f"figstep_tiny={data}/figstep",
            "--allow", "MISSING_IMAGE", "--grader", "chiasm/refusal",
            "--max-connections", "4")  # fmt: skip
    for solver in SOLVERS:
        yield Step("reader", "local", ("reader",), solver, real)
    for gate in ("gate-pair", "gate-both"):
        yield Step("reader", gate, ("reader",), "", real)


def environment(urls: dict[str, str]) -> dict[str, str]:
    """Where Inspect finds each service; one thread, as small matrices want it."""
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    for service, url in urls.items():
        name = service.upper().replace("-", "_")
        env |= {f"{name}_BASE_URL": f"{url}/v1", f"{name}_API_KEY": "not-a-key"}
    return env


def end_with_parent() -> None:
    """Linux ends this process when the one that started it is gone, killed too."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextmanager
def process(command: Sequence[str], env: dict[str, str], pipe: str) -> Iterator[str]:
    """A server; gives the address that it prints, and ends it."""
    streams: dict[str, Any] = {pipe: subprocess.PIPE, "preexec_fn": end_with_parent}
    running = subprocess.Popen(command, env=env, text=True, **streams)
    try:
        for line in getattr(running, pipe):
            if "http://" in line:
                yield "http://" + line.partition("http://")[2].split("/v1")[0].strip()
                break
        else:
            raise SystemExit(f"{' '.join(command)} did not start")
    finally:
        running.terminate()
        running.wait(30)


@contextmanager
def servers(out: Path) -> Iterator[dict[str, str]]:
    """The server and its gateways: addresses by service."""
    with ExitStack() as stack:
        command = (sys.executable, str(HERE / "guards_server.py"))
        urls = {"local": stack.enter_context(process(command, environment({}), "stdout"))}
        for name, (before, after) in GATES.items():
            guards = [f"guard/llama_guard_4@openai-api/local/{g}" for g in (before, after)]
            serve = (*CLI, "guard", "serve", "--upstream", f"{urls['local']}/v1", "--port", "0",
                     "--check", guards[0], "--after", "none" if after == "none" else guards[1],
                     "--log", str(out / f"{name}.jsonl"))  # fmt: skip
            env = environment({"local": urls["local"]})
            urls[name] = stack.enter_context(process(serve, env, "stderr"))
        yield urls


def usage(url: str) -> dict[str, dict[str, int]]:
    """Calls and tokens that the server has seen, by model."""
    with urllib.request.urlopen(f"{url}/usage") as reply:
        found: dict[str, dict[str, int]] = json.load(reply)
    return found


def note(step: Step, out: Path) -> Path:
    """Where a step that is done is noted."""
    name = "-".join([step.world, step.service, step.solver or "none"])
    digest = sha256(repr(step).encode()).hexdigest()[:12]
    return out / "done" / f"{name}-{digest}.json"


def run(step: Step, out: Path, urls: dict[str, str]) -> None:
    """One step, unless it is done; notes what guards were asked, if they were asked in one go."""
    done = note(step, out)
    if done.is_file():
        return
    done.parent.mkdir(exist_ok=True)
    begun = done.with_suffix(".begun")
    resumed = begun.is_file()
    begun.touch()
    models = [w for m in step.models for w in ("--model", f"openai-api/{step.service}/{m}")]
    solver = ["--solver", step.solver] if step.solver else []
    command = [*CLI, "eval", *step.words, *models, *solver, "--log-dir", str(out / "logs")]
    before, start = usage(urls["local"]), time.monotonic()
    subprocess.run(command, env=environment(urls), check=True, stdout=subprocess.DEVNULL)
    after = usage(urls["local"])
    asked: dict[str, Any] = {
        model: {k: n - before.get(model, {}).get(k, 0) for k, n in counted.items()}
        for model, counted in after.items()
        if model.startswith("guard")
    }
    # The server that saw the first part of a resumed step is gone, and its counts with it.
    found = {"service": step.service, "world": step.world, "guards": None if resumed else asked}
    done.write_text(json.dumps(found))
    print(f"{done.stem}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def main() -> None:
    """Run what is missing, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared/data")
    chosen = parser.parse_args()
    out = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    all_steps = list(steps(chosen.data.resolve()))
    with servers(out) as urls:
        for step in all_steps:
            run(step, out, urls)
    report = [*CLI, "report", str(out / "logs"), "--format", "json"]
    told = subprocess.run(report, check=True, stdout=subprocess.PIPE, text=True).stdout
    (out / "report.json").write_text(told)
    notes = {(s.world, s.service): note(s, out) for s in all_steps if s.service in GATES}
    text = tables(json.loads(told), out, notes)
    (out / "tables.md").write_text(text)
    print(text)
    who = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seconds = sum(u.ru_utime + u.ru_stime for u in who)
    print(f"{seconds:.0f} CPU seconds", file=sys.stderr)


if __name__ == "__main__":
    main()
