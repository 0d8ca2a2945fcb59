"""Texts of the page: whole logs read one at a time, written in blocks of cases.

A page shows the answers of all models to a case beside each other, while a log holds all cases of
one model. So texts go from each log to a spool file per block, and blocks are put together from
these: memory holds one log and one block, however many logs there are.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from chiasm.cases import Case
from chiasm.report.page_cases import Shelf

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ChatMessageAssistant

NOT_SHOWN = {"events", "messages", "store", "attachments"}
"""Fields of a sample that the page has no use for."""

LARGE = 20_000_000
"""Bytes of a log from which on these fields are left out: that is slower, 0.8 against 0.3 ms a
sample without events, but memory then does not hold the log's images."""

LONGEST = 20_000
"""Characters of one text; what is longer is cut with a word that says so."""

Picture = Callable[[str], str]
"""An image's path in the dataset -> its address for the page; empty where there is none."""


class Texts:
    """The texts of one benchmark, spooled; use as a context manager.

    Attributes:
        queries: Case -> what was asked.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.queries: dict[str, str] = {}
        self._shelf = shelf
        self._place = {case: i for i, case in enumerate(shelf.cases)}
        self._folder = TemporaryDirectory(prefix="chiasm-page-")

    def __enter__(self) -> "Texts":
        for path, takes in _by_log(self._shelf).items():
            self._spool(path, takes)
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def blocks(self, picture: Picture) -> Iterator[dict[str, Any]]:
        """Blocks in order: ``cases``, a dictionary each, and ``said``: run, case, epoch."""
        for number in range(self._shelf.blocks):
            yield self._block(number, picture)

    def _spool(self, path: str, takes: Mapping[tuple[str, int], int]) -> None:
        """Append what the page takes of one log to the files of its blocks."""
        from inspect_ai.log import read_eval_log

        lines: dict[int, list[str]] = defaultdict(list)
        large = Path(path).stat().st_size > LARGE
        log = read_eval_log(path, exclude_fields=NOT_SHOWN if large else None)
        for sample in log.samples or []:
            case = str(sample.id)
            run = takes.get((case, sample.epoch))
            if run is None:
                continue
            block, at = divmod(self._place[case], self._shelf.per_block)
            facts = None if case in self.queries else self._facts(case, sample)
            line = {
                "run": run,
                "at": at,
                "epoch": sample.epoch,
                "said": said(sample),
                "case": facts,
            }
            lines[block].append(json.dumps(line, ensure_ascii=False))
        for block, found in lines.items():
            with self._file(block).open("a", encoding="utf-8", errors="replace") as stream:
                stream.write("\n".join(found) + "\n")

    def _facts(self, case: str, sample: "EvalSample") -> dict[str, Any]:
        facts = case_facts(sample)
        self.queries[case] = "\n\n".join(facts["turns"])
        return facts

    def _file(self, block: int) -> Path:
        return Path(self._folder.name) / f"{block}.jsonl"

    def _block(self, number: int, picture: Picture) -> dict[str, Any]:
        start = number * self._shelf.per_block
        size = len(self._shelf.cases[start : start + self._shelf.per_block])
        cases: list[dict[str, Any]] = [{} for _ in range(size)]
        heard: list[list[list[Any]]] = [
            [[None] * self._shelf.epochs for _ in range(size)] for _ in self._shelf.runs
        ]
        for line in _lines(self._file(number)):
            heard[line["run"]][line["at"]][line["epoch"] - 1] = line["said"]
            if line["case"]:
                images = [picture(path) for path in line["case"].pop("images")]
                cases[line["at"]] = {**line["case"], "images": images}
        return {"cases": cases, "said": heard}


def _by_log(shelf: Shelf) -> dict[str, dict[tuple[str, int], int]]:
    """Log -> the responses that the page takes from it, and whose run they are of."""
    found: dict[str, dict[tuple[str, int], int]] = defaultdict(dict)
    for number, run in enumerate(shelf.runs):
        columns = (run.frame["log"], run.frame["case"], run.frame["epoch"])
        for log, case, epoch in zip(*columns, strict=True):
            found[log][case, epoch] = number
    return found


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.is_file():
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)


def case_facts(sample: "EvalSample") -> dict[str, Any]:
    """What was asked, and what the benchmark knows; nothing empty but the images."""
    case = Case.from_json(sample.metadata["case"])
    oracle = {k: getattr(case.oracle, k) for k in ("description", "hazard", "warning", "reference")}
    facts: dict[str, Any] = {"options": case.options, **oracle}
    if case.answer is not None:
        facts["answer"] = case.answer
    return {
        "turns": [cut(turn) for turn in case.turns],
        "images": case.images,
        **{k: v for k, v in facts.items() if v not in ("", ())},
    }


def said(sample: "EvalSample") -> dict[str, Any]:
    """An answer, the judges' words by axis, and the model's own reasoning where it is apart."""
    scores = sample.scores or {}
    answers = [s.answer for s in scores.values() if s.answer is not None]
    text = answers[0] if answers else "" if sample.output.empty else sample.output.completion
    found: dict[str, Any] = {"text": cut(text)}
    why = {axis: cut(s.explanation) for axis, s in scores.items() if s.explanation}
    thought = [] if sample.output.empty else _reasoning(sample.output.message)
    if why:
        found["why"] = why
    if thought:
        found["thought"] = cut("\n\n".join(thought))
    if sample.error:
        found["error"] = cut(sample.error.message.strip().splitlines()[0][:300])
    return found


def _reasoning(message: "ChatMessageAssistant") -> list[str]:
    parts = [] if isinstance(message.content, str) else message.content
    return [part.reasoning for part in parts if part.type == "reasoning" and part.reasoning]


def cut(text: str) -> str:
    """At most `LONGEST` characters, and valid Unicode: half a surrogate pair is replaced."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    if len(whole) <= LONGEST:
        return whole
    return f"{whole[:LONGEST]} ... [{len(whole) - LONGEST} more characters, see the log]"
