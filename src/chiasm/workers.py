"""A plan shared by several processes, for endpoints that answer faster than one process can ask.

Each worker takes every n-th case, keeps its logs in a folder of its own inside the set's, and
stores answered calls in the set's one store, which processes may share. Reports put the logs of a
run together, so that one result comes out; another number of workers continues the same set, since
nothing that was answered is asked again.

A worker is told what to do by one line of JSON, reports by lines of JSON, and ends itself when its
standard input closes: when the command is killed, no worker goes on without it.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from chiasm import run
from chiasm.errors import ChiasmError, ConfigError

_UNSENT = ("begin", "tell", "part")
"""Settings that a worker has of its own."""

Message = tuple[int, Mapping[str, Any] | None]
"""(worker, what it says); None: it has ended."""


def evaluate(
    plan: run.Plan, log_dir: Path, settings: run.Settings | None = None, workers: int = 1
) -> list[Path]:
    """Run, or continue, a plan with several processes.

    Args:
        plan: What to run.
        log_dir: As for `chiasm.run.evaluate`.
        settings: How calls are made; the connections are those of all workers together.
        workers: Processes, at most as many as connections; 1 runs in this process.

    Returns:
        The logs of all workers.

    Raises:
        ConfigError: The plan can't work, or there are more workers than connections.
        ChiasmError: A worker was killed, or failed; the same command continues.
    """
    settings = settings or run.Settings()
    if workers == 1:
        return run.evaluate(plan, log_dir, settings)
    if not 1 <= workers <= settings.max_connections:
        raise ConfigError(
            f"--workers {workers}: between 1 and the number of connections, "
            f"{settings.max_connections}"
        )
    messages: SimpleQueue[Message] = SimpleQueue()
    started = [_start(plan, log_dir, settings, k, workers) for k in range(workers)]
    try:
        for k, worker in enumerate(started):
            threading.Thread(target=_listen, args=(k, worker, messages), daemon=True).start()
        return _gather(messages, workers, settings)
    finally:
        for worker in started:
            if worker.stdin:
                worker.stdin.close()
            worker.wait()


def _start(
    plan: run.Plan, log_dir: Path, settings: run.Settings, k: int, workers: int
) -> "subprocess.Popen[str]":
    share, rest = divmod(settings.max_connections, workers)
    plain = {f.name: getattr(settings, f.name) for f in fields(settings) if f.name not in _UNSENT}
    job = {
        "plan": asdict(plan),
        "log_dir": str(log_dir),
        "settings": {**plain, "max_connections": share + (k < rest)},
        "part": [k, workers],
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "chiasm.workers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(job) + "\n")
    worker.stdin.flush()
    return worker


def _listen(k: int, worker: "subprocess.Popen[str]", messages: SimpleQueue[Message]) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        messages.put((k, json.loads(line)))
    messages.put((k, None))


def _gather(messages: SimpleQueue[Message], workers: int, settings: run.Settings) -> list[Path]:
    """Pass on what the workers say until all have ended."""
    running = set(range(workers))
    totals: dict[int, int] = {}
    logs: dict[int, list[str]] = {}
    errors: list[str] = []
    while running:
        k, said = messages.get()
        if said is None:
            running.discard(k)
        elif "tell" in said and settings.tell:
            settings.tell(*said["tell"])
        elif "begin" in said:
            totals[k] = said["begin"]
            if settings.begin and len(totals) == workers:
                settings.begin(sum(totals.values()))
        elif "logs" in said:
            logs[k] = said["logs"]
        elif "error" in said:
            errors.append(said["error"])
    if errors:
        # All workers were given the same plan: what is wrong with it, all of them say.
        raise ConfigError("\n".join(dict.fromkeys(errors)))
    if len(logs) < workers:
        lost = ", ".join(str(k) for k in range(workers) if k not in logs)
        raise ChiasmError(f"worker {lost} of {workers} ended early; the same command continues")
    return sorted(Path(log) for found in logs.values() for log in found)


def main() -> None:
    """Be a worker."""
    # What anything prints must not be taken for a message.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()

    def say(**message: Any) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    settings = run.Settings(
        **job["settings"],
        begin=lambda total: say(begin=total),
        tell=lambda who, failed: say(tell=[who, failed]),
    )
    plan = {**job["plan"], **{name: tuple(job["plan"][name]) for name in ("tasks", "models")}}
    try:
        logs = run.evaluate(
            run.Plan(**plan), Path(job["log_dir"]), replace(settings, part=tuple(job["part"]))
        )
        say(logs=[str(log) for log in logs])
    except ChiasmError as error:
        say(error=str(error))


def _end_with(stream: TextIO) -> None:
    """End this process, without ado, when the stream closes."""
    stream.read()
    os._exit(1)


if __name__ == "__main__":
    main()
