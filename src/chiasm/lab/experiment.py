"""The whole experiment: arms x seeds, then figures, table and page."""

import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

from chiasm.errors import ConfigError
from chiasm.lab.figure import figure
from chiasm.lab.page import page
from chiasm.lab.results import results, without_nan
from chiasm.lab.runs import ORDER, check_arms, read_answers, run_seed
from chiasm.scenes.flat.sets import Split

Tell = Callable[[str, int, int], None]


def experiment(
    out: Path,
    *,
    split: Split = "test",
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    arms: Sequence[str] = ORDER,
    jobs: int = 1,
    tell: Tell = lambda what, step, steps: None,
) -> dict[str, Any]:
    """Run what is missing, and write the figures.

    Args:
        out: Checkpoints and answers go to ``out/SPLIT/seed-N/ARM``; ``results.json``,
            ``figure.svg`` and ``report.html`` into ``out``. The same call continues what was
            killed, one arm at most being repeated.
        split: test is for the end: choices are made on dev, which holds out other things.
        seeds: Of everything.
        arms: Of `chiasm.lab.runs.ORDER`; what they stand on is added.
        jobs: Processes; each does one seed at a time on one core.
        tell: Called with (what, step, of how many).

    Returns:
        See `chiasm.lab.results.results`.

    Raises:
        ConfigError: An arm is unknown, there is no seed, or torch is not installed.
    """
    if not seeds:
        raise ConfigError("--seeds: expected at least one")
    wanted = check_arms(arms)
    if jobs == 1 or len(seeds) == 1:
        for seed in seeds:
            run_seed(out, split, seed, wanted, tell)
    else:
        _in_processes(out, split, seeds, wanted, jobs, tell)
    return write(out, split, seeds)


def write(out: Path, split: Split, seeds: Sequence[int]) -> dict[str, Any]:
    """Figures of the answers that are there; trains nothing and needs no torch.

    Raises:
        ConfigError: There is not even a base model's answer.
    """
    found: dict[str, Any] = without_nan(results(out, split, seeds))
    if not found["arms"]:
        raise ConfigError(f"{out}: no answers of split {split} for seeds {list(seeds)}")
    (out / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (out / "figure.svg").write_text(figure(found), encoding="utf-8")
    (out / "report.html").write_text(page(found), encoding="utf-8")
    return found


def _in_processes(
    out: Path, split: Split, seeds: Sequence[int], arms: Sequence[str], jobs: int, tell: Tell
) -> None:
    # One thread each: the cores are shared out by process.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    total = len(seeds) * len(arms)
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    with pool:
        running = {pool.submit(_quietly, out, split, seed, arms) for seed in seeds}
        while running:
            done, running = wait(running, timeout=2, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            ready = sum(read_answers(out, split, s, a) is not None for s in seeds for a in arms)
            tell("arms x seeds", ready, total)


def _quietly(out: Path, split: Split, seed: int, arms: Sequence[str]) -> None:
    run_seed(out, split, seed, arms, lambda what, step, steps: None)
