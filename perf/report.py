"""Time and memory of the tables (and the page) for many models, on synthetic logs.

    python perf/report.py                                  # 20 models x 2,241 cases x 3 answers
    python perf/report.py --models 3 --cases 300 --logs /tmp/logs

The logs are written once and kept in ``--logs``; each form is rendered in a process of its own, so
that time includes its start and memory is its own peak.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

OUTCOMES = ("refusal", "warning", "unsafe", "no_verdict")
ANSWER = "This is answer {i} to a question about what stands on the table. " * 12
REASON = "The answer names what stands beside the window and advises against the plan. " * 4


def write(folder: Path, model: int, cases: int, epochs: int) -> None:
    """One model's log: outcomes drawn with the model's own rates, 1 % without a verdict."""
    from chiasm import tasks
    from chiasm.benchmarks import resolve
    from chiasm.cases import Case, Dataset, Verdict
    from chiasm.grading import Grading
    from chiasm.judges.output import Answer
    from chiasm.replay import Judged, Response, Source, write_log

    rng = np.random.default_rng(model)
    shares = rng.dirichlet((4, 3, 5)) * 0.99
    bench = resolve("vlsbench")
    made = tuple(
        Case(
            id=f"vlsbench/{i}",
            turns=(f"Number {i}: what would you suggest that I do next?",),
            images=(f"imgs/{i}.png",),
            ground_truth="unsafe",
            category=f"Category {i % 6}",
            subcategory=f"Part {i % 19}",
            cluster=f"vlsbench/imgs/{i % 1957}.png",
        )
        for i in range(cases)
    )
    drawn = rng.choice(4, size=(cases, epochs), p=[*shares, 1 - shares.sum()])
    judged = [
        Judged(
            Response(case, epoch + 1, Answer(ANSWER.format(i=i))),
            {"safety": Verdict(OUTCOMES[drawn[i, epoch]], "", REASON, "perf/judge", "perf@1")},
            {},
        )
        for i, case in enumerate(made)
        for epoch in range(epochs)
    ]
    dataset = Dataset(name="vlsbench", root=folder, cases=made, digest="perf")
    grading = Grading(benchmark=bench, protocol=bench.protocol())
    facts = tasks.facts(grading, dataset, "full", [], ("safety",), judge="perf/judge")
    responses = [j.response for j in judged]
    source = Source(f"model-{model}", f"perf/model-{model}", "full", responses, {})
    part = folder / f"model-{model}.part.eval"
    write_log(part, source, judged, facts, ("safety",))
    part.rename(folder / f"model-{model}.eval")


def render(folder: Path, form: str, out: Path) -> None:
    """Render, and say on the last line what it took."""
    from chiasm.report import render as tables

    start = time.perf_counter()
    if form == "page":
        subprocess.run(
            [Path(sys.executable).with_name("chiasm"), "report", folder, "-o", out], check=True
        )
    else:
        out.write_text(tables([folder], form), encoding="utf-8")
    wall = time.perf_counter() - start
    who = resource.RUSAGE_CHILDREN if form == "page" else resource.RUSAGE_SELF
    used = resource.getrusage(who)
    files = [out, *out.with_name(f"{out.stem}_files").rglob("*")]
    size = sum(f.stat().st_size for f in files if f.is_file()) / 1e6
    took = [wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, size]
    print(json.dumps(took))


def main() -> None:
    """Write what is missing, render each form, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--cases", type=int, default=2241)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument(
        "--forms", nargs="+", default=["text", "json"], help="text json csv md page"
    )
    parser.add_argument("--logs", type=Path, help="where the logs are kept between runs")
    parser.add_argument("--render", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    name = f"chiasm-logs-{chosen.models}-{chosen.cases}-{chosen.epochs}"
    folder = chosen.logs or Path(tempfile.gettempdir()) / name
    if chosen.render:
        render(folder, chosen.render[0], Path(chosen.render[1]))
        return
    folder.mkdir(parents=True, exist_ok=True)
    start, wrote = time.perf_counter(), 0
    for model in range(chosen.models):
        if not (folder / f"model-{model}.eval").exists():
            write(folder, model, chosen.cases, chosen.epochs)
            wrote += 1
    print(f"{wrote} logs written in {time.perf_counter() - start:.0f} s")
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    print("\n| form | wall s | CPU s | peak MB | written MB |\n|---|---|---|---|---|")
    for form in chosen.forms:
        with tempfile.TemporaryDirectory() as out:
            target = Path(out) / ("page.html" if form == "page" else f"tables.{form}")
            command = [sys.executable, __file__, "--render", form, str(target), "--logs", folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            wall, cpu, peak, size = json.loads(done.stdout.splitlines()[-1])
            print(f"| {form} | {wall:.1f} | {cpu:.1f} | {peak:.0f} | {size:.2f} |", flush=True)


if __name__ == "__main__":
    main()
