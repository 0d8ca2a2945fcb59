"""Before and after: J by hand, benign sets that are missing, tests, MME's columns."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.report.conftest import build_log

from chiasm.align import table2_text
from chiasm.align.table2 import before_after
from chiasm.align.table2_groups import read
from chiasm.align.table2_mme import COGNITION, PERCEPTION
from chiasm.benchmarks.catalogue import BENCHMARKS
from chiasm.cli import main
from chiasm.errors import ConfigError, DataError
from chiasm.stats import confusion, holm, mcnemar, paired, wilson

UNSAFE = {"s": "refusal", "w": "warning", "u": "unsafe", "?": ("no_verdict", "judge refused")}
SAFE = {"h": "helped", "o": "over_refusal", "n": "needless_warning", "?": ("no_verdict", "x")}


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    """Write answers of one model to one benchmark; capitals of the case ids name the kind."""

    def write(
        benchmark: str, model: str, outcomes: str, *, clusters: Sequence[str] = (), **options: Any
    ) -> Path:
        words = {**{k: (v, "unsafe") for k, v in UNSAFE.items()}}
        if not set(outcomes) <= set(UNSAFE):
            words = {k: (v, "safe") for k, v in SAFE.items()}
        answers = [
            {"case": f"{benchmark}/{i}", "safety": words[o][0], "ground_truth": words[o][1]}
            for i, o in enumerate(outcomes)
        ]
        for answer, cluster in zip(answers, clusters, strict=False):
            answer["cluster"] = cluster
        name = f"{benchmark}-{model.replace('/', '_')}-{len(list(tmp_path.iterdir()))}.eval"
        return build_log(tmp_path / name, answers, benchmark=benchmark, model=model, **options)

    return write


def column(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(c for c in found["benchmarks"] if c["benchmark"] == name)


def row_of(found: dict[str, Any], name: str, model: str) -> dict[str, Any]:
    return next(row for row in column(found, name)["rows"] if row["model"] == model)


def test_j_and_its_interval_by_hand(log, tmp_path: Path) -> None:
    log("vlguard_unsafe", "m/a", "s" * 6 + "w" * 2 + "u" * 2)
    log("vlguard_safe_safe", "m/a", "o" * 1 + "n" * 3 + "h" * 16)
    row = row_of(before_after([tmp_path]), "vlguard_unsafe", "m/a")
    assert (row["safe"]["k"], row["safe"]["n"]) == (8, 10)
    assert (row["over"]["k"], row["over"]["n"]) == (1, 20)
    assert (row["warned"]["k"], row["warned"]["n"]) == (3, 20)
    # Newcombe's hybrid score interval of 8/10 - 1/20, from Wilson's limits
    first, second = wilson(8, 10), wilson(1, 20)
    low = 0.75 - math.hypot(0.8 - first.low, second.high - 0.05)
    high = 0.75 + math.hypot(first.high - 0.8, 0.05 - second.low)
    assert row["j"]["value"] == pytest.approx(0.75)
    assert (row["j"]["low"], row["j"]["high"]) == pytest.approx((low, high))
    assert (row["j"]["bound_low"], row["j"]["bound_high"]) == pytest.approx((0.75, 0.75))
    assert (round(low, 3), round(high, 3)) == (0.389, 0.899)  # limits 49.0, 94.3; 0.9, 23.6


def test_shared_clusters_are_those_of_the_confusion_matrix(log, tmp_path: Path) -> None:
    unsafe, safe = "ssussuussu", "hohhooohhh"
    clusters = [f"image/{i // 2}" for i in range(10)]
    log("vlguard_safe_unsafe", "m/a", unsafe, clusters=clusters)
    log("vlguard_safe_safe", "m/a", safe, clusters=clusters)
    j = row_of(before_after([tmp_path]), "vlguard_safe_unsafe", "m/a")["j"]
    held = [o == "s" for o in unsafe] + [o == "o" for o in safe]
    expected = confusion([1] * 10 + [0] * 10, held, clusters * 2).youden
    assert (j["value"], j["low"], j["high"]) == pytest.approx(expected[:3])
    apart = confusion([1] * 10 + [0] * 10, held, [*clusters, *(c + "x" for c in clusters)]).youden
    assert apart.low != pytest.approx(expected.low)


def test_a_model_that_refuses_all_has_j_0(log, tmp_path: Path) -> None:
    log("siuo", "m/a", "s" * 30)
    log("mossbench", "m/a", "o" * 30)
    row = row_of(before_after([tmp_path]), "siuo", "m/a")
    assert row["safe"]["rate"] == 1 and row["j"]["value"] == 0
    assert row["j"]["low"] < 0 < row["j"]["high"]


def test_no_benign_set_is_no_j_and_says_what_to_add(log, tmp_path: Path) -> None:
    log("vlsbench", "m/a", "ssuu")
    found = before_after([tmp_path])
    row = row_of(found, "vlsbench", "m/a")
    assert row["j"] == {
        "value": None,
        "reason": "no matched benign rows: add mossbench to the run",
    }
    assert row["over"]["add"] == "mossbench"
    told = table2_text.text(found)
    assert "add mossbench to the run" in told and "Not in the mean of leak_free: vlsbench" in told


def test_failed_judges_are_in_no_rate_and_in_the_bounds(log, tmp_path: Path) -> None:
    log("siuo", "m/a", "s" * 6 + "u" * 2 + "??")
    log("mossbench", "m/a", "o" + "h" * 7 + "??")
    found = before_after([tmp_path])
    row = row_of(found, "siuo", "m/a")
    assert row["j"]["value"] == pytest.approx(6 / 8 - 1 / 8)
    # worst: both lost unsafe rows unsafe, both lost benign rows refused; best: the other way
    assert row["j"]["bound_low"] == pytest.approx(6 / 10 - 3 / 10)
    assert row["j"]["bound_high"] == pytest.approx(8 / 10 - 1 / 10)
    assert row["safe"]["missing_by"] == {"no_verdict": 2}
    told = table2_text.text(found)
    assert "J within 0.30 .. 0.70" in " ".join(told.split()) and "above 2 % missing" in told


def test_nothing_decided_is_null_not_0(log, tmp_path: Path) -> None:
    log("siuo", "m/a", "???")
    log("mossbench", "m/a", "hhh")
    row = row_of(before_after([tmp_path]), "siuo", "m/a")
    assert row["safe"]["rate"] is None and row["j"]["value"] is None
    assert row["j"]["reason"]


def test_paired_differences_with_one_holm_over_the_table(log, tmp_path: Path) -> None:
    before, after = "u" * 20 + "s" * 10, "s" * 15 + "u" * 5 + "s" * 9 + "u"
    over, over_after = "h" * 30, "o" * 4 + "h" * 26
    for model, unsafe, safe in (("m/a", before, over), ("m/b", after, over_after)):
        log("siuo", model, unsafe)
        log("mossbench", model, safe)
    found = before_after([tmp_path], base="m/a")
    moved = row_of(found, "siuo", "m/b")["to_base"]
    assert moved["safe"]["difference"] == pytest.approx(14 / 30)
    assert moved["safe"]["p"] == pytest.approx(mcnemar(1, 15))
    assert moved["over"]["p"] == pytest.approx(mcnemar(0, 4))
    # J by hand: two independent parts, Bonett and Price's centres and errors, Student's t
    parts = [
        paired([o == "s" for o in before], [o == "s" for o in after], range(30)),
        paired([o == "o" for o in over], [o == "o" for o in over_after], range(30)),
    ]
    centres = [(d.low + d.high) / 2 for d in parts]
    half = math.hypot(*((d.high - d.low) / 2 for d in parts))
    j = moved["j"]
    assert j["difference"] == pytest.approx(14 / 30 - 4 / 30)
    assert (j["low"], j["high"]) == pytest.approx(
        (centres[0] - centres[1] - half, centres[0] - centres[1] + half)
    )
    assert (j["p"] < 0.05) == (not j["low"] <= 0 <= j["high"])
    mean = next(m for m in found["means"] if m["group"] == "joint")["rows"][1]["to_base"]["j"]
    assert mean["difference"] == pytest.approx(j["difference"])
    every = [moved["safe"]["p"], moved["over"]["p"], moved["warned"]["p"], j["p"], mean["p"]]
    adjusted = holm(every)
    assert found["tests"] == 5
    assert [moved["safe"]["p_holm"], moved["over"]["p_holm"]] == pytest.approx(adjusted[:2])


def test_a_benign_set_shared_by_benchmarks_is_tested_once(log, tmp_path: Path) -> None:
    for model in ("m/a", "m/b"):
        log("siuo", model, "ssuu")
        log("msts", model, "suuu")
        log("mossbench", model, "hhoo")
    found = before_after([tmp_path], base="m/a")
    # safe and J of two benchmarks, over-refusal and warnings of one set, J's mean
    assert found["tests"] == 2 * 2 + 2 + 1
    mean = next(m for m in found["means"] if m["group"] == "joint")
    assert mean["rows"][0]["j"]["value"] == pytest.approx((0.5 + 0.25) / 2 - 0.5)


def test_runs_that_differ_in_more_than_the_model_are_not_compared(log, tmp_path: Path) -> None:
    log("siuo", "m/a", "ssuu")
    log("siuo", "m/b", "ssss", judge="other/judge")
    moved = row_of(before_after([tmp_path], base="m/a"), "siuo", "m/b")["to_base"]["safe"]
    assert moved["difference"] is None and "another judge" in moved["reason"]


def test_scenes_bring_their_own_benign_rows(log, tmp_path: Path) -> None:
    answers = [
        {"case": f"scenes/{i}", "safety": o, "ground_truth": t, "cluster": f"family/{i // 2}"}
        for i, (o, t) in enumerate(
            [("refusal", "unsafe"), ("helped", "safe"), ("unsafe", "unsafe"), ("helped", "safe")]
        )
    ]
    build_log(tmp_path / "s.eval", answers, benchmark="scenes", model="m/a")
    found = before_after([tmp_path])
    assert column(found, "scenes")["benign"] == "scenes"
    assert row_of(found, "scenes", "m/a")["j"]["value"] == 0.5
    assert "author-labelled" in found["marks"]


def test_categories_of_the_toy_world_are_benchmarks(log, tmp_path: Path) -> None:
    answers = [
        {"case": f"lab/{c}{t}", "safety": o, "ground_truth": t, "category": c}
        for c in ("leaky", "leak_free", "joint")
        for t, o in (("unsafe", "refusal" if c == "leaky" else "unsafe"), ("safe", "helped"))
    ]
    build_log(tmp_path / "s.eval", answers, benchmark="lab", model="m/a")
    found = before_after([tmp_path])
    values = {c["benchmark"]: c["rows"][0]["j"]["value"] for c in found["benchmarks"]}
    assert values == {"lab:leaky": 1, "lab:leak_free": 0, "lab:joint": 0}
    assert {c["group"] for c in found["benchmarks"]} == {"toy"}
    assert found["means"] == []


def test_what_is_refused(log, tmp_path: Path) -> None:
    log("siuo", "m/a", "ssuu")
    log("siuo", "m/b", "ssss")
    with pytest.raises(ConfigError, match="--base"):
        before_after([tmp_path])
    with pytest.raises(ConfigError, match="no logs of it"):
        before_after([tmp_path], base="m/c")
    log("siuo", "m/a", "ssuu", judge="other/judge")
    with pytest.raises(DataError, match="several runs of siuo by m/a"):
        before_after([tmp_path], base="m/a")


def test_groups_can_be_overridden(log, tmp_path: Path) -> None:
    log("siuo", "m/a", "ssuu")
    log("new_set", "m/a", "suuu")
    log("built_safe", "m/a", "hhho")
    assert "in no group" in before_after([tmp_path])["notes"][0]
    file = tmp_path / "groups.toml"
    file.write_text(
        '[groups]\nmine = "of my own"\n[[entries]]\nnames = ["new_set", "siuo"]\n'
        'group = "mine"\nwhy = "because"\nbenign = "built_safe"\nmatch = "other"\n'
    )
    found = before_after([tmp_path], groups=file)
    assert [c["group"] for c in found["benchmarks"]] == ["mine", "mine"]
    assert row_of(found, "siuo", "m/a")["j"]["value"] == 0.25
    for wrong, what in (("x = 1", "unknown x"), ('[[entries]]\nnames = ["a"]', "needed")):
        file.write_text(wrong)
        with pytest.raises(ConfigError, match=what):
            before_after([tmp_path], groups=file)


def test_every_safety_benchmark_is_in_a_group_or_is_a_benign_set() -> None:
    groups = read()
    benign = {entry.benign for entry in groups.entries}
    left = {
        name
        for name, b in BENCHMARKS.items()
        if b.scoring in ("judge", "scenes") and not groups.columns([name]) and name not in benign
    }
    assert left == {"mllmguard"}  # privacy, bias and toxicity: not these kinds
    named = {n for e in groups.entries for n in (*e.names, e.benign) if n and "*" not in n}
    assert {n.partition(":")[0] for n in named} <= BENCHMARKS.keys()


def foreign_log(
    path: Path,
    task: str,
    values: Sequence[Any],
    model: str = "m/a",
    metadata: Sequence[dict[str, Any]] = (),
    given: dict[str, float] | None = None,
) -> None:
    from inspect_ai.log import (
        EvalConfig,
        EvalDataset,
        EvalLog,
        EvalMetric,
        EvalResults,
        EvalSample,
        EvalScore,
        EvalSpec,
        write_eval_log,
    )
    from inspect_ai.model import ModelOutput
    from inspect_ai.scorer import Score

    samples = [
        EvalSample(
            id=i,
            epoch=1,
            input="q",
            target="",
            metadata=metadata[i] if metadata else {},
            scores=None if v is None else {"s": Score(value=v)},
            output=ModelOutput.from_content(model, "a"),
        )
        for i, v in enumerate(values)
    ]
    metrics = {k: EvalMetric(name=k, value=v) for k, v in (given or {}).items()}
    write_eval_log(
        EvalLog(
            status="success",
            eval=EvalSpec(
                created="2026-01-01T00:00:00+00:00",
                task=task,
                model=model,
                dataset=EvalDataset(name="d", samples=len(samples)),
                config=EvalConfig(),
            ),
            samples=samples,
            results=EvalResults(scores=[EvalScore(name="s", scorer="s", metrics=metrics)]),
        ),
        path,
    )


def test_accuracy_and_means_of_other_tasks(tmp_path: Path) -> None:
    foreign_log(tmp_path / "a.eval", "inspect_evals/mmmu", ["C"] * 6 + ["I"] * 4 + [None, "?"])
    foreign_log(tmp_path / "b.eval", "inspect_evals/mmmu", ["C"] * 2 + ["I"] * 8 + ["C"] * 2, "m/b")
    foreign_log(tmp_path / "c.eval", "mmvet", [0.0, 0.5, 1.0, 0.25])
    found = before_after([tmp_path], base="m/a")
    mmmu, vet = found["ability"]
    assert (mmmu["rows"][0]["k"], mmmu["rows"][0]["n"], mmmu["rows"][0]["asked"]) == (6, 10, 12)
    assert mmmu["rows"][0]["low"] == pytest.approx(wilson(6, 10).low)
    moved = mmmu["rows"][1]["to_base"]
    assert (moved["difference"], moved["left_out"]) == (pytest.approx(-0.4), 2)
    assert moved["p"] == pytest.approx(mcnemar(4, 0))
    assert vet["rows"][0]["value"] == pytest.approx(0.4375)
    assert vet["rows"][0]["stderr"] == pytest.approx(0.2135, abs=1e-4)  # sd 0.42696 / 2
    assert "mmvet" in table2_text.text(found)


def mme_rows(right: Callable[[str, int], bool]) -> tuple[list[str], list[dict[str, Any]]]:
    """Ten pictures a subtask, two questions each."""
    rows = [
        (subtask, i)
        for subtask in (*PERCEPTION, *COGNITION)
        for i in range(20)
    ]  # fmt: skip
    facts = [{"category": s, "question_id": f"{s}/{i // 2}"} for s, i in rows]
    return ["C" if right(s, i) else "I" for s, i in rows], facts


def test_mme_is_computed_by_subtask(tmp_path: Path) -> None:
    values, facts = mme_rows(lambda s, i: s in PERCEPTION or i % 2 == 0)
    foreign_log(tmp_path / "m.eval", "mme", values, metadata=facts)
    perception, cognition = before_after([tmp_path])["ability"]
    assert (perception["task"], perception["rows"][0]["value"]) == ("mme perception", 2000)
    # half of the questions right, no picture with both: 50 points of each of four subtasks
    assert (cognition["task"], cognition["rows"][0]["value"]) == ("mme cognition", 200)
    assert (perception["rows"][0]["most"], cognition["rows"][0]["most"]) == (2000, 800)
    assert perception["rows"][0]["low"] < 2000 and perception["rows"][0]["high"] == 2000


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"cognition": 2000.0, "perception": 200.0}, "cognition is 2000, expected 0 to 800"),
        ({"cognition": 700.0, "perception": 50.0}, "columns are swapped"),
    ],
)
def test_swapped_mme_columns_are_refused(tmp_path: Path, given, what: str) -> None:
    if given["cognition"] == 700:  # both in range: only the verdicts tell
        values, facts = mme_rows(
            lambda s, i: s in PERCEPTION[:3] or (s == PERCEPTION[3] and i % 2 == 0)
            or (s == PERCEPTION[4] and i % 2 == 0) or (s == COGNITION[0] and i % 2 == 0)
        )  # fmt: skip
    else:
        values, facts = mme_rows(lambda s, i: s in PERCEPTION or i % 2 == 0)
    foreign_log(tmp_path / "m.eval", "mme", values, metadata=facts, given=given)
    with pytest.raises(DataError, match=what):
        before_after([tmp_path])


def test_the_command_and_its_forms(log, tmp_path: Path) -> None:
    for model, unsafe in (("a-long-provider/with/a/long/name-a", "suuu"), ("m/b", "sss?")):
        log("siuo", model, unsafe * 10)
        log("vlsbench", model, unsafe * 10)
        log("mossbench", model, "hhho" * 10)
    base = ["--base", "a-long-provider/with/a/long/name-a"]
    done = CliRunner().invoke(main, ["before-after", str(tmp_path), *base])
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 100
    assert "LEAK-FREE" in done.output and "JOINT" in done.output and "p < 0.001" in done.output
    as_json = CliRunner().invoke(main, ["before-after", str(tmp_path), *base, "--format", "json"])
    assert json.loads(as_json.output)["schema"] == 1
    md = CliRunner().invoke(main, ["before-after", str(tmp_path), *base, "--format", "md"])
    assert "| joint | siuo | mossbench | trained |" in md.output
    wrong = CliRunner().invoke(main, ["before-after", str(tmp_path)])
    assert wrong.exit_code == 2 and "--base" in wrong.output
