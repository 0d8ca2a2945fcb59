"""The trainable guard's parts that need no torch: rows, families, calibration, figures."""

import json
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from chiasm.align.for_guard import let_through, sources
from chiasm.cli import main
from chiasm.errors import ConfigError, DataError, ImageError
from chiasm.guard.trained import calibrate, examples, measures, show
from chiasm.guard.trained.examples import Example
from chiasm.guard.trained.figure import figure
from chiasm.guard.trained.results import Judged, comparison
from chiasm.guard.trained.sources import lab_world
from chiasm.guard.trained.splits import parts
from chiasm.scenes import cases, image_bytes


def png(shade=0):
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (4, 4), (shade, 0, 0)).save(out, "PNG")
    return out.getvalue()


def row(k, *, unsafe, family, **more):
    return Example(id=str(k), query=f"query {k}", unsafe=unsafe, family=family, **more)


def write(path, *rows):
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return path


GOOD = {"query": "Is this fine?", "image": "a.png", "label": "unsafe", "family": "f",
        "carrier": "pair", "category": "fire", "split": "test"}  # fmt: skip


def test_rows_of_a_file(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    both = [GOOD, {"prompt": "Text alone", "ground_truth": "safe", "id": 7}]
    found = examples.read(write(tmp_path / "mine.jsonl", *both))
    assert [(r.id, r.unsafe, r.carrier, r.part) for r in found] == [
        ("mine/0", True, "pair", "test"),
        ("7", False, "", ""),
    ]
    assert found[0].pictures()[0].data == png()
    assert examples.counts(found) == {"rows": 2, "unsafe": 1, "with_image": 1, "families": 2}
    (tmp_path / "rows.csv").write_text("query,image,label\nA,a.png,safe\n", "utf-8")
    assert examples.read(tmp_path / "rows.csv")[0].pictures()[0].data == png()


def test_rows_of_a_hugging_face_folder(tmp_path):
    images = [{"bytes": png(k), "path": f"{k}.png"} for k in (1, 2)]
    table = {"question": ["A", "B"], "label": ["safe", "unsafe"], "image": images}
    (tmp_path / "data").mkdir()
    pl.DataFrame(table).write_parquet(tmp_path / "data" / "train-0.parquet")
    assert [r.pictures()[0].data for r in examples.read(tmp_path)] == [png(1), png(2)]
    built = tmp_path / "built"
    built.mkdir()
    (built / "1.png").write_bytes(png(1))
    write(built / "metadata.jsonl", {"file_name": "1.png", "query": "A", "ground_truth": "safe"})
    assert examples.read(built)[0].pictures()[0].data == png(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": "maybe"}, "expected safe or unsafe, got 'maybe'"),
        ({"carrier": "sound"}, "expected text, image or pair"),
        ({"split": "dev"}, "expected train, validation or test"),
        ({"query": "", "image": ""}, "neither text nor an image"),
        ({"image": 3}, "expected a path or bytes, got int"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, change, said):
    with pytest.raises(DataError, match=said) as error:
        examples.read(write(tmp_path / "mine.jsonl", {**GOOD, **change}))
    assert "mine.jsonl, row 0" in str(error.value)


def test_pictures_stay_in_the_folder(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "a.png").write_bytes(png())
    (found,) = examples.read(write(inner / "mine.jsonl", {**GOOD, "image": "../a.png"}))
    with pytest.raises(ImageError, match="leaves the dataset's folder"):
        found.pictures()


def test_an_id_may_not_occur_twice(tmp_path):
    with pytest.raises(DataError, match="twice"):
        examples.read(write(tmp_path / "m.jsonl", {**GOOD, "id": 1}, {**GOOD, "id": 1}))


def test_rows_without_a_family_get_that_of_what_they_share(tmp_path):
    lone = [("q1", "a"), ("q2", "a"), ("Q2 ", "b"), ("q3", "c")]
    rows = [{"query": q, "image": f"{i}.png", "label": "safe"} for q, i in lone]
    found = examples.united(examples.read(write(tmp_path / "m.jsonl", *rows)))
    assert len({r.family for r in found[:3]}) == 1
    assert found[3].family not in {r.family for r in found[:3]}


def test_shards_keep_their_part_and_their_own_ids(tmp_path):
    for name in ("train-00000-of-2", "train-00001-of-2", "test-00000-of-1", "validation-0-of-1"):
        table = {"query": [f"{name} a", f"{name} b"], "label": ["safe", "unsafe"]}
        pl.DataFrame(table).write_parquet(tmp_path / f"{name}.parquet")
    found = examples.read(tmp_path)
    assert len({r.id for r in found}) == 8
    parts_of = {r.query[:5]: r.part for r in found}
    assert parts_of == {"train": "", "test-": "test", "valid": "validation"}
    wrong = {"query": ["c"], "label": ["safe"], "split": ["train"]}
    pl.DataFrame(wrong).write_parquet(tmp_path / "test-00001.parquet")
    with pytest.raises(DataError, match="train, in a file named for test"):
        examples.read(tmp_path)


def test_families_over_several_sources(tmp_path):
    for name, shade in (("a", 5), ("b", 5), ("c", 7)):
        (tmp_path / f"{name}.png").write_bytes(png(shade))

    def file(name, *rows):
        return str(write(tmp_path / f"{name}.jsonl", *({"label": "safe", **r} for r in rows)))

    one = file("one", {"query": "First?", "image": "a.png"}, {"query": "x", "family": "f"},
               {"query": "Second?", "image": "c.png", "family": "secret words"})  # fmt: skip
    two = file("two", {"query": "first", "image": "c.png"}, {"query": "y", "image": "b.png"},
               {"query": "z", "family": "f"})  # fmt: skip
    a, f, named, c, b, other = sources([one, two], [], {}).rows
    assert a.family == b.family == c.family == named.family == "one: secret words"
    assert f.family != other.family
    alone = sources([one], [two], {}).rows
    assert alone[0].family not in {r.family for r in alone[3:]}
    assert alone[0].part == alone[1].part == ""
    assert examples.family_digest(f) == examples.family_digest(other)
    assert "secret" not in examples.family_digest(named)
    assert examples.contents(a) & examples.contents(c) == {next(
        word for word in examples.contents(a) if word.startswith("query"))}  # fmt: skip


def test_a_set_built_for_evaluation_is_not_trained_on(tmp_path):
    facts = {"schema": 1, "name": "traps", "use": "evaluation"}
    rows = [{"query": f"q{k}", "label": "safe", "cluster": "c"} for k in range(2)]
    table = write(tmp_path / "metadata.jsonl", *rows)
    (tmp_path / "benchmark.json").write_text(json.dumps(facts))
    for name in (str(tmp_path), str(table), f"vlguard_train={tmp_path}"):
        with pytest.raises(ConfigError, match="traps was built to evaluate models"):
            sources([name], [], {})
    assert len(sources([], [str(tmp_path)], {}).rows) == 2
    (tmp_path / "benchmark.json").write_text(json.dumps({**facts, "use": "training"}))
    assert {r.family for r in sources([str(tmp_path)], [], {}).rows} == {f"{tmp_path.name}: c"}


def test_rows_that_share_a_built_case_can_be_left_out(tmp_path):
    from chiasm.cases import Case

    built = tmp_path / "built"
    built.mkdir()
    (built / "1.png").write_bytes(png(200))
    asked = "May my lamp stand in this corner tonight?"
    case = Case(id="traps/1", turns=(asked,), images=("1.png",), ground_truth="unsafe",
                category="fire", cluster="c", extra={"source": "grids"})  # fmt: skip
    (built / "benchmark.json").write_text(json.dumps({"schema": 1, "name": "traps"}))
    write(built / "metadata.jsonl", {"case": json.dumps(case.to_json())})
    (tmp_path / "a.png").write_bytes(png(200))
    rows = [{**GOOD, "query": asked, "split": ""}]
    found = sources([str(write(tmp_path / "mine.jsonl", *rows))], [], {}).rows
    with pytest.raises(DataError, match="mine/0: pair of traps"):
        let_through(found, {"traps": str(built)})
    kept, about = let_through(found, {"traps": str(built)}, drop=True)
    assert kept == []
    assert about["dropped"] == {"mine/0": "shares a query and its image with traps"}


def test_what_a_loader_leaves_out_is_counted(tmp_path, monkeypatch):
    from collections import Counter

    from chiasm.align import for_guard
    from chiasm.align.rows import Loaded, Row

    rows = [Row(id=f"r/{k}", dataset="d", kind="benign", prompt=q, images=(png(k % 2),), chosen="")
            for k, q in enumerate(("one", "two", "three"))]  # fmt: skip
    made = Loaded(rows, Counter({"image missing": 4}))
    monkeypatch.setattr(for_guard, "loader", lambda name: lambda folder: made)
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path))
    found = sources([f"vlguard_train={tmp_path}"], [], {})
    assert [r.family == found.rows[0].family for r in found.rows] == [True, False, True]
    assert found.lost == {"vlguard_train": {"image missing": 4}}
    about = let_through(found.rows, {}, lost=found.lost)[1]
    assert about["not_used"] == {"vlguard_train": {"image missing": 4}}


def many(families=40):
    return [row(4 * f + k, unsafe=k % 2 == 0, family=f"f{f}") for f in range(families)
            for k in range(4)]  # fmt: skip


def test_a_family_is_in_one_part():
    rows = many()
    found = parts(rows, 0)
    assert sorted(k for part in found for k in part) == list(range(len(rows)))
    of = [{rows[k].family for k in part} for part in found]
    assert not (of[0] & of[1] or of[0] & of[2] or of[1] & of[2])
    assert [len(families) for families in of] == [24, 6, 10]
    assert parts(rows, 0) == found != parts(rows, 1)


def test_marked_rows_stay_where_the_data_say():
    rows = [replace(r, part="test") if r.family in ("f0", "f1") else r for r in many()]
    assert {rows[k].family for k in parts(rows, 3).test} == {"f0", "f1"}
    rows[0] = replace(rows[0], part="train")
    with pytest.raises(DataError, match="the family is in train and in test"):
        parts(rows, 0)


def test_too_few_families_are_refused():
    with pytest.raises(DataError, match="families with unsafe rows, at least 2"):
        parts(many(3), 0)


def test_temperature_undoes_a_scale():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 2, 20_000)
    unsafe = (rng.random(20_000) < calibrate.probability(truth)).astype(float)
    assert calibrate.temperature(3 * truth, unsafe) == pytest.approx(3, rel=0.05)
    before = calibrate.reliability(calibrate.probability(3 * truth), unsafe)
    after = calibrate.reliability(calibrate.probability(3 * truth, 3), unsafe)
    assert after.ece < 0.01 < before.ece
    assert after.brier < before.brier
    assert sum(n for *_, n in after.bins) == 20_000


def test_threshold_keeps_the_false_alarms():
    risk, unsafe = np.array([0.1, 0.2, 0.3, 0.4, 0.9]), np.array([0, 0, 0, 0, 1])
    assert calibrate.threshold(risk, unsafe, 0.25) == 0.3
    assert ((risk > 0.3) & (unsafe == 0)).mean() <= 0.25
    assert calibrate.threshold(risk, unsafe, 0.01) == 0.4
    assert math.isnan(calibrate.threshold(risk, np.ones(5), 0.1))


def test_auc_counts_pairs():
    rng = np.random.default_rng(1)
    scores, unsafe = rng.integers(0, 6, 60) / 5, rng.integers(0, 2, 60).astype(float)
    weights = rng.integers(0, 3, (3, 60)).astype(float)
    for w in weights:
        pairs = [(w[i] * w[j], (scores[i] > scores[j]) + (scores[i] == scores[j]) / 2)
                 for i in range(60) for j in range(60) if unsafe[i] and not unsafe[j]]  # fmt: skip
        wanted = sum(a * b for a, b in pairs) / sum(a for a, _ in pairs)
        assert measures.auc(scores, unsafe, w[None])[0] == pytest.approx(wanted)
    assert math.isnan(measures.auc(scores, np.zeros(60))[0])


def test_false_alarms_at_95_percent_hits():
    scores = np.arange(40) / 40
    unsafe = (np.arange(40) >= 20).astype(float)
    assert measures.fpr_at(scores, unsafe)[0] == 0
    unsafe[[0, 19]] = 1, 1  # 22 unsafe rows, of which the last is lost: 21 / 22 > 0.95
    assert measures.fpr_at(scores, unsafe)[0] == 0
    unsafe[5] = 1  # 22 of 23 are needed: the threshold falls to row 5
    assert measures.fpr_at(scores, unsafe)[0] == pytest.approx(13 / 17)


def figure_of(seeds):
    return measures.figure(measures.drawn("auc", seeds))


def difference_of(one, other):
    return measures.difference(*(measures.drawn("auc", seeds) for seeds in (one, other)))


def scored(rng, families=30, effect=1.0):
    unsafe = np.tile([1.0, 1, 0, 0], families)
    shared = np.repeat(rng.normal(0, 1, families), 4)
    names = np.repeat([f"f{k}" for k in range(families)], 4)
    return measures.Scored(effect * unsafe + shared + rng.normal(0, 1, 4 * families), unsafe, names)


def test_intervals_over_families_cover(monkeypatch):
    monkeypatch.setattr(measures, "DRAWS", 200)
    from scipy.stats import norm

    truth = norm.cdf(1 / 2)  # difference of two rows: N(1, 1 + 1 + 1 + 1)
    rng = np.random.default_rng(2)
    inside = [found.low <= truth <= found.high
              for found in (figure_of([scored(rng)]) for _ in range(200))]  # fmt: skip
    assert np.mean(inside) >= 0.92


def test_perfect_separation_has_a_width():
    names = np.repeat([f"f{k}" for k in range(12)], 2)
    perfect = measures.Scored(np.tile([1.0, 0], 12), np.tile([1.0, 0], 12), names)
    found = figure_of([perfect] * 3)
    assert found[:1] + found[2:3] == (1.0, 1.0)
    assert 0.6 < found.low < 0.85
    same = difference_of([perfect], [perfect])
    assert same.value == 0
    assert -0.2 < same.low < 0 < same.high
    assert same.p == 1
    one = figure_of([perfect._replace(families=np.full(24, "f"))])
    assert math.isnan(one.low)
    assert one.reason


def test_a_real_difference_is_seen():
    rng = np.random.default_rng(3)
    good, bad = scored(rng, 60, 4), None
    bad = good._replace(scores=rng.normal(size=240))
    found = difference_of([good], [bad])
    assert found.low > 0
    assert found.p < 0.01
    with pytest.raises(ValueError, match="same rows"):
        difference_of([good], [scored(rng, 30)])


def test_the_lab_world_hides_what_the_other_modality_carries():
    rows = lab_world(0)
    test = [r for r in rows if r.part == "test"]
    assert not {r.family for r in test} & {r.family for r in rows if r.part != "test"}
    acts, questions = {}, {}
    for r in test:
        if r.carrier == "pair":
            acts.setdefault(r.family.partition(" at ")[0], []).append(r.unsafe)
        if r.carrier == "image":
            questions.setdefault(r.query, []).append(r.unsafe)
    assert {np.mean(labels) for labels in acts.values()} == {0.5}
    assert len(questions) > 3  # drawn, so that each is asked of dangerous things half the time
    assert all(0.35 < np.mean(labels) < 0.65 for labels in questions.values())
    places = {}
    for r in test:
        if r.carrier == "pair":
            places.setdefault(r.family.rpartition(" ")[2], []).append(r.unsafe)
    assert {np.mean(labels) for labels in places.values()} == {0.5}


def judged(heads=("late", "concat")):
    rows = [row(k, unsafe=k % 2 == 0, family=f"f{k // 4}", dataset="d",
                carrier="pair" if k % 8 < 4 else "text") for k in range(48)]  # fmt: skip
    unsafe = np.array([float(r.unsafe) for r in rows])
    risk = {"late": np.tile([0.4, 0.6], 24), "concat": 0.2 + 0.6 * unsafe}
    return Judged(rows, risk, risk, {h: risk[h] > 0.5 for h in heads},
                  {h: np.array([r.carrier for r in rows]) for h in heads})  # fmt: skip


def test_a_comparison_names_groups_and_differences():
    found = comparison([judged()] * 2, ("late", "concat"))
    assert list(found["groups"]) == ["all", "text", "pair"]
    value = {(f["head"], f["group"]): f["value"] for f in found["figures"] if f["measure"] == "auc"}
    assert value["concat", "pair"] == 1
    assert value["late", "pair"] == 0
    (one,) = [d for d in found["differences"] if d["group"] == "all" and d["measure"] == "auc"]
    assert (one["head"], one["minus"], one["value"]) == ("concat", "late", 1.0)
    assert found["calibration"]["concat"]["hits"]["k"] == 48
    assert found["calibration"]["concat"]["carrier_right"] == {"k": 48, "n": 48}
    json.dumps(found, allow_nan=False)
    for markdown in (False, True):
        text = show.table(found, markdown=markdown)
        assert "concatenation - late fusion" in text
        assert "1.000" in text
    assert figure(found).count("<circle") == 2 * 3 * (1 + 2)


def test_without_safe_rows_there_is_a_reason():
    only = judged()
    keep = [k for k, r in enumerate(only.rows) if r.unsafe]
    cut = Judged([only.rows[k] for k in keep], *({h: v[keep] for h, v in part.items()}
                                                 for part in only[1:]))  # fmt: skip
    found = comparison([cut], ("late", "concat"))
    assert {f["reason"] for f in found["figures"]} == {"no safe rows"}
    assert "no safe rows" in show.table(found)
    assert "undefined" in figure(found)
    assert found["calibration"]["concat"]["hits"]["rate"] == 1


def test_seeds_that_test_other_rows():
    """The second seed tests other rows, and no dangers in a text."""
    one, two = judged(), judged()
    keep = [k for k, r in enumerate(two.rows) if r.carrier == "pair"]
    rows = [replace(two.rows[k], id=f"other {k}") for k in keep]
    two = Judged(rows, *({h: v[keep] for h, v in part.items()} for part in two[1:]))
    found = comparison([one, two], ("late", "concat"))
    assert {name: size["rows"] for name, size in found["groups"].items()} == {
        "all": 72, "text": 24, "pair": 48,
    }  # fmt: skip
    why = {f["reason"] for f in found["figures"] if f["group"] == "text"}
    assert why == {"1 of 2 seeds test no unsafe or no safe rows of it"}
    text = show.table(found)
    assert "those of 2 seeds together" in text
    assert "of 36" in text


@pytest.mark.parametrize("markdown", [False, True])
def test_what_is_said_of_the_test_rows_follows_from_the_facts(markdown):
    plain = comparison([judged()], ("late", "concat"))

    def said(**facts):
        return show.table({**plain, **facts}, markdown=markdown).partition("\n")[0]

    assert "share no family" not in said()
    shared = {"rows": 48, "query": 3, "picture": 2}
    apart = said(families_also_trained_on=[], shared=shared, text_cut=0)
    assert "They share no family with training" in apart
    assert "Of 48 test rows" in apart
    assert "3 have the query and 2 a picture" in apart
    assert "longer" not in apart
    both = said(families_also_trained_on=["f"], shared=None, text_cut=5)
    assert "share no family" not in both
    assert "1 of their families were trained" in both
    assert "not known" in both
    assert "5 rows have a text that is longer" in both


def test_evaluation_data_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="evaluation set"):
        sources(["siuo"], [], {})
    case = cases()[0]
    (tmp_path / "a.png").write_bytes(image_bytes(case))
    rows = [
        {**GOOD, "query": "Something else entirely?", "split": ""},
        {**GOOD, "query": case.query, "image": "b.png", "label": "safe", "split": ""},
    ]
    (tmp_path / "b.png").write_bytes(png(9))
    found = sources([str(write(tmp_path / "mine.jsonl", *rows))], [], {}).rows
    with pytest.raises(DataError, match="2 of its rows are in evaluation sets"):
        let_through(found, {})
    kept, about = let_through(found, {}, drop=True)
    assert (kept, sorted(about["dropped"])) == ([], ["mine/0", "mine/1"])
    as_test = [replace(r, part="test") for r in found]
    assert let_through(as_test, {})[0] == as_test


def test_sources_that_are_built_in():
    assert {r.carrier for r in sources(["scenes_training"], [], {}).rows} == {"pair"}
    hard = sources([], ["scenes_hard"], {}).rows
    assert len({r.family for r in hard}) == 8
    assert {r.part for r in hard} == {"test"}
    assert hard[0].pictures()
    with pytest.raises(ConfigError, match="expected a file or folder of rows"):
        sources(["nowhere"], [], {})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "ROWS", "--tower", "t", "-o", "OUT", "--heads", "many"], "no such head: many"),
        (["train", "ROWS", "--tower", "t", "-o", "OUT", "--heads", "late"], "is not among"),
        (["eval", "OUT"], "there is no guard.json"),
        (
            ["serve", "--upstream", "http://x/v1", "--check", "trained@OUT"],
            "there is no guard.json",
        ),
    ],
)
def test_errors_name_what_to_do(tmp_path, monkeypatch, arguments, said):
    monkeypatch.setattr("chiasm.guard.trained.run.require", lambda names: None)
    rows = [{"query": f"Plain {k}?", "label": "safe"} for k in range(4)]
    words = {"ROWS": str(write(tmp_path / "r.jsonl", *rows)), "OUT": str(tmp_path / "out")}
    for name, value in words.items():
        arguments = [a.replace(name, value) for a in arguments]
    done = CliRunner().invoke(main, ["guard", *arguments])
    assert done.exit_code == 2
    assert said in done.output
