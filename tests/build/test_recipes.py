"""Recipes: read strictly; what is never built; taxonomies."""

from pathlib import Path

import pytest

from chiasm.build import rules, taxonomy
from chiasm.build.forecast import plan
from chiasm.build.items import Dropped, Item, Kept
from chiasm.build.paths import drafts
from chiasm.build.recipe import Recipe, parse, read
from chiasm.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
GRIDS = {"name": "x", "taxonomy": "household", "grids": {}}


def item(**values: object) -> Item:
    return Item(**{"id": "risk-1", "path": "risk", "category": "food", "cluster": "1", **values})


def made(**values: object) -> Recipe:
    return parse({**GRIDS, **values}, Path("r.yaml"))


@pytest.mark.parametrize("path", sorted(ROOT.glob("recipes/*/build.yaml")), ids=str)
def test_shipped_recipes_are_read(path: Path) -> None:
    recipe = read(path)
    assert recipe.name == path.parent.name
    assert (path.parent / "README.md").is_file()
    rules.check_recipe(recipe)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"langauge": "de"}, "did you mean language"),
        ({"grids": {"variant": 2}}, "did you mean variants"),
        ({"grids": None, "name": "x", "seed": "1"}, "seed: expected int"),
        ({"name": "Über"}, "lower-case letters"),
        ({"name": "scenes"}, "is a benchmark of"),
        ({"use": "fun"}, "use: one of"),
        ({"risk": {}}, "writer"),
        ({"models": {"cook": "a/b"}}, "roles are"),
        ({"illustrate": {"backend": "crayon"}}, "backend: one of"),
        ({"taxonomy": "no.toml"}, "no such file"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(change: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(**change)


@pytest.mark.parametrize("source", ["scenes", "lab"])
def test_nothing_that_is_reserved_is_built_to_train_on(source: str, tmp_path: Path) -> None:
    wanted = {"source": source, "split": "evaluation", "variants": 1}
    with pytest.raises(ConfigError, match="models are tested on it"):
        drafts(made(use="training", grids=wanted), tmp_path)
    assert not any(tmp_path.iterdir())


def test_the_writer_stands_in_for_all_but_judge_and_painter() -> None:
    recipe = made(models={"writer": "a/b"})
    assert recipe.model("critic") == "a/b"
    assert not recipe.has("judge")
    with pytest.raises(ConfigError, match="judge"):
        recipe.model("judge")


@pytest.mark.parametrize(
    "texts",
    [
        {"description": "A child.", "query": "Something sexual about this?"},
        {"description": "Eine Schülerin", "hazard": "Nacktheit"},
        {"description": "a 15-year-old", "queries": ("an erotic story",)},
        {"options": ("teen", "porn")},
    ],
)
def test_sexual_content_about_minors_is_refused_whatever_the_recipe_says(texts: dict) -> None:
    assert rules.apply(item(**texts), made(allow_adult=True)) == Dropped(rules.MINORS)


@pytest.mark.parametrize("texts", [
    {"description": "A child beside a stove.", "query": "May she cook?"},
    {"description": "Two grown people, a sexual health leaflet", "query": "What does it say?"},
])  # fmt: skip
def test_either_alone_is_not(texts: dict) -> None:
    assert isinstance(rules.apply(item(**texts), made()), Kept)


def test_sexual_categories_are_off_until_they_are_asked_for() -> None:
    one = item(category="Erotic")
    assert rules.apply(one, made()) == Dropped(rules.ADULT)
    assert isinstance(rules.apply(one, made(allow_adult=True)), Kept)


def test_a_taxonomy_that_asks_for_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(
        '[[category]]\nname = "a"\ndefinition = "minors and sexual content"\n'
    )
    recipe = parse({**GRIDS, "taxonomy": "t.toml", "allow_adult": True}, tmp_path / "r.yaml")
    with pytest.raises(ConfigError, match="always"):
        rules.check_recipe(recipe)


def test_taxonomies() -> None:
    text = '[[category]]\nname="a"\n[[category.sub]]\nname="b"\ndefinition="c"\nadult=true\n'
    (sub,) = taxonomy.parse(text, "x")
    assert (sub.label, sub.adult) == ("a / b", True)
    for broken in ("", '[[category]]\nname="a"\n', "[[", '[[category]]\nnme="a"\n'):
        with pytest.raises(ConfigError):
            taxonomy.parse(broken, "x")


def test_published_taxonomies_are_the_ones_of_the_data() -> None:
    siuo, vlsbench = (taxonomy.load(name, Path()) for name in ("siuo", "vlsbench"))
    assert (len({s.category for s in siuo}), len(siuo.subs)) == (9, 33)
    assert (len({s.category for s in vlsbench}), len(vlsbench.subs)) == (6, 19)
    assert all(s.definition for s in (*siuo, *vlsbench))
    assert {s.category for s in vlsbench if s.adult} == {"Erotic"}
    assert not any(s.adult for s in siuo)
    for name in ("siuo", "vlsbench"):
        rules.check_recipe(made(taxonomy=name))
    with pytest.raises(ConfigError, match="household, siuo, vlsbench"):
        taxonomy.load("vlsbnch", Path())


def vlsbench(*, allow_adult: bool) -> Recipe:
    models = {"writer": "a/b", "judge": "a/b"}
    values = {"name": "x", "taxonomy": "vlsbench", "risk": {"each": 1}, "models": models}
    return parse({**values, "illustrate": {}, "allow_adult": allow_adult}, Path("r.yaml"))


def test_erotic_of_vlsbench_is_off_until_it_is_asked_for(tmp_path: Path) -> None:
    """Its drafts end at the rules, before anybody is asked; nobody is told of the category."""
    off, on = vlsbench(allow_adult=False), vlsbench(allow_adult=True)
    begun = drafts(off, tmp_path)
    assert len(begun) == 19
    ends = {i.subcategory: rules.apply(i, off) for i in begun}
    dropped = {name for name, outcome in ends.items() if isinstance(outcome, Dropped)}
    assert dropped == {"Adult Content", "Erotic Visual Content"}
    assert {ends[name] for name in dropped} == {Dropped(rules.ADULT)}
    assert all(isinstance(rules.apply(i, on), Kept) for i in begun)
    assert "Erotic" not in off.taxonomy.lines(adult=off.allow_adult)
    assert "Erotic" in on.taxonomy.lines(adult=on.allow_adult)
    assert [c.calls for c in plan(off) if c.step == "write"] == [17]
    assert [c.calls for c in plan(on) if c.step == "write"] == [19]


@pytest.mark.parametrize("allowed", [False, True])
def test_minors_in_an_erotic_category_are_refused_always(allowed: bool) -> None:
    recipe = vlsbench(allow_adult=allowed)
    one = item(category="Erotic", subcategory="Adult Content", description="A child on a beach.")
    assert rules.apply(one, recipe) == Dropped(rules.MINORS)


@pytest.mark.parametrize(("name", "category", "sub"), [
    ("siuo", "discrimination & stereotyping", "Sexism"),
    ("vlsbench", "Hate", "Gender and Sexual Orientation Discrimination"),
])  # fmt: skip
def test_discrimination_by_sex_is_no_sexual_content(name: str, category: str, sub: str) -> None:
    recipe = made(taxonomy=name)
    assert (category, sub) in {(s.category, s.name) for s in recipe.taxonomy}
    one = item(category=category, subcategory=sub, description="A girl's and a boy's toys.")
    assert isinstance(rules.apply(one, recipe), Kept)
    told = item(category=category, subcategory=sub, description="A child.", query="It is erotic?")
    assert rules.apply(told, recipe) == Dropped(rules.MINORS)


def test_items_survive_json() -> None:
    one = item(queries=("a", "b"), extra={"k": "v"})
    assert Item.from_json(one.to_json()) == one
