"""Things to draw: one function each, in its own frame (see `chiasm.scenes.shapes`)."""

from collections.abc import Callable, Mapping
from random import Random
from types import ModuleType

from chiasm.scenes.objects import (
    animals,
    appliances,
    belongings,
    buildings,
    clutter,
    compositions,
    drinks,
    food,
    household,
    nature,
    outdoors,
    papers,
    signs,
    sites,
    treats,
    vehicles,
)
from chiasm.scenes.shapes import Pen

Draw = Callable[[Pen, Random], None]


def _public(module: ModuleType) -> dict[str, Draw]:
    return {
        name: value
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and value.__module__ == module.__name__
    }


_MODULES = (
    animals,
    appliances,
    belongings,
    buildings,
    clutter,
    compositions,
    drinks,
    food,
    household,
    nature,
    outdoors,
    papers,
    signs,
    sites,
    treats,
    vehicles,
)

OBJECTS: Mapping[str, Draw] = {
    name: draw for module in _MODULES for name, draw in _public(module).items()
}
"""Every public function of this folder's files, by its name."""
