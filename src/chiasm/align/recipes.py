"""Recipes: a mixture, a method and its settings in one YAML file, with a small version for CI."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from chiasm.align.mixtures import Part, read_parts
from chiasm.align.settings import Method, Settings, read_settings
from chiasm.errors import ConfigError

_HERE = Path(__file__)

PLACES = (Path("recipes"), _HERE.parents[1] / "recipes", _HERE.parents[3] / "recipes")
"""Where a recipe's name is looked up: here, in the installed package, in a checkout."""

KEYS = {"method", "model", "mixture", "settings"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is trained on what.

    Attributes:
        name: Of the folder.
        home: The folder.
        method: See `chiasm.align.settings.Method`.
        model: Folder or name on the hub.
        parts: The mixture.
        settings: Hyper-parameters.
    """

    name: str
    home: Path
    method: str
    model: str
    parts: tuple[Part, ...]
    settings: Settings


def names() -> list[str]:
    """The recipes that can be called by name."""
    found = {f.parent.name for place in PLACES for f in place.glob("*/recipe.yaml")}
    return sorted(found)


def read(name: str, *, smoke: bool = False) -> Recipe:
    """The recipe of that name, or of that folder or file.

    ``smoke.yaml`` says what differs from ``recipe.yaml``: another mixture in full, settings one by
    one.

    Raises:
        ConfigError: There is none, or the file is not what it should be.
    """
    file = _file(name)
    values = _yaml(file)
    if smoke:
        small = _yaml(file.parent / "smoke.yaml")
        settings = {**values.get("settings", {}), **small.pop("settings", {})}
        values = {**values, **small, "settings": settings}
    if missing := {"method", "mixture"} - values.keys():
        raise ConfigError(f"{file}: {', '.join(sorted(missing))} is missing")
    if values["method"] not in get_args(Method):
        raise ConfigError(f"{file}: method: one of {', '.join(get_args(Method))}")
    return Recipe(
        name=file.parent.name,
        home=file.parent.resolve(),
        method=values["method"],
        model=str(values.get("model") or ""),
        parts=read_parts(values["mixture"]),
        settings=read_settings(values.get("settings") or {}),
    )


def _file(name: str) -> Path:
    path = Path(name)
    places = [path, path / "recipe.yaml", *(place / name / "recipe.yaml" for place in PLACES)]
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(f"no recipe {name!r}; there are {', '.join(names()) or 'none here'}")


def _yaml(file: Path) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped]

    try:
        values = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not YAML: {error}") from None
    if not isinstance(values, Mapping):
        raise ConfigError(f"{file}: expected keys {', '.join(sorted(KEYS))}")
    if unknown := values.keys() - KEYS:
        raise ConfigError(f"{file}: unknown keys {sorted(map(str, unknown))}")
    return dict(values)
