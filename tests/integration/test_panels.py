"""Several judges before a real server: votes counted by hand, nothing asked or paid for twice."""

import json
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chiasm.report import responses
from tests.integration import standin
from tests.integration.test_kill import CHIASM, interrupted
from tests.integration.tool import chiasm, whole
from tests.servers.process import OpenAIServer
from tests.servers.received import Received

N = 40
EACH = N // 4
"""Answers that refuse, warn, say something else and comply."""

Score = Callable[..., str]


@pytest.fixture
def score(openai_server: OpenAIServer, tmp_path: Path) -> Score:
    """`chiasm score` of 40 answers, of which ten each do one thing."""
    data = standin.siuo(tmp_path / "data", N)
    file = tmp_path / "somebody.jsonl"
    rows = [{"id": i, "response": f"So. (ref {'rwoc'[i % 4]}-{i:012x})"} for i in range(1, N + 1)]
    file.write_text("\n".join(map(json.dumps, rows)))

    def run(*args: object, code: int = 0, form: str = "json", log_dir: str = "logs") -> str:
        return chiasm(
            *("score", file, "--benchmark", "siuo", "--data", data, *standin.UNPINNED),
            *("--max-retries", "0", "--format", form, "--log-dir", tmp_path / log_dir, *args),
            code=code,
        )

    return run


def graders(server: OpenAIServer, *names: str) -> list[str]:
    return [a for name in names for a in ("--grader", server.model(name))]


def asked(server: OpenAIServer) -> dict[str, int]:
    """Requests by model, since the last reset."""
    return dict(Counter(r.model for r in server.requests()))


def several(text: str, axis: str = "safety") -> dict[str, Any]:
    (found,) = [s for s in json.loads(text)["judges"]["several"] if s["axis"] == axis]
    return dict(found)


def figure(found: dict[str, Any]) -> tuple[int, int]:
    return found["k"], found["n"]


THREE = ("judge", "judge-strict", "judge-lenient")


def test_a_panel_by_hand(openai_server: OpenAIServer, score: Score, tmp_path: Path) -> None:
    """One judge is right, one takes warnings for compliance, one compliance for warnings."""
    server, panel = openai_server, graders(openai_server, *THREE)
    text = score(*panel)
    assert asked(server) == dict.fromkeys(THREE, 2 * N)
    safe = whole(text, "safe_rate")
    names = ", ".join(server.model(n) for n in THREE)
    assert safe["judge"] == f"panel(majority: {names})"
    assert (safe["k"], safe["n"], safe["asked"]) == (3 * EACH, N, N)
    for metric in ("refusal_rate", "warning_rate", "safe_other_rate"):
        assert whole(text, metric)["k"] == EACH
    held = several(text)
    assert figure(held["disagreed_on_fault"]) == (2 * EACH, N)
    assert figure(held["disagreed_on_outcome"]) == (2 * EACH, N)
    alone = [figure(m["rates"]["safe_rate"]) for m in held["members"]]
    assert alone == [(3 * EACH, N), (2 * EACH, N), (N, N)]
    # Fault: 10, 20 and none of 40; agreement .75, .75 and .5, of which chance gives .5, .75, .5.
    pairs = [(p["same"]["rate"], p["kappa"]["rate"]) for p in held["agreement_on_fault"]]
    assert pairs == [(0.75, pytest.approx(0.5)), (0.75, pytest.approx(0)), (0.5, pytest.approx(0))]

    server.reset()
    strict = score(*panel, "--vote", "any_unsafe")
    agreed = score(*panel, "--vote", "unanimous")
    assert asked(server) == {}  # the verdicts of each judge are there already
    assert figure(whole(strict, "safe_rate")) == (2 * EACH, N)
    both = whole(agreed, "safe_rate")
    assert (both["k"], both["n"], both["missing_by"]) == (2 * EACH, 2 * EACH, {"no_verdict": 20})
    assert (both["bound_low"], both["bound_high"]) == (0.5, 1.0)
    assert several(agreed)["open"] == {"split": 2 * EACH}

    shown = score(*panel, form="text")
    assert f"judge panel(majority: {names})" in " ".join(shown.split())
    page = tmp_path / "page.html"
    chiasm("report", tmp_path / "logs", "-o", page, "--images", "none")
    assert f"panel(majority: {names})" in page.read_text()
    assert "disagreed whether there is fault" in page.read_text()


def test_two_judges_can_tie(openai_server: OpenAIServer, score: Score) -> None:
    text = score(*graders(openai_server, "judge", "judge-strict"))
    safe = whole(text, "safe_rate")
    assert (safe["k"], safe["n"], safe["missing_by"]) == (2 * EACH, 3 * EACH, {"no_verdict": EACH})
    assert several(text)["open"] == {"tie": EACH}


def test_a_member_that_fails(openai_server: OpenAIServer, score: Score) -> None:
    """Votes decide what they can without it; bounds hold the truth; it alone is asked again."""
    server, panel = openai_server, graders(openai_server, *THREE)
    truth = score(*panel, log_dir="clean")
    server.reset()
    server.configure(judge={"http_500": 0.3}, judges=["judge-strict"])
    text = score(*panel, code=1)
    failed = [r for r in server.requests() if r.fault and "effective" not in r.text]
    lost = {r.text for r in failed if r.behaviour in ("comply",) and "ref c-" in r.text}
    assert lost and len({r.text for r in failed}) > len(lost)
    safe, true = whole(text, "safe_rate"), whole(truth, "safe_rate")
    assert (safe["k"], safe["n"], safe["missing_by"]) == (
        3 * EACH,
        N - len(lost),
        {"no_verdict": len(lost)},
    )
    assert safe["bound_low"] <= true["rate"] <= safe["bound_high"]
    held = several(text)
    member = held["members"][1]
    gone = len({r.text for r in failed})
    assert (member["voted"], member["missing_by"]) == (N - gone, {"judge http 500": gone})
    assert held["open"] == {"vote missing: judge http 500": len(lost)}
    open_ = held["disagreed_on_fault"]
    assert open_["n"] == N - gone
    assert open_["bound_low"] <= 2 * EACH / N <= open_["bound_high"]

    calls = {r.text for r in server.requests() if r.fault}
    server.reset()
    healed = score(*panel)
    assert asked(server) == {"judge-strict": len(calls)}
    assert json.loads(healed)["judges"] == json.loads(truth)["judges"]
    assert whole(healed, "safe_rate") == true


def test_a_cascade(openai_server: OpenAIServer, score: Score) -> None:
    """A judge that refuses half, as GPT-4o does on SIUO: the next one decides that half."""
    server = openai_server
    server.configure(judge={"refuses": 0.5}, judges=["judge-shy"])
    args = (*graders(server, "judge-shy"), "--fallback", server.model("judge"))
    text = score(*args)
    refused = [r for r in server.requests() if r.fault]
    on_safety = sum("effective" not in r.text for r in refused)
    assert EACH < on_safety < 3 * EACH
    assert asked(server) == {"judge-shy": 2 * N, "judge": len(refused)}
    name = f"{server.model('judge-shy')}, else {server.model('judge')}"
    safe = whole(text, "safe_rate")
    assert (safe["k"], safe["n"], safe["judge"]) == (3 * EACH, N, name)
    held = several(text)
    first, second = held["members"]
    assert (first["asked"], first["decided"]) == (N, N - on_safety)
    assert first["missing_by"] == {"judge refused": on_safety}
    assert (second["asked"], second["decided"], second["missing_by"]) == (on_safety, on_safety, {})
    assert first["decided"] + second["decided"] == N and held["open"] == {}

    server.reset(settings=False)
    shown = " ".join(score(*args, form="text").split())
    assert asked(server) == {}  # a refusal that another judge made good is not asked again
    assert f"judge {name}" in shown
    assert f"{server.model('judge')}: asked {on_safety}, decided {on_safety}" in shown


def test_a_cascade_is_no_way_around_an_outage(openai_server: OpenAIServer, score: Score) -> None:
    server = openai_server
    server.configure(judge={"http_500": 0.5}, judges=["judge-shy"])
    args = (*graders(server, "judge-shy"), "--fallback", server.model("judge"))
    text = score(*args, code=1)
    failed = {(r.text) for r in server.requests() if r.fault}
    lost = sum("effective" not in text for text in failed)
    assert "judge" not in asked(server)
    assert whole(text, "safe_rate")["missing_by"] == {"no_verdict": lost}
    server.reset()
    healed = score(*args)
    assert asked(server) == {"judge-shy": len(failed)}
    assert figure(whole(healed, "safe_rate")) == (3 * EACH, N)


def test_nothing_is_asked_about_what_is_no_answer(
    openai_server: OpenAIServer, tmp_path: Path
) -> None:
    data = standin.siuo(tmp_path / "data", 2)
    file = tmp_path / "none.jsonl"
    rows = [{"id": 1, "response": None}, {"id": 2, "response": "Well. (ref c-000000000002)"}]
    file.write_text("\n".join(map(json.dumps, rows)))
    text = chiasm(
        *("score", file, "--benchmark", "siuo", "--data", data, *standin.UNPINNED),
        *graders(openai_server, "judge"),
        *("--fallback", openai_server.model("judge-b"), "--format", "json"),
        *("--log-dir", tmp_path / "logs"),
    )
    assert asked(openai_server) == {"judge": 2}
    assert whole(text, "safe_rate")["missing_by"] == {"no_response": 1}


def test_judged_again(openai_server: OpenAIServer, tmp_path: Path) -> None:
    """An Inspect log before another judge, and before a panel: no answer is asked for again."""
    server = openai_server
    data = standin.siuo(tmp_path / "data", N)
    common = ("--data", data, *standin.UNPINNED, "--format", "json")
    old, new = tmp_path / "old", tmp_path / "new"
    chiasm(
        *("eval", "siuo", "--model", server.model(), *graders(server, "judge")),
        *(*common, "--log-dir", old),
    )
    (log,) = old.rglob("*.eval")
    does = Counter(responses(old)["safety"])
    server.reset()
    chiasm(
        *("score", log, "--benchmark", "siuo", *graders(server, "judge-strict")),
        *(*common, "--log-dir", new),
    )
    assert asked(server) == {"judge-strict": 2 * N}

    text = chiasm("report", log, new, "--format", "json")
    (safety, _) = json.loads(text)["judges"]["rejudged"]
    warned = does["warning"]
    assert 3 < warned < N
    assert (safety["first"], safety["second"]) == (
        server.model("judge"),
        server.model("judge-strict"),
    )
    assert {(c["first"], c["second"]): c["n"] for c in safety["table"]} == {
        ("refusal", "refusal"): does["refusal"],
        ("warning", "unsafe"): warned,
        ("unsafe", "unsafe"): does["unsafe"],
        **({("safe_other",) * 2: does["safe_other"]} if does["safe_other"] else {}),
    }
    assert len(safety["flipped"]) == warned
    same = (N - warned) / N
    chance = ((N - does["unsafe"]) * (N - does["unsafe"] - warned)) / N**2
    chance += does["unsafe"] * (does["unsafe"] + warned) / N**2
    assert safety["on_fault"]["same"]["rate"] == pytest.approx(same)
    assert safety["on_fault"]["kappa"]["rate"] == pytest.approx((same - chance) / (1 - chance))
    change = safety["rates"]["safe_rate"]["second_minus_first"]
    assert change["difference"] == pytest.approx(-warned / N)
    assert change["low"] < -warned / N < change["high"] < 0

    shown = chiasm("report", log, new)
    assert f"A: {server.model('judge')}" in shown and f"flipped {warned}: " in shown
    assert shown.count("judged again, ") == 2
    # Two judges, and no more: each run is a table of its own.
    assert len(set(responses([log, new])["run"])) == 2
    assert "judged again" not in chiasm("report", new)


def test_other_answers_are_never_taken_for_the_same(
    openai_server: OpenAIServer, tmp_path: Path
) -> None:
    """Two runs of one model that answer differently share no response."""
    server = openai_server
    data = standin.siuo(tmp_path / "data", 8)
    for n, judge in enumerate(("judge", "judge-strict")):
        chiasm(
            *("eval", "siuo", "--model", server.model(), *graders(server, judge), "--data", data),
            *(*standin.UNPINNED, "--temperature", n, "--log-dir", tmp_path / "logs"),
        )
        server.configure(vary=True)
    text = chiasm("report", tmp_path / "logs", "--format", "json")
    assert json.loads(text)["judges"]["rejudged"] == []


def test_a_panel_in_a_run_and_its_forecast(openai_server: OpenAIServer, tmp_path: Path) -> None:
    server = openai_server
    data = standin.siuo(tmp_path / "data", N)
    args = ("eval", "siuo", "--model", server.model(), "--data", data, *standin.UNPINNED)
    panel = graders(server, *THREE)
    told = chiasm(*args, *panel, "--dry-run")
    assert all(told.count(f"{server.model(n)} ") == 2 for n in THREE)
    cascade = (*graders(server, "judge"), "--fallback", server.model("judge-b"))
    told = chiasm(*args, *cascade, "--dry-run")
    assert f"0-{N}" in told and asked(server) == {}

    text = chiasm(*args, *panel, "--log-dir", tmp_path / "logs", "--format", "json")
    assert asked(server) == {"model-mixed": N, **dict.fromkeys(THREE, 2 * N)}
    assert whole(text, "safe_rate")["judge"].startswith("panel(majority: ")
    again = chiasm(*args, *panel, "--log-dir", tmp_path / "logs", "--format", "json")
    assert again == text and sum(asked(server).values()) == 7 * N
    shown = chiasm("report", tmp_path / "logs")
    assert "disagreed whether there is fault" in " ".join(shown.split())


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, pytest.param(5, marks=pytest.mark.long)])
def test_a_panel_that_is_killed(openai_server: OpenAIServer, tmp_path: Path, kills: int) -> None:
    """With a judge that refuses a third; its refusals are paid for once, too."""
    server = openai_server
    data = standin.siuo(tmp_path / "data", 120)
    server.configure(latency_s=0.02, jitter_s=0.1, judge={"refuses": 0.3}, judges=["judge-shy"])

    def command(log_dir: str) -> list[str]:
        return [
            *(str(CHIASM), "eval", "siuo", "--data", str(data), *standin.UNPINNED),
            *("--model", server.model(), *graders(server, "judge", "judge-b", "judge-shy")),
            *("--format", "json", "--log-dir", str(tmp_path / log_dir)),
        ]

    calm = subprocess.run(command("calm"), capture_output=True, text=True, check=True).stdout
    total = 7 * 120
    assert sum(asked(server).values()) == total
    server.reset(settings=False)

    def check(requests: list[Received]) -> None:
        assert len(requests) <= total

    moments = sorted(random.Random(9).sample(range(20, total - 60), kills))
    text = interrupted(command("killed"), server, moments, 9, check)
    assert text == calm
    counts = server.counts()
    extra = sum(counts["requests"].values()) - total
    print(f"extra requests: {extra}, highest in flight: {counts['peak']}")
    assert 0 <= extra <= len(moments) * counts["peak"]


def test_a_judge_of_one_axis_in_a_cascade(openai_server: OpenAIServer, score: Score) -> None:
    """It is passed over on the other axis, and the one behind it is asked there."""
    server = openai_server
    server.configure(judge={"refuses": 0.5}, judges=["judge-shy"])
    text = score(
        *graders(server, "judge-shy"),
        *("--fallback", "chiasm/refusal", "--fallback", server.model("judge")),
    )
    on_safety, on_use = (
        {r.text for r in server.requests() if r.fault and ("effective" in r.text) == useful}
        for useful in (False, True)
    )
    assert asked(server) == {"judge-shy": 2 * N, "judge": len(on_use)}
    assert [m["decided"] for m in several(text)["members"]] == [
        N - len(on_safety),
        len(on_safety),
        0,
    ]
    useful = several(text, "usefulness")
    assert [m["asked"] for m in useful["members"]] == [N, 0, len(on_use)]
    assert whole(text, "effective_rate")["n"] == N
