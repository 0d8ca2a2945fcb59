"""From a benchmark's name to its cases, compared with the registry on the way."""

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

from chiasm.benchmarks.benchmark import Benchmark
from chiasm.benchmarks.catalogue import BENCHMARKS
from chiasm.benchmarks.plugins import names, plugin
from chiasm.cases import Case, Dataset, dumps
from chiasm.data.records import Record
from chiasm.data.registry import digests, locate
from chiasm.errors import ConfigError, DataError

ROWS = "ROWS"
"""The code to allow another number of rows than the registry's."""


def load(
    name: str | Benchmark, data: str | Path | None = None, allow: Collection[str] = ()
) -> Dataset:
    """The cases of a benchmark, in published order.

    Images are not looked at: a text-only run or a replay needs none, and a run that needs them
    reports those that are missing.

    Args:
        name: One of `chiasm list`, or a benchmark of one's own.
        data: A local copy; the cache by default.
        allow: DIGEST_MISMATCH for other bytes than the registered ones (the dataset is then not
            `pinned`), ROWS for another number of rows.

    Raises:
        ConfigError: There is no such benchmark, or its data are not there.
        DataError: The data are not what they should be; names file, row and field.
    """
    benchmark = resolve(name)
    root = root_of(benchmark, data)
    records = list(benchmark.records(root))
    cases = tuple(_cases(benchmark, records))
    if not cases:
        raise DataError(f"{benchmark.name}: there are no rows in {root}")
    entry = benchmark.source
    if entry is None:
        digest = _own_digest(root, records, cases)
        # What our own code draws is as pinned as this version of it.
        made = BENCHMARKS.get(benchmark.name) is benchmark and data is None
        return Dataset(name=benchmark.name, root=root, cases=cases, digest=digest, pinned=made)
    found = digests(entry, root, allow=allow)
    _check_rows(benchmark, records, allow)
    return Dataset(
        name=benchmark.name,
        root=root,
        cases=cases,
        revision=entry.revision,
        digest=found.digest,
        pinned=found.pinned,
    )


def resolve(name: str | Benchmark) -> Benchmark:
    """The benchmark of that name, ours or another package's; a `Benchmark` as it is.

    Raises:
        ConfigError: There is none, and the message suggests names; or its package is broken.
    """
    if isinstance(name, Benchmark):
        return name
    if found := BENCHMARKS.get(name) or plugin(name):
        return found
    close = get_close_matches(name, names(), n=3)
    guess = f"did you mean {', '.join(close)}?" if close else "`chiasm list` has their names"
    raise ConfigError(f"no benchmark {name!r}; {guess}")


def root_of(benchmark: Benchmark, data: str | Path | None = None) -> Path:
    """The folder that the benchmark's image paths are relative to.

    Raises:
        ConfigError: The data are not there; the message says how to get them.
    """
    if benchmark.source is not None:
        return locate(benchmark.source, data)
    if data is not None:
        if not Path(data).is_dir():
            raise ConfigError(f"{benchmark.name}: {data} is not a folder")
        return Path(data)
    if benchmark.name not in BENCHMARKS:
        raise ConfigError(
            f"{benchmark.name} is not in the registry: name its folder with data= or --data DIR"
        )
    from chiasm import scenes  # made by code, and the only ones: Pillow is loaded for them alone

    return scenes.root()


def _cases(benchmark: Benchmark, records: Sequence[Record]) -> Iterator[Case]:
    seen: set[str] = set()
    for record in records:
        case = benchmark.to_case(record)
        if case.id in seen:
            raise DataError(f"the id {case.id} occurs twice", file=record.file, row=record.row)
        seen.add(case.id)
        yield case


def _check_rows(benchmark: Benchmark, records: Sequence[Record], allow: Collection[str]) -> None:
    """Rows of the files, not cases: a row may make several."""
    rows = len({(record.file, record.row) for record in records})
    if benchmark.size and rows != benchmark.size and ROWS not in allow:
        raise DataError(
            f"{rows:,} rows, registered for {benchmark.name} are {benchmark.size:,}\n"
            f"       use what is there with --allow {ROWS}",
            file=", ".join(dict.fromkeys(record.file for record in records)),
        )


def _own_digest(root: Path, records: Sequence[Record], cases: Sequence[Case]) -> str:
    """Over the files that were read; over the cases where they are made by code."""
    files = [root / file for file in dict.fromkeys(record.file for record in records)]
    total = sha256()
    if files and all(file.is_file() for file in files):
        for file in files:
            total.update(file.read_bytes())
    else:
        total.update(dumps([case.to_json() for case in cases]).encode())
    return total.hexdigest()[:16]
