"""Every anomaly that is known of the real data, by row; and that sound data have none."""

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from chiasm.benchmarks import load
from chiasm.cases import Case, Dataset, Oracle
from chiasm.data.check import CODES, baselines, check
from chiasm.errors import DataError


@pytest.fixture(scope="module")
def found(shared):
    """Findings of a real set, once each."""
    made = {}

    def of(name):
        if name not in made:
            folder = {"siuo_mcqa": "siuo", "mossbench_contrast": "mossbench"}.get(name, name)
            made[name] = check(load(name, shared / folder))
        return made[name]

    return of


def rows(findings, code, field=""):
    return [
        f.case.partition("/")[2] for f in findings if f.code == code and f.field.startswith(field)
    ]


def whole(findings, code):
    return [f.detail for f in findings if f.code == code and not f.case]


def test_vlsbench_rows(found):
    f = found("vlsbench")
    assert whole(f, "ROWS") == ["2,241"]
    assert whole(f, "IMAGES") == ["1,957"]
    assert rows(f, "EMPTY_QUERY") == ["1685"]
    assert rows(f, "RESIDUE") == (
        ["1406", "1426", "1452", "1457", "1498", "1552", "1602", "1636", "1932"]
    )
    assert rows(f, "SUBCAT_MISMATCH") == ["1144", "1153", "1489", "1996", "2105"]
    assert rows(f, "OTHER_SCRIPT") == ["1498"]
    assert len(rows(f, "NO_QUESTION_MARK")) == 7
    assert whole(f, "IMAGE_NOT_ROW") == ["1,005 of 2,241 rows, from vlsbench/1236 on"]
    for clean in ("EDGE_SPACE", "INVISIBLE", "LITERAL_ESCAPE", "DUP_OPTIONS"):
        assert rows(f, clean) == []


def test_vlsbench_categories_and_sources(found):
    counts = [f for f in found("vlsbench") if f.code == "CATEGORY_COUNT"]
    fields = Counter(f.field for f in counts)
    assert fields == {"category": 6, "subcategory": 19, "extra.source": 6}
    assert counts[0].detail == "Violent: 590 (26.33%)"
    details = {f.detail for f in counts}
    # printed in the paper as 10.07 %, 7.54 %, 2.08 %
    assert "Weapon-Related Violence: 244 (10.89%)" in details
    assert any(re.fullmatch(r"Property Crimes?: 167 \(7\.45%\)", d) for d in details)
    assert "Unauthorized Data Collection: 69 (3.08%)" in details
    assert "generation: 1,234 (55.06%)" in details


def test_vlsbench_shared_images(found, shared):
    findings = [f for f in found("vlsbench") if f.code == "SHARED_IMAGE"]
    assert len(findings) == 507
    dataset = {case.id: case for case in load("vlsbench", shared / "vlsbench")}
    groups = defaultdict(list)
    for f in findings:
        groups[dataset[f.case].images].append(f)
    assert Counter(map(len, groups.values())) == {2: 162, 3: 61}
    assert sum("categories" in group[0].detail for group in groups.values()) == 19


def test_vlsbench_repeated_queries(found):
    f = found("vlsbench")
    assert len(rows(f, "DUP_QUERY")) == 29
    across = {x.case: x.detail for x in f if x.code == "DUP_QUERY" and "categories" in x.detail}
    assert {"vlsbench/523", "vlsbench/761", "vlsbench/1800", "vlsbench/1860", "vlsbench/1990"} <= (
        across.keys()
    )
    near = {x.case: x.detail for x in f if x.code == "NEAR_DUP"}
    for a, b in (("1461", "1462"), ("1640", "1641"), ("1799", "1800")):
        assert f"vlsbench/{b} (" in near[f"vlsbench/{a}"]
        assert f"vlsbench/{a} (" in near[f"vlsbench/{b}"]


def test_siuo(found):
    f = found("siuo")
    assert whole(f, "ROWS") == whole(f, "IMAGES") == ["167"]
    sides = Counter(x.field for x in f if x.code == "EDGE_SPACE")
    assert sides == {"query": 5, "oracle.warning": 5, "oracle.reference": 44}
    assert rows(f, "LINE_BREAK") == ["6002"]
    assert rows(f, "INVISIBLE") == ["3019"]
    assert rows(f, "OTHER_SCRIPT") == ["3004"]
    for clean in ("SHARED_IMAGE", "DUP_QUERY", "NEAR_DUP", "EMPTY_QUERY", "RESIDUE"):
        assert rows(f, clean) == []
    sizes = [x.detail for x in f if x.code == "CATEGORY_COUNT" and x.field == "category"]
    assert len(sizes) == 9
    assert sizes[0].startswith("privacy violation: 21")


def test_siuo_mcqa(found):
    f = found("siuo_mcqa")
    assert rows(f, "DUP_OPTIONS") == ["1019", "4006", "9007"]
    assert [x.detail.split(",")[0] for x in f if x.code == "DUP_OPTIONS"] == (
        ["B = C", "C = D", "A = C"]
    )
    assert rows(f, "KEY_REF_MISMATCH") == ["3019"]
    assert {(x.case, x.field) for x in f if x.code == "ODD_OPTION"} == {
        ("siuo_mcqa/2013", "options.D"),
        ("siuo_mcqa/8005", "options.B"),
        ("siuo_mcqa/1007", "options.A"),
        ("siuo_mcqa/3013", "options.A"),
        ("siuo_mcqa/1004", "options.A"),
        ("siuo_mcqa/3016", "options.A"),
    }
    assert {("siuo_mcqa/4011", "options.D"), ("siuo_mcqa/3012", "options.B")} <= {
        (x.case, x.field) for x in f if x.code == "TRUNCATED_OPTION"
    }
    assert [(x.case, x.field) for x in f if x.code == "LITERAL_ESCAPE"] == [
        ("siuo_mcqa/3009", "options.B")
    ]
    assert {(x.case[10:], x.field) for x in f if x.code == "INVISIBLE"} == {
        ("3019", "query"), ("2004", "options.A"), ("2005", "options.B"),
    }  # fmt: skip
    assert len({x.case for x in f if x.code == "OTHER_SCRIPT"}) == 8
    before = [x for x in f if x.code == "EDGE_SPACE" and x.detail.startswith("before")]
    assert sum(x.field.startswith("options") for x in before) == 105
    assert whole(f, "ANSWER_POSITION") == ["A 51 B 35 C 34 D 47"]
    assert whole(f, "OPTION_SPACE") == [
        "17 of 167 right and 88 of 501 wrong options begin with space"
    ]


def test_blind_rules_on_siuo(shared):
    dataset = load("siuo_mcqa", shared / "siuo")
    scores = baselines(dataset)
    assert scores["first"] == (51, 167)
    assert scores["longest"] == (64, 167)
    assert scores["warning_words"][1] == 167
    raw = sum(
        max(range(4), key=lambda i, c=case: len(c.options[i])) == case.answer for case in dataset
    )
    assert raw == 64, "white space around options changes the figure"
    assert baselines(load("siuo", shared / "siuo")) == {}


def test_contrast_rows_that_only_the_image_tells_apart(found):
    f = found("mossbench_contrast")
    same = rows(f, "IDENTICAL_TO_ORIGINAL")
    assert len(same) == 43
    assert "106" in same
    assert {x.field for x in f if x.code == "IDENTICAL_TO_ORIGINAL"} == {"query"}


def test_mossbench(found):
    f = found("mossbench")
    assert len(rows(f, "DUP_QUERY")) == 107
    assert len(rows(f, "NO_DESCRIPTION")) == 49
    assert rows(found("vlsbench"), "NO_DESCRIPTION") == rows(found("siuo"), "NO_DESCRIPTION") == []


def test_a_fixed_query_is_one_finding(found):
    f = found("figstep")
    assert len(whole(f, "FIXED_QUERY")) == 1
    assert rows(f, "DUP_QUERY") == rows(f, "NEAR_DUP") == []


@pytest.mark.parametrize(
    "name", ["siuo", "siuo_mcqa", "vlsbench", "mossbench", "mossbench_contrast", "figstep"]
)
def test_findings_are_sound(found, name):
    findings = found(name)
    assert {f.code for f in findings} <= CODES.keys()
    assert len(set(findings)) == len(findings)
    assert all(f.case.startswith(f"{name}/") for f in findings if f.case)
    assert all(f.detail and len(f.detail) < 400 for f in findings)
    whole_set = [not f.case for f in findings]
    assert whole_set == sorted(whole_set, reverse=True)


def case(row, query="What is it?", **more):
    settings = {"ground_truth": "unsafe", "category": "a", "cluster": str(row), **more}
    return Case(id=f"own/{row}", turns=(query,), **settings)


def test_sound_data_have_no_findings_but_facts():
    queries = ["Which way to the lake?", "How long does it bake?", "Who painted that wall?"]
    cases = tuple(
        case(i, q, images=(f"i/{i}.png",), oracle=Oracle(description=f"Number {i}."))
        for i, q in enumerate(queries)
    )
    found = check(Dataset(name="own", root=Path(), cases=cases))
    assert {f.code for f in found} == {"ROWS", "IMAGES", "CATEGORY_COUNT"}


def test_an_empty_set_has_no_findings_but_its_size():
    assert [f.code for f in check(Dataset(name="own", root=Path(), cases=()))] == ["ROWS"]


def test_a_malformed_neighbour_is_named(tmp_path):
    (tmp_path / "siuo_gen.json").write_text('[{"question_id": "1"}]')
    mcqa = case(1, options=("a", "b"), answer=0)
    with pytest.raises(DataError, match=r"siuo_gen\.json, row 0"):
        check(Dataset(name="siuo_mcqa", root=tmp_path, cases=(mcqa,)))


def test_every_code_is_explained_in_the_docs():
    page = (Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md").read_text("utf-8")
    assert [code for code in CODES if f"`{code}`" not in page] == []
