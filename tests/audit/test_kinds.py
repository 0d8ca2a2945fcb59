"""kinds: what is not of a category's kind, counted in hazards, against scipy's test of shares."""

import polars as pl
import pytest
from scipy.stats import chi2_contingency
from tests.audit.made import real, rows

from chiasm.audit import harmfulness
from chiasm.audit.kinds import AT_MOST, others

WORDS = pl.DataFrame(
    [
        ("gun", "arms", True),
        ("lie", "talk", True),
        ("knot", "talk", False),
        ("risk", "general", True),
    ],
    schema=["lemma", "theme", "counts"],
    orient="row",
)


def stated(category: str, *hazards: str) -> list[dict[str, str]]:
    return [{"category": category, "hazard": h, "query": "gun lie"} for h in hazards]


@pytest.mark.parametrize(
    ("k", "n", "elsewhere", "rest"),
    [(0, 40, 12, 40), (0, 40, 3, 40), (0, 9, 5, 9), (2, 60, 30, 90), (20, 90, 30, 90), (5, 5, 1, 9),
     (60, 1000, 70, 1000), (100, 1000, 150, 1000), (150, 1000, 175, 1000)],
)  # fmt: skip
def test_rarer_than_elsewhere_and_not_by_chance(k, n, elsewhere, rest):
    here = stated("a", *["gun"] * k, *["cup"] * (n - k))
    there = stated("b", *["gun"] * elsewhere, *["cup"] * (rest - elsewhere))
    words, themes = others(rows(*here, *there), WORDS)
    table = [[k, n - k], [elsewhere, rest - elsewhere]]
    p = chi2_contingency(table, correction=False).pvalue / 2
    rarer = bool(p < 0.01 and k / n <= AT_MOST * elsewhere / rest)
    assert (("a", "gun") in words.rows()) is rarer
    assert (("a", "arms") in themes.rows()) is rarer


def test_a_word_that_is_said_often_speaks_for_itself_and_a_rare_one_with_its_theme():
    arms = stated("arms", *["a gun"] * 30, *["a lie"] * 20)
    talk = stated("talk", *["a lie"] * 20, *["a knot and a lie"] * 30)
    words, themes = others(rows(*arms, *talk), WORDS)
    assert themes.rows() == [("arms", "talk"), ("talk", "arms")]
    assert set(words.rows()) == {("arms", "lie"), ("arms", "knot"), ("talk", "gun")}
    more = stated("arms", *["a knot"] * 400)  # a hint: it does not make rows speak of the theme
    words, themes = others(rows(*arms, *talk, *more), WORDS)
    assert ("arms", "talk") in themes.rows()
    assert ("arms", "knot") not in words.rows()


def test_words_of_any_danger_are_of_every_kind():
    here, there = stated("a", *["cup"] * 50), stated("b", *["a risk"] * 50)
    words, themes = others(rows(*here, *there), WORDS)
    assert themes.height == 0
    assert words.rows() == [("a", "risk")]  # unless hazards of the category hardly ever say it


def test_queries_are_never_counted_and_descriptions_only_beside_a_hazard():
    here, there = stated("a", *["cup"] * 50), stated("b", *["gun"] * 50)
    frame = rows(*here, *there)
    base = others(frame, WORDS)
    for changed in (
        frame.with_columns(query=pl.lit("gun gun gun")),
        pl.concat([frame, rows(*({"category": "a", "description": "gun"} for _ in range(50)))]),
    ):
        assert [a.equals(b) for a, b in zip(base, others(changed, WORDS), strict=True)] == [
            True
        ] * 2
    seen = frame.with_columns(description=pl.lit("gun"))
    assert [f.height for f in others(seen, WORDS)] == [0, 0]


@pytest.mark.parametrize("lost", ["category", "hazard"])
def test_without_categories_or_hazards_nothing_is_known(lost):
    frame = rows(*stated("a", *["cup"] * 50), *stated("b", *["gun"] * 50))
    blank = frame.with_columns(pl.lit(None, dtype=pl.String).alias(lost))
    assert [f.height for f in others(blank, WORDS)] == [0, 0]
    assert [f.height for f in others(frame[:50], WORDS)] == [0, 0]
    assert [f.height for f in others(frame[:0], WORDS)] == [0, 0]


def test_the_kinds_of_vlsbench(shared):
    frame = real("vlsbench", shared)
    _, themes = others(frame, harmfulness.vocabulary().themes)
    found = set(themes.rows())
    own = {
        "Erotic": "sexual",
        "Hate": "hate",
        "Illegal Activity": "illegal",
        "Privacy": "privacy",
        "Self-Harm": "selfharm",
        "Violent": "violence",
    }
    assert not found & set(own.items())
    assert {(c, t) for c in own for t in ("sexual", "hate") if own[c] != t} - found <= {
        ("Privacy", "sexual")
    }
