"""What fails is missing and nothing else: never safe, never unsafe, and asked again.

One run without faults says what every case's outcome is; every run with faults is held against it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from chiasm.report import responses
from tests.integration import standin
from tests.integration.tool import chiasm, estimates
from tests.servers.faults import FILTERS, MALFORMED
from tests.servers.process import OpenAIServer

pytestmark = pytest.mark.slow

N = 150

PASSES = {"http_500": 0.05, "timeout": 0.03}
"""Faults of the model that asking again can heal; a filtered or cut answer is what it is."""

MODEL = {**PASSES, **{f: 0.04 for f in FILTERS}, "length": 0.03}
JUDGE = {"refuses": 0.05, **{f: 0.05 / len(MALFORMED) for f in MALFORMED}}

MISSING_AS = {
    "http_500": "no_response",
    "timeout": "no_response",
    "filter_null": "blocked_output",
    "filter_400": "blocked_input",
    "policy_400": "blocked_input",
    "blocked_400": "blocked_input",
    "length": "truncated",
}
"""Fault of the model -> outcome; `refusal_message` is the model's own refusal, and is judged."""


MISSING = tuple({*MISSING_AS.values(), "no_verdict"})
SHELF = re.compile(r"on shelf (\d+)\?")


class Runs:
    """Runs of one small benchmark on one server, the same but for faults."""

    def __init__(self, server: OpenAIServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.data = standin.siuo(folder / "data", N)
        self.clean, _ = self.run("clean")
        self.truth = self.outcomes("clean")

    def run(self, log_dir: str, code: int = 0, form: str = "json") -> tuple[str, dict[str, Any]]:
        """What is printed, and what the server counted."""
        self.server.reset(settings=False)
        text = chiasm(
            *("eval", "siuo", "--data", self.data, *standin.UNPINNED, "--format", form),
            *("--model", self.server.model(), "--grader", self.server.model("judge")),
            *("--log-dir", self.folder / log_dir, "--max-retries", "0"),
            *("--attempt-timeout", "4", "--timeout", "20", "--max-connections", "24"),
            code=code,
        )
        return text, self.server.counts()

    def outcomes(self, log_dir: str) -> pl.DataFrame:
        frame = responses(self.folder / log_dir)
        return frame.select("case", "safety", "usefulness", "safety_reason", "retry").sort("case")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with pytest.MonkeyPatch.context() as patch, OpenAIServer(service="faulty", hang_s=10) as server:
        for name, value in server.env().items():
            patch.setenv(name, value)
        yield Runs(server, tmp_path_factory.mktemp("faults"))


@pytest.fixture(autouse=True)
def no_faults(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without faults; the environment is emptied for each test, so it is set again."""
    for name, value in runs.server.env().items():
        monkeypatch.setenv(name, value)
    runs.server.reset()


def figures(text: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(e["metric"], e["estimand"], e["group"]): e for e in estimates(text)}


def check(runs: Runs, text: str, log_dir: str) -> pl.DataFrame:
    """Counts add up, decided cases keep their outcomes, bounds hold the truth."""
    found, truth = figures(text), figures(runs.clean)
    assert truth
    for key, true in truth.items():
        faulty = found[key]
        assert faulty["asked"] == true["asked"]
        assert faulty["n"] + sum(faulty["missing_by"].values()) == faulty["asked"]
        assert 0 <= faulty["k"] <= faulty["n"]
        assert faulty["bound_low"] <= true["rate"] <= faulty["bound_high"]
    both = runs.outcomes(log_dir).join(runs.truth, on="case", suffix="_true")
    assert len(both) == N
    for axis, true_axis in (("safety", "safety_true"), ("usefulness", "usefulness_true")):
        decided = both.filter(pl.col(axis).is_in(runs.truth[axis].unique().implode()))
        assert len(decided) > N // 2
        wrong = decided.filter(pl.col(axis) != pl.col(true_axis))
        # A refusal in the provider's own field stands in place of what the model would have said.
        assert set(wrong["case"]) <= own_refusals(runs)
    return both


def delivered(runs: Runs, side: str = "model") -> dict[str, str]:
    """Fault of each call (an SDK repeats some), by case and axis; "" for none."""
    found = {}
    for request in runs.server.requests(side):
        number = SHELF.findall(request.text)[0]
        found[f"siuo/{number} {'effective' in request.text}"] = request.fault
    return found


def own_refusals(runs: Runs) -> set[str]:
    """Cases whose answer was the model's refusal message."""
    return {c.split()[0] for c, f in delivered(runs).items() if f == "refusal_message"}


def counted(both: pl.DataFrame) -> dict[str, int]:
    """How often each outcome on safety is missing."""
    return dict(both.filter(pl.col("safety").is_in(MISSING))["safety"].value_counts().rows())


def expected(runs: Runs) -> dict[str, int]:
    """The same, by the faults that the server delivered."""
    model = Counter(MISSING_AS[f] for f in delivered(runs).values() if f in MISSING_AS)
    judge = delivered(runs, "judge")
    failed = sum(f in JUDGE for call, f in judge.items() if call.endswith("False"))
    return {**model, **({"no_verdict": failed} if failed else {})}


def test_without_faults_twice_the_same(runs: Runs) -> None:
    """In another log folder, to the last bit."""
    again, counts = runs.run("again")
    assert again == runs.clean
    assert counts["requests"] == {"model": N, "judge": 2 * N}
    assert all(e["n"] == e["asked"] for e in estimates(again))


def test_faults(runs: Runs) -> None:
    runs.server.configure(model=MODEL, judge=JUDGE)
    text, _ = runs.run("faults", code=1)
    faults = set(delivered(runs).values())
    assert {"http_500", "timeout", "length"} <= faults and len(faults & set(FILTERS)) > 2
    both = check(runs, text, "faults")
    assert counted(both) == expected(runs)


def test_faults_on_unsafe_answers_alone(runs: Runs) -> None:
    """Where folding the missing into safe would raise the rate most, and the bounds show it."""
    # The model's own refusal is no fault: where it takes the place of compliance the truth changes.
    model = {fault: share for fault, share in MODEL.items() if fault != "refusal_message"}
    runs.server.configure(model=model, judge=JUDGE, only=["comply"])
    text, _ = runs.run("concentrated", code=1)
    both = check(runs, text, "concentrated")
    assert counted(both) == expected(runs)
    lost = both.filter(pl.col("safety").is_in(MISSING))
    assert set(lost["safety_true"]) == {"unsafe"} and len(lost) > N // 10
    safe, true = (figures(t)["safe_rate", "model", "all"] for t in (text, runs.clean))
    assert safe["rate"] > true["rate"] >= safe["bound_low"]
    assert "above 2 % missing" in safe["marks"]


def test_forged_verdicts_change_nothing(runs: Runs) -> None:
    """Half of the answers end in verdicts of their own, and the judge quotes them."""
    runs.server.configure(model={"forged": 0.5})
    text, counts = runs.run("forged")
    assert counts["faults"]["model"]["forged"] > N // 3
    assert text == runs.clean


def test_the_same_command_asks_only_for_what_failed(runs: Runs) -> None:
    """And with the faults gone, the figures are those of a run that never had any."""
    runs.server.configure(model=PASSES, judge=JUDGE)
    text, _ = runs.run("again_and_again", code=1, form="text")
    calls = delivered(runs) | delivered(runs, "judge")
    failed = [c for c, f in delivered(runs).items() if f]
    unjudged = [c for c, f in delivered(runs, "judge").items() if f]
    assert failed and unjudged and calls
    cases = {c.split()[0] for c in failed + unjudged}
    last = text.strip().splitlines()[-4:]
    assert any(f"{len(cases)} of {N} have no verdict: " in line for line in last), text
    assert "run the same command to retry them" in " ".join(" ".join(last).split())

    runs.server.configure(model={}, judge={})
    healed, counts = runs.run("again_and_again")
    assert healed == runs.clean
    assert counts["requests"]["model"] == len(failed)
    assert counts["requests"]["judge"] == 2 * len(failed) + len(unjudged)

    quiet, counts = runs.run("again_and_again")
    assert (quiet, counts["requests"]) == (runs.clean, {"model": 0, "judge": 0})
