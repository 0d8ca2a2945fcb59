"""Validation on public labels: MSTS with its eight recorded judges, SIUO, MOSSBench; the pages."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from chiasm.cli import main
from chiasm.errors import ConfigError, DataError
from chiasm.validation.people import MSTS_JUDGES, MSTS_LABELS
from chiasm.validation.render import as_text, render
from chiasm.validation.report import validate

DOCS = Path(__file__).resolve().parents[2] / "docs" / "judges"

MATRICES = {  # tp, fp, fn, tn; counted from the authors' two files by other code
    "gpt-4o-2024-05-13": (164, 705, 17, 3114),
    "gemini-1.5-pro": (123, 111, 58, 3708),
    "claude-3-5-sonnet-20240620": (95, 87, 86, 3732),
    "Llama-3.2-90B-Vision-Instruct": (37, 28, 144, 3791),
    "Llama-Guard-3-11B-Vision": (37, 30, 144, 3789),
    "Qwen2-VL-72B-Instruct": (36, 31, 145, 3788),
    "omni-moderation-latest": (19, 736, 162, 3083),
    "LlavaGuard-v1.2-7B-OV": (9, 128, 172, 3691),
}


@pytest.fixture(scope="module")
def msts(shared):
    return validate("msts", recorded_at=shared / "msts")


def run(*arguments):
    return CliRunner().invoke(main, ["judge", "validate", *map(str, arguments)])


def test_the_eight_matrices(msts):
    found = {j.verdicts.judge: j.figures.counts[:4] for j in msts.judges}
    assert found == MATRICES
    without = {j.verdicts.judge: dict(j.verdicts.without) for j in msts.judges}
    assert {k: v for k, v in without.items() if v} == {
        "Qwen2-VL-72B-Instruct": {"unsupported": 1},
        "LlavaGuard-v1.2-7B-OV": {"statement:": 1, "background google": 1},
    }


def test_the_two_annotators(msts):
    kappa = msts.among_people["kappa"]
    assert round(kappa.rate, 3) == 0.725
    assert (kappa.k, kappa.n) == (3894, 4000)  # as the authors' column agreement_label counts
    assert kappa.method == "kappa, 200 clusters"
    assert kappa.low < 0.66 and kappa.high > 0.78


def test_a_rare_class_lets_a_constant_judge_agree(msts):
    safe = msts.constants["always safe"].estimates
    assert safe["agreement"].rate == pytest.approx(3819 / 4000)
    assert safe["kappa"].rate == 0
    met = {j.verdicts.judge: j.meets for j in msts.judges}
    assert met["gpt-4o-2024-05-13"] == "no"
    assert "yes" not in met.values()


def test_bias_parts_add_up(msts, shared):
    for judge in msts.judges:
        for dimension in judge.bias:
            assert sum(g.n for g in dimension.groups) == 4000, dimension.name
            assert sum(g.positive for g in dimension.groups) == 181
            assert sum(g.sensitivity.k for g in dimension.groups) == judge.figures.counts.tp
    with (shared / "msts" / MSTS_LABELS).open(encoding="utf-8", newline="") as stream:
        models = [row["model"] for row in csv.DictReader(stream)]
    by_model = msts.judges[0].bias[3]
    assert {g.name: g.n for g in by_model.groups} == {m: models.count(m) for m in models}


def test_tables_fit_a_terminal(msts, shared):
    pages = [as_text(msts)]
    pages += [as_text(replace(msts, judges=[judge])) for judge in msts.judges]
    pages += [
        as_text(validate("siuo_mcqa", data=shared / "siuo")),
        as_text(validate("mossbench", data=shared / "mossbench")),
    ]
    for page in pages:
        assert [line for line in page.splitlines() if len(line) > 100] == []
    assert "164    705     17  3,114" in pages[0]
    assert "kappa 0.725" in pages[0]


def test_json_is_a_contract(shared):
    done = run("--on", "msts", "--recorded", shared / "msts", "--format", "json")
    assert done.exit_code == 0
    body = json.loads(done.output)
    assert body["schema"] == 1
    assert (body["on"], body["positive"]) == ("msts", "unsafe")
    assert (body["n"], body["clusters"]) == (4000, 200)
    assert round(body["people"]["kappa"]["rate"], 3) == 0.725
    assert [c["judge"] for c in body["constants"]] == ["always safe", "always unsafe"]
    assert body["constants"][0]["precision"]["rate"] is None
    assert body["constants"][0]["precision"]["reason"]
    found = {j["judge"]: (j["tp"], j["fp"], j["fn"], j["tn"]) for j in body["judges"]}
    assert found == MATRICES
    for judge in body["judges"]:
        assert judge["n"] == 4000 == sum(judge[k] for k in ("tp", "fp", "fn", "tn"))
        assert judge["seconds"] is None and judge["dollars"] is None
        assert sum(judge["no_verdict"]["words"].values()) == judge["no_verdict"]["n"]
        for name in ("sensitivity", "specificity", "precision", "balanced_accuracy", "kappa"):
            assert judge[name]["low"] <= judge[name]["rate"] <= judge[name]["high"]
        assert {g["by"] for g in judge["bias"]} == {"length", "wording", "category", "model"}
    qwen = next(j for j in body["judges"] if j["judge"].startswith("Qwen"))
    assert qwen["no_verdict"] == {
        "n": 1, "share": 1 / 4000, "in_fn": 0, "in_tn": 1, "words": {"unsupported": 1}
    }  # fmt: skip
    assert qwen["specificity"]["n"] == 3818
    assert qwen["specificity"]["bound_low"] < qwen["specificity"]["bound_high"]


def test_triage_is_validated_on_questions_it_was_not_fitted_on(shared, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # nothing is fitted there
    found = validate("siuo_mcqa", "chiasm/triage", data=shared / "siuo")
    judge = found.judges[0]
    assert judge.verdicts.without == {"triage abstains: short answer": 62}
    kappa = judge.figures.estimates["kappa"]
    # the page of fit-triage has the same, made by its own code
    doc = (DOCS / "triage.md").read_text("utf-8")
    assert (
        f"{'kappa decided':28} {kappa.rate:.3f}   95 % {kappa.low:.3f} .. {kappa.high:.3f}" in doc
    )
    assert found.base_rate.rate == 0.75
    with pytest.raises(ConfigError, match="fit-triage"):
        validate("msts", "chiasm/triage", data=shared / "msts")


def test_refusal_on_mossbench_is_as_its_page_says(shared):
    found = validate("mossbench", data=shared / "mossbench")
    judge = found.judges[0]
    assert judge.figures.counts == (26, 1, 3, 70, 0, 0)
    k = judge.figures.estimates["kappa"]
    doc = (DOCS / "refusal.md").read_text("utf-8")
    assert f"| refused or not | {k.rate:.2f} | {k.low:.2f} .. {k.high:.2f} |" in doc


def test_pages_in_docs_are_what_it_prints(msts, shared):
    assert (DOCS / "msts.md").read_text("utf-8").startswith(render(msts, "md").rstrip())
    for judge in msts.judges:
        name = judge.verdicts.judge
        one = render(replace(msts, judges=[judge]), "md")
        assert (DOCS / f"{name}.md").read_text("utf-8") == one, name


def test_one_judge_of_several(msts, shared):
    one = validate("msts", "gemini-1.5-pro", recorded_at=shared / "msts")
    (same,) = (j for j in msts.judges if j.verdicts.judge == "gemini-1.5-pro")
    assert one.judges[0].figures.counts == same.figures.counts
    assert one.judges[0].bias[3].groups[3].specificity == same.bias[3].groups[3].specificity


def test_rows_that_do_not_match_are_refused(shared, tmp_path):
    lines = (shared / "msts" / MSTS_JUDGES).read_text("utf-8").splitlines()
    short = tmp_path / "short.csv"
    short.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="3,999 rows of verdicts, and 4,000"):
        validate("msts", recorded_at=short, data=shared / "msts")


def test_errors_are_one_message(tmp_path):
    done = run("--on", "msts", "--recorded", tmp_path)
    assert done.exit_code == 2
    assert "error: msts:" in done.output and "chiasm data get msts" in done.output
    assert "Traceback" not in done.output
    labels = tmp_path / MSTS_LABELS
    labels.write_text("case_id,prompt_text,final_label\nc,Should I?,3 - odd\n", encoding="utf-8")
    done = run("--on", "msts", "--recorded", tmp_path)
    assert done.exit_code == 2
    assert MSTS_LABELS in done.output and "final_label" in done.output
    missing = tmp_path / "missing"
    missing.mkdir()
    (missing / MSTS_LABELS).write_text("case_id,prompt_text\nc,Should I?\n", encoding="utf-8")
    done = run("--on", "msts", "--recorded", missing)
    assert done.exit_code == 2 and 'field "final_label": the field is missing' in done.output


def test_writes_a_file(tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("id,label,j|x\na,unsafe,unsafe\nb,safe,unsafe\n", encoding="utf-8")
    out = tmp_path / "report.md"
    done = run("--on", labels, "--format", "md", "-o", out)
    assert done.exit_code == 0 and str(out) in done.output
    page = out.read_text("utf-8")
    assert page.startswith("# j\\|x on labels.csv")
    assert "| people: safe | 1 | 0 | 0 |" in page


def test_refusal_and_triage_on_free_answers(shared, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = CliRunner().invoke(main, ["judge", "fit-triage", "--data", str(shared / "siuo")])
    assert done.exit_code == 0
    for judge, page in (("chiasm/refusal", "refusal.md"), ("chiasm/triage", "triage.md")):
        found = validate("msts", judge, data=shared / "msts").judges[0]
        doc = (DOCS / page).read_text("utf-8")
        c = found.figures.counts
        decided = (c.tp, c.fn - c.without_positive, c.without_positive)
        assert "| unsafe | " + " | ".join(map(str, decided)) + " |" in doc
        decided = (c.fp, c.tn - c.without_negative, c.without_negative)
        assert "| safe | " + " | ".join(f"{v:,}" for v in decided) + " |" in doc
        for name in ("sensitivity", "specificity", "precision", "balanced_accuracy"):
            e = found.figures.estimates[name]
            label = name.replace("_", " ")
            assert f"| {label} | {100 * e.rate:.1f} ({100 * e.low:.1f}..{100 * e.high:.1f})" in doc


def test_msts_has_no_images_for_a_model(shared):
    with pytest.raises(ConfigError, match="addresses of its images"):
        validate("msts", "openai/gpt-4o", recorded_at=shared / "msts")


def test_a_column_may_be_named_as_providers_name_models(shared, tmp_path):
    lines = (shared / "msts" / MSTS_JUDGES).read_text("utf-8").splitlines()
    own = tmp_path / "own.csv"
    first = [line.split(",")[0] for line in lines[1:]]
    own.write_text("\n".join(["openai/gpt-4o", *first]) + "\n", encoding="utf-8")
    found = validate("msts", "openai/gpt-4o", recorded_at=own, data=shared / "msts")
    assert found.judges[0].figures.counts[:4] == MATRICES["Qwen2-VL-72B-Instruct"]
