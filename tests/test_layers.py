"""Imports inside chiasm go down only, wherever they stand, and never in a circle."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

SRC = Path(__file__).resolve().parents[1] / "src"
LEVELS = (
    "errors cases stats text prompts html progress __init__",
    "data scenes labels",
    "judges models views perturb defences",
    (
        "benchmarks metrics grading select tasks run workers forecast replay replay_log recorded "
        "recorded_tables recorded_tools _registry"
    ),
    "report diagnose demo listing doctor validation published",
    "audit annotate guard mine",
    "build align lab",
    "cli __main__",
)
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts.split()}
FILES = {p.relative_to(SRC).with_suffix(""): p for p in sorted(SRC.rglob("*.py"))}
MODULES = {".".join(f.parts).removesuffix(".__init__"): p for f, p in FILES.items()}


def imported(path):
    """The modules of chiasm that a file imports, in functions and for type checking too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (n if n in MODULES else node.module for n in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def graph():
    """Module -> what it imports; without `chiasm` itself, whose names are loaded when used."""
    own = {name: set(imported(path)) for name, path in MODULES.items() if name != "chiasm"}
    return {name: {i for i in imports if i in own} for name, imports in own.items()}


def part(module):
    return module.split(".")[1]


def test_every_part_has_a_level():
    assert {part(name) for name in graph()} <= LEVEL.keys()


def test_imports_go_down_only():
    up = [
        f"{name} imports {other}"
        for name, others in graph().items()
        for other in others
        if LEVEL[part(other)] > LEVEL[part(name)]
    ]
    assert up == []


def test_no_circles():
    TopologicalSorter(graph()).prepare()  # raises CycleError, which names the circle


def test_stats_knows_numpy_and_scipy_only():
    own = [path for name, path in MODULES.items() if f"{name}.".startswith("chiasm.stats.")]
    known = {*sys.stdlib_module_names, "numpy", "scipy", "chiasm"}
    imports = {i for path in own for i in imported(path)}
    assert {i for i in imports if i.split(".")[0] not in known} == set()
