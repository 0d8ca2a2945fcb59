"""Benchmarks of other packages, found through Python's entry points.

A package says in its metadata ``[project.entry-points."chiasm.benchmarks"]`` and there
``NAME = "package.module:BENCHMARK"``. Its module is imported only when the benchmark is asked for
by name, or when all are listed; a package that is broken breaks nothing else.
"""

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from chiasm.benchmarks.benchmark import Benchmark
from chiasm.benchmarks.catalogue import BENCHMARKS
from chiasm.errors import ChiasmError, ConfigError

GROUP = "chiasm.benchmarks"

# what importing a module and looking a name up in it can raise; the rest is the package's own bug
_BROKEN = (
    *(ImportError, AttributeError, SyntaxError, NameError),
    *(TypeError, ValueError, OSError, ChiasmError),
)


class Plugin(NamedTuple):
    """A benchmark of another package.

    Attributes:
        name: Of the benchmark.
        package: As installed; several where two claim the name.
        found: The benchmark, or why it can't be used.
    """

    name: str
    package: str
    found: Benchmark | ConfigError


def names() -> list[str]:
    """Ours in the order of `chiasm list`, then those of other packages; nothing is imported."""
    found = entry_points(group=GROUP)
    return [*BENCHMARKS, *sorted({e.name for e in found} - BENCHMARKS.keys())]


def plugin(name: str) -> Benchmark | None:
    """The benchmark of that name from another package; None where no package has it.

    Raises:
        ConfigError: Two packages claim the name, or what is there can't be imported or is not a
            benchmark of that name.
    """
    found = {(e.value, _package(e)): e for e in entry_points(group=GROUP, name=name)}
    if len(found) > 1:
        packages = ", ".join(sorted(package for _, package in found))
        raise ConfigError(f"two packages bring a benchmark {name!r}: {packages}; remove one")
    return next((_loaded(e) for e in found.values()), None)


def plugins() -> Iterator[Plugin]:
    """All benchmarks of other packages, by name."""
    for name in names()[len(BENCHMARKS) :]:
        package = ", ".join(sorted({_package(e) for e in entry_points(group=GROUP, name=name)}))
        try:
            found = plugin(name)
        except ConfigError as error:
            yield Plugin(name, package, error)
        else:
            if found is not None:
                yield Plugin(name, package, found)


def _loaded(point: EntryPoint) -> Benchmark:
    where = f"benchmark {point.name!r} of the package {_package(point)} ({point.value})"
    try:
        found = point.load()
    except _BROKEN as error:
        raise ConfigError(
            f"{where} can't be imported: {type(error).__name__}: {error}\n"
            "       repair or remove that package"
        ) from error
    if not isinstance(found, Benchmark):
        raise ConfigError(f"{where} is a {type(found).__name__}, expected a chiasm.Benchmark")
    if found.name != point.name:
        raise ConfigError(f"{where} calls itself {found.name!r}; both names have to be the same")
    return found


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "(unknown)"
