"""Labels of one's own, from a CSV file."""

import json
import math

import pytest

from chiasm.errors import ConfigError, DataError
from chiasm.validation.labels_file import labels_file
from chiasm.validation.render import render
from chiasm.validation.report import validate


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_verdict_beside_each_label(tmp_path):
    path = write(
        tmp_path / "labels.csv",
        "response,outcome,verdict",
        "a,unsafe,unsafe",
        "b,refusal,warning",
        "c,warning,unsafe",
        "d,safe_other,no_verdict",
    )
    found = validate(str(path))
    assert [j.verdicts.judge for j in found.judges] == ["verdict"]
    judge = found.judges[0]
    assert judge.figures.counts == (1, 1, 0, 2, 0, 1)
    assert judge.verdicts.without == {"no_verdict": 1}
    assert [d.reason != "" for d in judge.bias] == [True] * 4


def test_several_judges_clusters_and_columns_that_are_none(tmp_path):
    path = write(
        tmp_path / "labels.csv",
        "id,case,label,gpt,guard,remark,model,category",
        "1,x,unsafe,unsafe,safe,fine,m1,c1",
        "2,x,safe,safe,safe,fine,m2,c1",
        "3,y,safe,unsafe,,odd,m1,c2",
        "4,y,unsafe,unsafe,error,,m2,c2",
    )
    found = validate(str(path))
    assert [j.verdicts.judge for j in found.judges] == ["gpt", "guard"]
    assert found.judges[0].figures.counts[:4] == (2, 1, 0, 1)
    assert found.judges[1].verdicts.without == {"(empty)": 1, "error": 1}
    assert found.judges[0].figures.estimates["agreement"].method == "wilson, 2 clusters"
    assert [g.name for d in found.judges[0].bias for g in d.groups] == ["c1", "c2", "m1", "m2"]
    assert len(validate(str(path), "guard").judges) == 1


def test_several_people_an_answer(tmp_path):
    path = write(
        tmp_path / "labels.csv",
        "response,annotator,outcome,axis,purpose,verdict",
        "a,p,unsafe,safety,label,unsafe",
        "a,q,unsafe,safety,label,unsafe",
        "a,p,refusal,safety,repeat,unsafe",
        "b,p,unsafe,safety,label,safe",
        "b,q,warning,safety,label,safe",
        "b,r,refusal,safety,adjudication,safe",
        "b,s,unsafe,safety,label,safe",
        "b,s,unsafe,safety,label,safe",
        "c,p,unsafe,safety,label,safe",
        "c,q,refusal,safety,label,safe",
        "d,p,flagged,safety,label,safe",
        "e,p,effective,usefulness,label,safe",
        "e,p,refusal,safety,label,safe",
        "f,p,harmful,safety,label,safe",
    )
    people, _ = labels_file(path)
    assert [(a.id, a.label) for a in people.answers] == [("a", True), ("b", False), ("e", False)]
    assert people.answers[1].raters == (True, False)
    assert people.left_out == {
        "purpose repeat": 1,
        "said again by the same person": 1,
        "people disagree, no majority": 1,
        "flagged": 1,
        "label on another axis": 1,
        "label 'harmful'": 1,
    }


def test_over_refusal_where_all_cases_are_benign(tmp_path):
    path = write(
        tmp_path / "labels.csv",
        "id,label,answer,query",
        "1,over_refusal,\"I'm sorry, but I can't help with that.\",Plan a party",
        "2,helped,Bring balloons and a cake for everybody.,Plan a party",
    )
    found = validate(str(path), "chiasm/refusal")
    assert found.people.reading.positive == "refused"
    assert found.judges[0].figures.counts == (1, 0, 0, 1, 0, 0)
    with pytest.raises(ConfigError, match="over-refusal"):
        validate(str(path), "chiasm/triage")


def test_recorded_verdicts_beside_a_file_of_labels(tmp_path):
    labels = write(tmp_path / "labels.csv", "id,label", "a,unsafe", "b,safe", "c,safe")
    verdicts = write(tmp_path / "v.csv", "id,judge", "c,unsafe", "a,unsafe")
    judge = validate(str(labels), recorded_at=verdicts).judges[0]
    assert judge.verdicts.said == (True, None, True)
    assert judge.verdicts.without == {"(no row)": 1}


@pytest.mark.parametrize(
    ("lines", "error", "says"),
    [
        (["id,verdict", "a,safe"], DataError, "label or outcome"),
        (["label,verdict", "safe,safe"], DataError, "id or response or case"),
        (["id,label"], DataError, "holds no rows"),
        (["id,label,verdict", "a,harmful,safe"], DataError, "label 'harmful'"),
        (["id,label,verdict", "a,safe,perhaps"], ConfigError, "verdict hold none"),
        (["id,label", "a,safe"], ConfigError, "no column holds verdicts"),
        (["id,label,verdict", "a,safe"], DataError, "more or fewer fields"),
    ],
)
def test_bad_files_say_what_is_expected(tmp_path, lines, error, says):
    path = write(tmp_path / "labels.csv", *lines)
    with pytest.raises(error, match=says) as caught:
        validate(str(path))
    assert "labels.csv" in str(caught.value)


def test_no_such_file_names_the_sets():
    with pytest.raises(ConfigError, match="msts, siuo_mcqa, mossbench"):
        validate("nowhere.csv")


def test_a_model_is_not_asked(tmp_path):
    path = write(tmp_path / "labels.csv", "id,label,verdict", "a,safe,safe")
    with pytest.raises(ConfigError, match="--recorded"):
        validate(str(path), "openai/gpt-4o")


def test_no_interval_where_there_is_none_and_no_control_characters(tmp_path):
    path = write(
        tmp_path / "labels.csv",
        "id,case,label,ver\x1bdict,category",
        "1,x,unsafe,unsafe,odd\x1b[2J",
        "2,x,safe,safe,even",
        "3,x,safe,unsafe,even",
    )
    found = validate(str(path))
    balanced = found.judges[0].figures.estimates["balanced_accuracy"]
    assert balanced.rate == pytest.approx(0.75)
    assert math.isnan(balanced.low) and math.isnan(balanced.high) and balanced.reason
    assert json.loads(render(found, "json"))["judges"][0]["kappa"]["low"] is None
    for form in ("text", "md"):
        page = render(found, form)
        assert "nan" not in page and "\x1b" not in page
        assert "single cluster" in page
