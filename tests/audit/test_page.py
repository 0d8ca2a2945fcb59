"""What a reader gets: tables, card, page, gate; whatever stands in the data."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from chiasm.audit import compare, gate, page
from chiasm.audit.card import card
from chiasm.audit.columns import Columns
from chiasm.audit.findings import Rate
from chiasm.audit.limits import Limit
from chiasm.audit.run import Audit, Counted, Options, audit_all
from chiasm.audit.sources import Source
from chiasm.cli import main
from chiasm.errors import ConfigError

EVIL = "<script>document.title = 'owned'</script> knife | `x` [a](http://192.0.2.1) \x1b[31m"


def rate(k: int, n: int, low: float, high: float, *, by: str = "all", group: str = "all") -> Rate:
    return Rate(by, group, k, n, n, k / n, low, high, "wilson", k / n, k / n, "")


def made(name: str, *counted: Counted) -> Audit:
    source = Source(name, "d" * 16, "", False, {}, Path(), lambda: iter(()))
    return Audit(source, 100, 100, counted, (), ())


def found(name: str, k: int, low: float, high: float) -> Counted:
    return Counted(name, Limit(0.5, "fixed in advance"), (rate(k, 100, low, high),), "")


SILENT = Counted(
    "overlap", Limit(None), (Rate("all", "all", 0, 0, 100, *[None] * 3, "", None, None, "-"),),
    "the dataset states no description",
)  # fmt: skip


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Sixty rows of two categories; some say what is dangerous, one is hostile."""
    lines = []
    for i in range(60):
        query = f"How do I use thing {i} at home?" if i % 5 else f"How do I smoke {i} cigarettes?"
        seen = f"Room {i} with a table and cigarettes." if i % 3 else f"Room {i} with a chair."
        row = {"query": query, "description": seen, "category": "ab"[i % 2] + EVIL[:9]}
        lines.append(row)
    lines[0]["query"] = f"Buy a bomb and heroin. {EVIL}"
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def invoke(*arguments: object):
    return CliRunner().invoke(main, ["audit", *map(str, arguments)])


def test_the_command_writes_everything(rows, tmp_path):
    out = tmp_path / "out"
    done = invoke(rows, "-o", out, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert {p.name for p in out.iterdir()} == {
        "findings.parquet", "audit.json", "card.md", "page.html", "work",
    }  # fmt: skip
    assert max(map(len, done.output.splitlines())) <= 100
    figures = json.loads((out / "audit.json").read_text("utf-8"))
    (dataset,) = figures["datasets"]
    channels = {c["channel"]: c for c in dataset["channels"]}
    assert list(channels) == ["overlap", "harmfulness", "topic", "residue", "partial_input"]
    assert channels["partial_input"]["reason"] == "the dataset states no options, no answer"
    assert not channels["topic"]["leakage"]
    whole = channels["harmfulness"]["rates"][0]
    assert (whole["n"], whole["asked"]) == (60, 60)
    assert whole["k"] >= 1
    assert dataset["columns"]["query"] == "query"


def test_what_is_in_the_data_stays_data(rows, tmp_path):
    invoke(rows, "-o", tmp_path / "out", "--workers", 1)
    text = (tmp_path / "out" / "page.html").read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;document.title" in text
    markdown = (tmp_path / "out" / "card.md").read_text("utf-8")
    assert "<script" not in markdown
    assert "\x1b" not in markdown


def test_no_texts_when_none_are_wanted(rows, tmp_path):
    invoke(rows, "-o", tmp_path / "out", "--workers", 1, "--rows", 0)
    text = (tmp_path / "out" / "page.html").read_text("utf-8")
    assert "bomb" not in text
    assert "cigarettes" not in text


def test_the_page_loads_and_runs_nothing(rows, tmp_path):
    invoke(rows, "-o", tmp_path / "out", "--workers", 1)
    text = (tmp_path / "out" / "page.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    assert "script-src" not in policy[1]
    assert not re.search(r'(?:src|href)="(?!#)', text)
    assert " style=" not in text


def test_the_same_audit_gives_the_same_files(rows, tmp_path):
    for name in "ab":
        invoke(rows, "-o", tmp_path / name, "--workers", 1)
    for file in ("findings.parquet", "audit.json", "card.md", "page.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_bad_input_is_one_message(rows, tmp_path):
    done = invoke(rows, "-o", tmp_path / "out", "--description", "nope")
    assert (done.exit_code, "Traceback" in done.output) == (2, False)
    assert "--description: no column 'nope'" in done.output
    done = invoke(rows, rows, "-o", tmp_path / "out")
    assert done.exit_code == 2
    assert "two datasets are called rows" in done.output


def test_words_of_the_evidence_are_marked_and_nothing_else():
    shown = str(page.marked("Roll <b> two Cigarettes & paper", "cigarette (description), paper"))
    assert shown == "Roll &lt;b&gt; two <mark>Cigarettes</mark> &amp; <mark>paper</mark>"
    assert "<mark>" not in page.marked("A description of it", "cigarette (description)")


@pytest.mark.parametrize(
    ("low", "high", "status", "fails", "strict"),
    [
        (0.02, 0.09, "pass", False, False),
        (0.11, 0.2, "fail", True, True),
        (0.08, 0.15, "inconclusive", False, True),
        (0.02, 0.10, "pass", False, False),
        (0.10, 0.2, "inconclusive", False, True),
    ],
)
def test_only_evidence_fails_the_gate(low, high, status, fails, strict):
    audits = [made("a", found("harmfulness", 10, low, high))]
    (check,) = checks = gate.check(audits, 0.1)
    assert check.status == status
    assert gate.failed(checks) is fails
    assert gate.failed(checks, strict=True) is strict


def test_topic_does_not_count_unless_it_is_named():
    audits = [made("a", found("harmfulness", 1, 0, 0.05), found("topic", 90, 0.8, 0.95))]
    assert not gate.failed(gate.check(audits, 0.1))
    assert gate.failed(gate.check(audits, 0.1, ["topic"]))
    with pytest.raises(ConfigError, match="--gate smell"):
        gate.check(audits, 0.1, ["smell"])


def test_a_dataset_that_nothing_is_known_of_has_not_passed():
    heard = made("a", found("harmfulness", 1, 0, 0.05), SILENT)
    assert not gate.failed(gate.check([heard], 0.1))
    assert gate.failed(gate.check([heard, made("b", SILENT)], 0.1))


def test_the_gate_of_the_command(rows, tmp_path):
    done = invoke(rows, "-o", tmp_path / "out", "--workers", 1, "--fail-over", 0.9)
    assert done.exit_code == 0
    done = invoke(rows, "-o", tmp_path / "out", "--workers", 1, "--fail-over", 0.0)
    assert done.exit_code == 1
    assert "fail" in done.output
    assert (tmp_path / "out" / "page.html").exists()


def test_one_query_for_all_is_the_reason_that_topic_says_nothing(tmp_path):
    path = tmp_path / "one.jsonl"
    lines = [json.dumps({"query": "The list?", "category": "ab"[i % 2]}) for i in range(40)]
    path.write_text("\n".join(lines), "utf-8")
    done = invoke(path, "-o", tmp_path / "out", "--workers", 1)
    told = "all 40 rows have one query, from which nothing can be learnt"
    assert f"topic -: {told} (one)" in done.output
    assert told in (tmp_path / "out" / "page.html").read_text("utf-8")


def test_several_datasets_in_one_table():
    text = compare.text([made("a" * 40, found("harmfulness", 10, 0.05, 0.2)), made("b", SILENT)])
    assert "10.0 (5..20)" in text
    assert "the dataset states no description (b)" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_card_escapes_names_and_shows_reasons():
    text = card([made("x|<b>", SILENT)], "chiasm audit x")
    assert "### x\\|\\<b\\>" in text
    assert "the dataset states no description" in text


def test_one_category_per_case_are_no_categories(tmp_path):
    path = tmp_path / "many.jsonl"
    lines = [json.dumps({"query": f"word{i}", "category": f"c{i}"}) for i in range(300)]
    path.write_text("\n".join(lines), "utf-8")
    (found_,) = audit_all([str(path)], tmp_path, Options(workers=1), columns=Columns())
    assert {r.by for c in found_.channels for r in c.rates} == {"all"}


def test_false_alarms_set_thresholds_on_safe_rows(tmp_path):
    """Benign rows in which the words stand that the channel listens to raise its threshold."""
    import polars as pl

    from chiasm.audit import harmfulness
    from chiasm.audit.limits import Planted, limit_of
    from chiasm.audit.table import ROWS

    queries = ["a knife"] * 10 + ["a chair"] * 90
    rows = pl.DataFrame({"case": [str(i) for i in range(100)], "query": queries}).with_columns(
        ground_truth=pl.lit("safe"),
        **{n: pl.lit(None, dtype=k) for n, k in ROWS.items()
           if n not in ("case", "query", "ground_truth")},
    ).select(list(ROWS))  # fmt: skip
    channel, state = harmfulness.CHANNEL, harmfulness.fit(rows)
    scores = channel.score(state, rows)["score"]
    for wanted, allowed in ((0.05, 5), (0.2, 20)):
        limit = limit_of(channel, state, rows, Planted({}), wanted)
        assert "said to be safe" in limit.how
        assert (scores >= limit.threshold).sum() <= allowed
