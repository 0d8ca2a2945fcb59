"""Logs, or a file of responses -> the table of responses and the texts of those that are drawn.

A file of responses is JSON Lines, an object a line: ``query`` (or ``question``), ``response``, and
where they are known ``id``, ``model``, ``benchmark``, ``ground_truth`` (``unsafe`` by default),
``image`` or ``images`` (paths relative to the folder in --data, or to the file), ``options``, and a
judge's ``verdict`` with the ``judge``.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from chiasm.annotate.items import OUTCOMES, Item
from chiasm.cases import Case
from chiasm.errors import DataError
from chiasm.labels.records import answer_digest, response_id
from chiasm.report.frame import SCHEMA, responses
from chiasm.report.page_images import root_of

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample


class Pool(NamedTuple):
    """All responses.

    Attributes:
        frame: As `chiasm.report.responses` gives it.
        texts: Response -> item, of a file of responses; of logs empty, they are read when drawn.
    """

    frame: pl.DataFrame
    texts: Mapping[str, Item]


def read(paths: Sequence[Path], folders: Mapping[str, str]) -> Pool:
    """Read logs (files or folders of ``.eval``) or files of responses (``.jsonl``).

    Args:
        paths: All logs, or all files of responses.
        folders: Where images are: benchmark -> folder, "" for all.

    Raises:
        DataError: Something can't be read; names the file and row.
    """
    files = [path for path in paths if path.suffix == ".jsonl"]
    if files and len(files) < len(paths):
        raise DataError("logs and files of responses can't be mixed")
    if not files:
        return Pool(responses(paths), {})
    rows, texts = [], {}
    for file in files:
        for number, value in lines(file):
            item, row = from_json(value, file, number, folders)
            if item.response in texts:
                raise DataError("the same response is there twice", file=str(file), row=number)
            texts[item.response] = item
            rows.append(row)
    if not rows:
        raise DataError("holds no responses", file=", ".join(map(str, files)))
    return Pool(pl.DataFrame(rows, schema=SCHEMA), texts)


def texts(pool: Pool, wanted: Collection[str], folders: Mapping[str, str]) -> dict[str, Item]:
    """The texts of these responses; logs are read whole, one at a time."""
    if pool.texts:
        return {response: pool.texts[response] for response in wanted}
    from inspect_ai.log import read_eval_log

    rows = pool.frame.filter(pl.col("response").is_in(list(wanted))).unique("response")
    found: dict[str, Item] = {}
    for (path,), group in rows.group_by("log"):
        first = group.row(0, named=True)
        about = json.loads(first["about"])
        digest = str(about.get("dataset", {}).get("digest", ""))
        log = read_eval_log(str(path), resolve_attachments=True)
        given = log.eval.task_args.get("data")
        logged = given if isinstance(given, str) else None
        root = root_of(first["benchmark"], folders, logged, digest)
        names = {(r["case"], r["epoch"]): r["response"] for r in group.iter_rows(named=True)}
        for sample in log.samples or []:
            name = names.get((str(sample.id), sample.epoch))
            if name is not None:
                found[name] = _item(name, sample, root)
    return found


def _item(response: str, sample: "EvalSample", root: Path | None) -> Item:
    case = Case.from_json(sample.metadata["case"])
    answers = [s.answer for s in (sample.scores or {}).values() if s.answer is not None]
    said = answers[0] if answers else "" if sample.output.empty else sample.output.completion
    return Item(
        response=response,
        turns=case.turns,
        images=case.images,
        root=str(root.resolve()) if root else "",
        options=case.options,
        answer=said,
        ground_truth=case.ground_truth,
    )


def lines(file: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with their line numbers.

    Raises:
        DataError: It is missing, or a line is no object.
    """
    if not file.is_file():
        raise DataError("no such file", file=str(file))
    with file.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"not JSON: {error}", file=str(file), row=number) from None
            if not isinstance(value, dict):
                raise DataError("expected an object", file=str(file), row=number)
            yield number, value


def from_json(
    value: Mapping[str, Any], file: Path, number: int, folders: Mapping[str, str]
) -> tuple[Item, dict[str, Any]]:
    """An item, and its row of the table, from an object of a file of responses.

    Raises:
        DataError: A field is missing or can't be.
    """

    def text(names: tuple[str, ...], usual: str | None = None) -> str:
        for name in names:
            if isinstance(value.get(name), str):
                return str(value[name])
        if usual is None:
            raise DataError("expected a text", file=str(file), row=number, field=" or ".join(names))
        return usual

    truth = text(("ground_truth",), "unsafe")
    verdict = text(("verdict",), "no_verdict")
    if truth not in OUTCOMES:
        raise DataError(
            f"{truth!r}: expected unsafe or safe", file=str(file), row=number, field="ground_truth"
        )
    query, said = text(("query", "question")), text(("response", "answer"))
    benchmark, model = text(("benchmark",), file.stem), text(("model",), "unknown")
    case = str(value.get("id", number))
    digest = answer_digest(said.encode("utf-8", "replace").decode())
    response = response_id(benchmark, "full", model, case, 1, digest)
    folder = folders.get(benchmark, folders.get("")) or file.parent
    item = Item(
        response=response,
        turns=(query,),
        images=_strings(value, ("images", "image"), file, number),
        root=str(Path(folder).resolve()),
        options=_strings(value, ("options",), file, number),
        answer=said,
        ground_truth=truth,
    )
    row: dict[str, Any] = dict.fromkeys(SCHEMA)
    row |= {
        "benchmark": benchmark, "protocol": "custom", "view": "full", "model": model,
        "judge": text(("judge",), "none"), "source": "file", "run": answer_digest(str(file))[:8],
        "case": case, "epoch": 1, "cluster": str(value.get("cluster", case)),
        "category": text(("category",), ""), "ground_truth": truth, "safety": verdict,
        "retry": False, "response": response, "log": str(file),
        "about": '{"marks": [], "skipped": {}}',
    }  # fmt: skip
    return item, row


def _strings(
    value: Mapping[str, Any], names: tuple[str, ...], file: Path, number: int
) -> tuple[str, ...]:
    found: Any = next((value[name] for name in names if value.get(name)), [])
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or not all(isinstance(s, str) for s in listed):
        raise DataError("expected texts", file=str(file), row=number, field=names[0])
    return tuple(listed)
