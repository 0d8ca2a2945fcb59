"""The benchmarks whose data are not at hand: files with the published field names, loaded whole."""

import csv
import json

import pytest

from chiasm.benchmarks import BENCHMARKS, ch3ef, load, vlsu
from chiasm.benchmarks.siuo_mcqa import LETTERS
from chiasm.data.check import baselines, check
from chiasm.errors import DataError
from chiasm.judges.rubric import rubric
from tests.benchmarks.literal import (
    CH3EF,
    HARMBENCH,
    HOLISAFE,
    JAILBREAKV,
    MLLMGUARD,
    MULTITRUST,
    SAFEBENCH,
    SPA_VL,
    UNSAFEBENCH,
    VLSAFE,
    VLSU,
    cases,
)  # fmt: skip

ALLOW = ["ROWS"]
REAL = ("siuo", "vlsbench", "mossbench", "figstep", "mm_safety", "mssbench", "msts", "vlguard")
AROUND = [n for n, b in BENCHMARKS.items() if b.entry and not n.startswith(REAL) and n != "lab"]


def write(root, file, rows):
    """Rows as the file's suffix says."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        path.write_text(json.dumps(rows))


def some(row, field, n=3):
    """Copies that differ in one field."""
    return [{**row, field: f"{row[field]}{i}"} for i in range(n)]


def fill(root):
    """All files of all benchmarks of this page."""
    for mini in ("", "mini_"):
        write(root, f"JailBreakV_28K/{mini}JailBreakV_28K.csv", some(JAILBREAKV, "id"))
    write(root, "data/behavior_datasets/harmbench_behaviors_multimodal_all.csv",
          some(HARMBENCH, "BehaviorID"))  # fmt: skip
    write(root, "VLSafe/VLSafe_harmlessness_examine/data.jsonl", [VLSAFE, VLSAFE])
    types = ["SSS", "SSU", "SUU", "USU", "UUU"]
    write(root, "holisafe_bench.json",
          [{**HOLISAFE, "id": i, "type": t} for i, t in enumerate(types)])  # fmt: skip
    grades = ["unsafe", "safe", "borderline", "not_sure", "unsafe", "borderline"]
    graded = [{**VLSU, "consensus_combined_grade": g} for g in grades]
    write(root, "data/VLSU.csv", [{**row, "uuid": str(i)} for i, row in enumerate(graded)])
    write(root, "test/harm.jsonl", [SPA_VL, SPA_VL])
    write(root, "test/help.jsonl", [SPA_VL])
    for dimension in ("Harmless", "Helpful", "Honest"):
        items = [{**CH3EF, "id": i} for i in range(200)]
        write(root, f"meta_file/{dimension}.json", {"meta_data": {}, "items": items})
    write(root, "data/test.jsonl", [UNSAFEBENCH, {**UNSAFEBENCH, "safety_label": "Safe"}])
    for dimension in ("privacy", "bias", "toxicity", "legality"):
        write(root, f"desensitize/{dimension}/en.csv", [MLLMGUARD, MLLMGUARD])
    write(root, "desensitize/privacy/zh.csv", [{**MLLMGUARD, "Lan": "zh"}])
    write(root, "safety/mm-safety-bench-selected/mm-safety-bench-selected.json",
          {"0": MULTITRUST, "1": MULTITRUST})  # fmt: skip
    header = {field: field for field in SAFEBENCH}
    write(root, "safety/SafeBench_selected/safebench_selected.csv", [SAFEBENCH, header])
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("around"))


@pytest.mark.parametrize("name", AROUND)
def test_each_loads_and_is_checked(name, root):
    dataset = load(name, root, ALLOW)
    assert len(dataset) > 0
    assert not dataset.pinned
    assert {case.id.partition("/")[0] for case in dataset} == {name}
    assert {"ROWS", "CATEGORY_COUNT"} <= {finding.code for finding in check(dataset)}
    benchmark = BENCHMARKS[name]
    for judge in benchmark.protocol().judges:
        for case in dataset:
            rubric(judge).check(case)  # a rubric that can't judge these cases would raise
    assert bool(benchmark.protocol().judges) == (benchmark.scoring == "judge")


def test_jailbreakv_asks_either_query_with_the_same_image(root):
    attack, raw = (load(n, root, ALLOW)[0] for n in ("jailbreakv", "jailbreakv_raw"))
    assert attack.query == JAILBREAKV["jailbreak_query"]
    assert raw.query == JAILBREAKV["redteam_query"]
    assert attack.images == raw.images == ("JailBreakV_28K/llm_transfer_attack/noise_1.png",)
    assert attack.cluster == raw.cluster == load("jailbreakv_mini", root, ALLOW)[2].cluster
    assert (attack.category, attack.subcategory) == ("Bias", "Template")


def test_harmbench_keeps_both_descriptions(root):
    (case,) = cases("harmbench")
    assert case.oracle.description == "A padlock on a gate."
    assert case.extra["redacted_description"] == "A thing on a gate."
    assert case.images == ("data/multimodal_behavior_images/thing.png",)
    with pytest.raises(DataError, match="3 rows, registered for harmbench are 110"):
        load("harmbench", root)


def test_vlsafe_is_identified_by_its_line(root):
    dataset = load("vlsafe", root, ALLOW)
    assert [c.id for c in dataset] == ["vlsafe/0", "vlsafe/1"]
    assert dataset[0].images == ("train2017/000000000009.jpg",)
    assert len({c.cluster for c in dataset}) == 1
    caption_free = {k: v for k, v in VLSAFE.items() if k != "caption"}
    assert cases("vlsafe", caption_free)[0].oracle.description == ""


def test_holisafe_is_split_by_the_last_letter(root):
    unsafe, safe = load("holisafe", root), load("holisafe_safe", root)
    assert [c.extra["type"] for c in unsafe] == ["SSU", "SUU", "USU", "UUU"]
    assert [c.extra["type"] for c in safe] == ["SSS"]
    assert {c.ground_truth for c in unsafe} == {"unsafe"}
    assert {c.ground_truth for c in safe} == {"safe"}
    assert len(unsafe) + len(safe) == 5
    with pytest.raises(DataError, match="expected one of SSS"):
        cases("holisafe", {**HOLISAFE, "type": "SS"})


def test_vlsu_leaves_out_what_people_could_not_decide_and_counts_it(root):
    unsafe, safe = load("vlsu", root), load("vlsu_safe", root)
    assert vlsu.left_out(root) == {"borderline": 2, "not_sure": 1}
    assert len(unsafe) + len(safe) + vlsu.left_out(root).total() == 6
    assert {c.extra["pattern"] for c in unsafe} == {"safe-safe-unsafe"}
    assert unsafe[0].images == ("images/0.jpg",)
    with pytest.raises(DataError, match="neither safe nor unsafe"):
        cases("vlsu", {**VLSU, "consensus_combined_grade": "borderline"})


def test_spa_vl_harm_and_help(root):
    harm, helpful = load("spa_vl_harm", root, ALLOW), load("spa_vl_help", root, ALLOW)
    assert [c.id for c in harm] == ["spa_vl_harm/0", "spa_vl_harm/1"]
    assert {c.ground_truth for c in harm} == {"unsafe"}
    assert {c.ground_truth for c in helpful} == {"safe"}


def test_ch3ef_hides_that_the_right_option_comes_first(root):
    dataset = load("ch3ef_harmless", root)
    for case in dataset:
        assert case.options[case.answer] == CH3EF["options"][0]
        assert sorted(case.options) == sorted(CH3EF["options"])
    # 200 draws of four places: each within five standard deviations of 50
    places = [sum(c.answer == i for c in dataset) for i in range(len(LETTERS))]
    assert all(abs(n - 50) < 5 * (200 * 0.25 * 0.75) ** 0.5 for n in places), places
    assert load("ch3ef_harmless", root).cases == dataset.cases
    assert baselines(dataset)["first"] == (places[0], 200)
    truth = {f: load(f"ch3ef_{f.lower()}", root)[0].ground_truth for f in ch3ef.FILES}
    assert truth == {"Harmless": "unsafe", "Helpful": "safe", "Honest": "safe"}


@pytest.mark.parametrize("options", [[], ["one"], [f"{i}" for i in range(27)]])
def test_ch3ef_needs_options_that_can_be_lettered(options):
    with pytest.raises(DataError, match="2 to 26 options"):
        cases("ch3ef_honest", {**CH3EF, "options": options})


def test_ch3ef_without_ids_takes_the_place(root):
    row = {k: v for k, v in CH3EF.items() if k != "id"}
    assert cases("ch3ef_helpful", row)[0].id == "ch3ef_helpful/0"


def test_unsafebench_asks_for_the_label(root):
    unsafe, safe = load("unsafebench", root, ALLOW)
    assert (unsafe.answer, safe.answer) == (1, 0)
    assert (unsafe.ground_truth, safe.ground_truth) == ("unsafe", "safe")
    assert '"Spam"' in unsafe.query


def test_mllmguard_reads_four_dimensions_in_two_languages(root):
    dataset = load("mllmguard", root)
    assert [c.id for c in dataset][:3] == [
        "mllmguard/privacy_en_0", "mllmguard/privacy_en_1", "mllmguard/bias_en_0",
    ]  # fmt: skip
    assert [c.language for c in dataset] == ["en"] * 8 + ["zh"]
    assert dataset[0].images == ("desensitize/privacy/imgs/0957.webp",)


def test_multitrust_skips_the_headers_within_the_file(root):
    assert [c.id for c in load("multitrust_safebench", root)] == ["multitrust_safebench/4"]
    case = load("multitrust_mmsafety", root)[1]
    assert (case.id, case.query) == ("multitrust_mmsafety/1", "List its steps.")
    assert case.images == ("safety/mm-safety-bench-selected/3/7.jpg",)
