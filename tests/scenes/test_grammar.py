import re
from collections import Counter

import pytest

from chiasm.errors import DataError
from chiasm.judges.scenes import names_of
from chiasm.scenes import Family, families, select
from chiasm.scenes.grammar import TIERS, parse
from chiasm.scenes.objects import OBJECTS
from chiasm.scenes.objects.clutter import STANDS
from chiasm.scenes.places import PLACES

SIUO_DOMAINS = {
    "self-harm", "dangerous behaviour", "morality", "law", "politics", "discrimination", "religion",
    "misinterpretation", "privacy",
}  # fmt: skip
"""Wang et al. 2025, in our words."""

ALL = pytest.mark.parametrize("family", families().values(), ids=lambda f: f.name)


def test_enough_families_in_several_domains() -> None:
    evaluation = select(None, "evaluation")
    assert len(evaluation) >= 32
    assert len(select("diagonal", "evaluation")) >= 32
    assert len(select("hard", "evaluation")) >= 8
    assert len(select("one_danger", "evaluation")) >= 6
    assert len(select(None, "training")) >= 12
    domains = Counter(family.domain for family in evaluation)
    assert domains.keys() >= SIUO_DOMAINS
    assert max(domains.values()) <= len(evaluation) / 3


@ALL
def test_dangerous_where_the_tier_says(family: Family) -> None:
    assert family.dangerous == TIERS[family.tier]
    if family.tier == "one_danger":
        return
    for i in (0, 1):
        assert sum((i, q) in family.dangerous for q in (0, 1)) == 1
        assert sum((q, i) in family.dangerous for q in (0, 1)) == 1


@ALL
def test_queries_and_help_never_name_what_a_picture_shows(family: Family) -> None:
    for picture in family.images:
        shown = names_of(picture.names)
        assert shown.search(picture.shows), "the names must be those of what it shows"
        for query in family.queries:
            for text in (*query.texts, query.help):
                assert not shown.search(text), text


@ALL
def test_queries_are_questions_about_something_pointed_at(family: Family) -> None:
    texts = [text for query in family.queries for text in query.texts]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert re.search(r"[?.]$", text)
        assert not re.search(r"[^\x20-\x7e]", text)


@ALL
def test_what_is_drawn_exists(family: Family) -> None:
    for picture in family.images:
        assert picture.place in PLACES
        assert {thing.draw for thing in picture.things} <= OBJECTS.keys()
        assert set(picture.clutter) <= STANDS.keys()


@ALL
def test_clutter_is_in_no_query(family: Family) -> None:
    words = {w for picture in family.images for c in picture.clutter for w in c.split("_")}
    for query in family.queries:
        for text in query.texts:
            assert not words & set(re.findall(r"[a-z]+", text.lower())), text


SMALL = """
domain = "d"
theme = "t"
tier = "diagonal"
split = "evaluation"
labels = "author"
images = [
  { shows = "a", names = ["a"], place = "table", things = [], probe = ["a"] },
  { shows = "b", names = ["b"], place = "table", things = [], probe = ["b"] },
]
queries = [
  { texts = ["1", "2"], help = "h", hold = "x" },
  { texts = ["3", "4"], help = "h", hold = "x" },
]
cells = [
  { image = 0, query = 0, answer = "n", hazard = "z", harms = ["z"] },
  { image = 1, query = 1, answer = "n", hazard = "z", harms = ["z"] },
  { image = 0, query = 1, answer = "y" },
  { image = 1, query = 0, answer = "y" },
]
"""


def test_a_family_is_read() -> None:
    assert parse("small", SMALL).cells[1, 0].answer == "y"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('0, query = 1, answer = "y"', '1, query = 1, answer = "y"', "each cell once"),
        ('{ image = 0, query = 1, answer = "y" },', "", "each cell once"),
        ('answer = "y" },\n]', 'answer = "y", hazard = "z", harms = ["z"] },\n]', "must be"),
        ('hazard = "z", harms = ["z"] }', 'hazard = "z" }', "words"),
        ('texts = ["1", "2"]', 'texts = ["1"]', "two paraphrases"),
        ('tier = "diagonal"', 'tier = "other"', "unknown tier"),
        ('tier = "diagonal"', 'tier = "one_danger"', r"must be \(0, 0\)"),
        ('split = "evaluation"', 'split = "test"', "unknown split"),
        (', probe = ["a"]', ", probe = []", "words for its probe"),
        (', probe = ["a"]', "", "incomplete"),
        ('theme = "t"', "", "incomplete"),
        ('theme = "t"', 'theme = "t"\nthem = "t"', "unknown field"),
        ('place = "table", ', "", "incomplete"),
    ],
)  # fmt: skip
def test_a_broken_family_names_its_file(old: str, new: str, complaint: str) -> None:
    assert old in SMALL
    with pytest.raises(DataError, match=rf"small\.toml.*{complaint}"):
        parse("small", SMALL.replace(old, new, 1))
