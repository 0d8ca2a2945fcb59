import csv
import json
import math
from collections import Counter
from importlib.resources import files

import pytest

from chiasm.errors import ConfigError
from chiasm.published.groups import group, key_of
from chiasm.published.table import estimate, load, select, sources


def test_the_table_holds_the_figures_of_the_collection(shared):
    rows = json.loads((shared / "published_results.json").read_text("utf-8"))
    table = load()
    assert len(table) == len(rows) == 625
    for row, rate in zip(rows, table, strict=True):
        # Fractions are kept in percent; all else as it is. Same order, so same model.
        value = float(rate.value)
        assert value in (pytest.approx(row["value"]), pytest.approx(100 * row["value"]))
        assert row["model"].startswith(rate.model)
        if row.get("n"):
            assert rate.n == row["n"]
        if "k" in row:
            assert rate.k == row["k"]


def test_no_text_of_the_collection_is_copied(shared):
    rows = json.loads((shared / "published_results.json").read_text("utf-8"))
    sentences = {r["note"] for r in rows if "note" in r} | {r["source"] for r in rows}
    ours = files("chiasm.published").joinpath("rates.csv").read_text("utf-8")
    ours += files("chiasm.published").joinpath("sources.csv").read_text("utf-8")
    assert [s for s in sentences if s in ours] == []


def test_every_figure_is_well_formed():
    for rate in load():
        assert rate.source in sources()
        assert rate.unit in ("percent", "points") and rate.kind in ("rate", "average", "score")
        assert rate.n_from in (("stated", "size", "doubtful") if rate.n else ("",))
        if rate.kind == "rate":
            assert rate.unit == "percent" and 0 <= rate.number <= 1
        if rate.k is not None:
            assert rate.k in rate.counts(rate.n)


def test_the_csv_has_no_spare_columns():
    text = files("chiasm.published").joinpath("rates.csv").read_text("utf-8")
    assert all(None not in row and None not in row.values()
               for row in csv.DictReader(text.splitlines()))  # fmt: skip


def test_a_complement_is_printed_as_the_source_prints_it():
    (rate,) = select(load(), benchmark="siuo", model="Qwen3-VL-8B", judge="gpt-4o-mini")[:1]
    assert (rate.value, rate.printed) == ("53.30", "46.70")
    assert rate.counts(167) == [89]  # 78 unsafe of 167 is 46.706, cut to 46.70


def test_wilson_from_the_only_k():
    (rate,) = select(load(), benchmark="siuo", model="GPT-4V", metric="safe_rate")
    found = estimate(rate)
    assert (found.k, found.n) == (89, 167)
    # statsmodels.stats.proportion.proportion_confint(89, 167, method="wilson")
    assert (found.low, found.high) == (pytest.approx(0.457377, 1e-5), pytest.approx(0.607010, 1e-5))


def test_what_has_no_interval_says_why():
    why = Counter(estimate(rate).reason for rate in load())
    assert all(math.isnan(estimate(r).low) == bool(estimate(r).reason) for r in load())
    assert why["N unknown"] == 62
    assert why["a score, not k of N"] + why["an average of rates"] == 156
    # 24 VLSBench figures of arXiv 2609.02082 and 6 SIUO figures of the SafeWork card.
    assert sum(n for reason, n in why.items() if reason.startswith("N in doubt")) == 30
    assert set(why) >= {"no k of 500 gives it", "no k of 110 gives it", "no k of 280 gives it"}


def test_groups_do_not_mix_judges_protocols_views_or_metrics():
    groups = group(load())
    assert sum(len(g.entries) for g in groups) == 625
    assert len({g.key for g in groups}) == len(groups)
    siuo = [g.key for g in groups if g.key[:3] == ("siuo", "full", "safe_rate")]
    assert [(k.protocol, k.judge) for k in siuo] == [
        ("paper", "people"),
        ("own (xsafeai)", "qwen3guard-gen-8b"),
        ("own (safework)", "not stated (safework)"),
        ("paper prompt", "gpt-4o-mini"),
        ("own (mirage)", "gpt-4o"),
    ]


def test_sources_with_a_protocol_of_their_own_stand_apart():
    unstated = {key_of(r) for r in load() if r.judge == "not stated" and r.benchmark == "siuo"}
    assert len({k.judge for k in unstated}) == 3


def test_best_first_and_overlaps_with_the_best_marked():
    (people,) = group(select(load(), benchmark="siuo", metric="safe_rate", judge="people"))
    told = [(e.model, e.overlaps_best) for e in people.entries]
    assert told[0][0] == "GPT-4V" and told[2] == ("GPT-4o", True)
    assert dict(told)["Gemini 1.0 Pro"] is False  # 21.3 .. 34.8 against 45.7 .. 60.7


def test_lower_is_better_for_over_refusal():
    (moss,) = group(select(load(), benchmark="mossbench"))
    assert moss.entries[0].model == "GPT-4o" and moss.entries[-1].model == "Claude 3 Opus (web)"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"benchmark": "suio"}, "did you mean siuo"),
        ({"benchmark": "siuo", "model": "zzz"}, "model 'zzz'"),
        ({"benchmark": "mossbench", "metric": "safe_rate"}, "did you mean over_refusal_rate"),
        ({"benchmark": "mossbench", "judge": "people"}, "gpt-4-turbo"),
    ],
)
def test_unknown_words_are_told(words, told):
    with pytest.raises(ConfigError, match=told.replace("(", r"\(")):
        select(load(), **words)
