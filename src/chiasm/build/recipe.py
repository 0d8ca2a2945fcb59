"""A recipe: what is built, from what, with which models, and what an item has to pass.

YAML, read into frozen dataclasses; an unknown key is an error that names the nearest known one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from chiasm.benchmarks.plugins import names
from chiasm.build import taxonomy
from chiasm.build.settings import (
    ROLES,
    Backend,
    Detoxify,
    Filters,
    Grids,
    Illustrate,
    Joint,
    Pictures,
    Risk,
)
from chiasm.build.taxonomy import Taxonomy
from chiasm.errors import ConfigError

T = TypeVar("T")

USES = ("evaluation", "training")
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """See the module.

    Attributes:
        path: The file.
        name: Of the benchmark; case ids begin with it.
        title: One line for the card.
        taxonomy: Categories.
        language: BCP 47, of queries and answers.
        use: ``evaluation``, or ``training``: only then `chiasm align` takes it.
        licence: Of what is exported, in the hub's words (cc-by-4.0).
        seed: Of drawings and draws.
        allow_adult: Whether sexual categories (VLSBench's Erotic) are built at all.
        models: Role -> Inspect's name of a model; the judge may be ``guard/FORMAT@...``.
        references: Models that an item must be too hard for, see `Filters.difficulty`.
        risk: Path (a): from a risky object or situation.
        pictures: Path (b): from the user's pictures.
        joint: Path (c): from two benign parts.
        grids: Path (d): matched pictures and queries.
        detoxify: How queries are rewritten.
        illustrate: Where pictures come from.
        filters: What an item has to pass.
        rate: Calls a minute and model; 0 for no limit.
        prices: Model -> "IN/OUT", $ per million tokens; of the painter "$ a picture".
    """

    path: Path
    name: str
    taxonomy: Taxonomy
    title: str = ""
    language: str = "en"
    use: str = "evaluation"
    licence: str = "cc-by-4.0"
    seed: int = 0
    allow_adult: bool = False
    models: Mapping[str, str] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    risk: Risk | None = None
    pictures: Pictures | None = None
    joint: Joint | None = None
    grids: Grids | None = None
    detoxify: Detoxify = field(default_factory=Detoxify)
    illustrate: Illustrate = field(default_factory=Illustrate)
    filters: Filters = field(default_factory=Filters)
    rate: int = 0
    prices: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Paths in a recipe are relative to it."""
        return self.path.parent

    def model(self, role: str) -> str:
        """The model of a role; the writer's for roles that are left out, the judge's never.

        Raises:
            ConfigError: There is none.
        """
        usual = "" if role in ("judge", "painter") else self.models.get("writer", "")
        found = self.models.get(role) or usual
        if not found:
            raise ConfigError(f"{self.path}: models: {role}: provider/model is missing")
        return found

    def has(self, role: str) -> bool:
        """Whether a model is named for the role, itself or through the writer."""
        return bool(self.models.get(role)) or (
            role not in ("judge", "painter") and bool(self.models.get("writer"))
        )


PARTS = {
    "risk": Risk,
    "pictures": Pictures,
    "joint": Joint,
    "grids": Grids,
    "detoxify": Detoxify,
    "illustrate": Illustrate,
    "filters": Filters,
}


def read(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        ConfigError: It is missing, is not YAML, has an unknown key or a value that can't be.
    """
    import yaml  # type: ignore[import-untyped]

    if not path.is_file():
        raise ConfigError(f"{path}: no such recipe")
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected keys and values")
    return parse(data, path)


def parse(data: Mapping[str, Any], path: Path) -> Recipe:
    """A recipe from plain data; see `read`."""
    values = dict(data)
    chosen = values.pop("taxonomy", None)
    if not isinstance(chosen, str):
        raise ConfigError(f"{path}: taxonomy: a file or one of {', '.join(taxonomy.SHIPPED)}")
    for name, kind in PARTS.items():
        if name in values:
            values[name] = part(kind, values[name] or {}, f"{path}: {name}")
    values["references"] = tuple(values.get("references") or ())
    found = part(
        Recipe, {**values, "path": path, "taxonomy": taxonomy.load(chosen, path.parent)}, str(path)
    )
    _check(found)
    return found


def part(kind: type[T], values: Any, where: str) -> T:
    """One dataclass of plain data.

    Raises:
        ConfigError: A key is unknown or a value of the wrong kind.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}: expected keys and values, got {values!r}")
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"
            raise ConfigError(f"{where}: unknown key {name!r}{hint}")
    ready = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    for name, value in ready.items():
        wanted = known[name].type
        plain: dict[Any, Any] = {int: int, str: str, bool: bool, float: (int, float)}
        if wanted in plain and (
            not isinstance(value, plain[wanted]) or (wanted is not bool and value is True)
        ):
            raise ConfigError(f"{where}: {name}: expected {wanted.__name__}, got {value!r}")  # type: ignore[union-attr]
    try:
        return kind(**ready)
    except TypeError as error:
        raise ConfigError(f"{where}: {str(error).partition('() ')[2] or error}") from None


def _check(recipe: Recipe) -> None:
    where = str(recipe.path)
    if not recipe.name or set(recipe.name) - set(_NAME):
        raise ConfigError(f"{where}: name: lower-case letters, digits, - and _ only")
    if recipe.name in names():
        raise ConfigError(f"{where}: name: {recipe.name} is a benchmark of `chiasm list`")
    if recipe.use not in USES:
        raise ConfigError(f"{where}: use: one of {', '.join(USES)}")
    if not any((recipe.risk, recipe.pictures, recipe.joint, recipe.grids)):
        raise ConfigError(f"{where}: nothing to build: name risk, pictures, joint or grids")
    for role in recipe.models:
        if role not in ROLES:
            raise ConfigError(f"{where}: models: {role}: roles are {', '.join(ROLES)}")
    if recipe.illustrate.used - set(get_args(Backend)):
        known = ", ".join(get_args(Backend))
        raise ConfigError(f"{where}: illustrate: backend: one of {known}")
    _check_models(recipe)


def _check_models(recipe: Recipe) -> None:
    if recipe.risk or recipe.joint or recipe.pictures:
        recipe.model("writer")
        recipe.model("judge")
    for path, asked in (("risk", recipe.risk), ("joint", recipe.joint)):
        if asked and recipe.illustrate.of(path) == "api":
            recipe.model("painter")
