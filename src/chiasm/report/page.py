"""`chiasm report LOGS -o page.html`: figures and a browser of the cases in one offline page.

Figures come from the summaries of logs, texts from whole logs read one at a time; no model is
called. What comes from data is escaped in markup, and shown by the script as text only; the page's
own policy lets nothing run but its own script, and nothing load from a network.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from markupsafe import Markup

from chiasm.errors import ConfigError
from chiasm.html import environment
from chiasm.report import judges_text
from chiasm.report.frame import responses
from chiasm.report.page_cases import Shelf, shelf
from chiasm.report.page_categories import categories, taxonomy
from chiasm.report.page_labelled import section
from chiasm.report.page_outcomes import LOOKS
from chiasm.report.page_solvers import section as solvers_section
from chiasm.report.page_summary import group
from chiasm.report.page_writer import Options, Writer, script_json
from chiasm.report.runs import Run, split

SCHEMA = 1


class Written(NamedTuple):
    """What was written.

    Attributes:
        page: The page.
        size: Its bytes.
        blocks: Files beside it.
        notes: What a user must know.
    """

    page: Path
    size: int
    blocks: int
    notes: tuple[str, ...]


def write_page(
    paths: str | Path | Iterable[str | Path], page: Path, options: Options | None = None
) -> Written:
    """Write the page of some logs; the same logs and options give the same page.

    Args:
        paths: ``.eval`` files or folders of them.
        page: Ends in .html; texts that are not embedded go to ``<name>_files`` beside it.
        options: What it holds.

    Raises:
        ConfigError: The page's name has another ending, or an option can't be.
        DataError: See `chiasm.report.responses`.
    """
    return write_frame(responses(paths), page, options)


def write_frame(frame: pl.DataFrame, page: Path, options: Options | None = None) -> Written:
    """As `write_page`, of responses that were read before; texts come from the logs they name."""
    options = options or Options()
    if page.suffix not in (".html", ".htm"):
        raise ConfigError(f"-o {page}: expected a name that ends in .html")
    groups = split(frame)
    page.parent.mkdir(parents=True, exist_ok=True)
    shown = [_group(i, runs) for i, runs in enumerate(groups)]
    writer = Writer(page, options)
    shelves = _shelves(groups, shown)
    data = [writer.add(i, found) for i, found in enumerate(shelves)]
    for one in shown:
        one["words"] = writer.words.get(one["benchmark"], [])
        one["conventions"] = _conventions(one, groups, options.tools)
    writer.finish()
    payload = {"schema": SCHEMA, "looks": _looks(), "benchmarks": data}
    beside = {
        "judges": "\n".join(judges_text.lines(frame)).strip(),
        "labels": section(frame, options.labels),
    }
    text = _render(shown, payload, writer, beside)
    page.write_text(text, encoding="utf-8")
    return Written(page, page.stat().st_size, writer.files, tuple(writer.notes))


def _group(index: int, runs: Sequence[Run]) -> dict[str, Any]:
    shown = group(index, runs)
    order = [row["model"] for row in shown["rows"]]
    return {
        **shown,
        "categories": categories(runs, order),
        "taxonomy": taxonomy(runs, shown["benchmark"]),
        "solvers": solvers_section(runs),
    }


def _shelves(groups: Sequence[Sequence[Run]], shown: Sequence[Mapping[str, Any]]) -> list[Shelf]:
    """The runs by benchmark, in the order of the tables."""
    runs: dict[str, list[Run]] = {}
    for found, table in zip(groups, shown, strict=True):
        known = {r.model: r for r in found}
        ordered = [known[row["model"]] for row in table["rows"]]
        runs.setdefault(table["benchmark"], []).extend(ordered)
    return [shelf(name, listed) for name, listed in runs.items()]


def _conventions(
    shown: Mapping[str, Any], groups: Sequence[Sequence[Run]], tools: Sequence[str]
) -> list[dict[str, Any]]:
    """The same answers under other tools' conventions, a table a run; reads whole logs again."""
    from chiasm.report.counting import table
    from chiasm.report.raw import read_replies
    from chiasm.report.wording import NAMES, percent, span

    found = []
    runs = groups[int(shown["id"][1:])] if tools else ()
    for run in runs:
        replies = read_replies(run.about["logs"][-1])
        rows = [
            [r.name, percent(r.rate), span(r.low, r.high), f"{r.k:g}/{r.n}",
             "; ".join(part for part in (r.did, r.note) if part)]
            for r in table(replies.replies, replies.benchmark, tools)
        ]  # fmt: skip
        found.append({"model": run.model, "metric": NAMES[replies.metric], "rows": rows})
    return found


def _looks() -> dict[str, dict[str, str]]:
    return {
        look.letter: {"word": word, "label": look.label, "kind": look.kind}
        for word, look in LOOKS.items()
    }


def _render(
    shown: Sequence[Mapping[str, Any]],
    data: Mapping[str, Any],
    writer: Writer,
    beside: Mapping[str, Any],
) -> str:
    from chiasm import __version__

    style, script = _own("page.css"), _own("page.js")
    template = environment("chiasm.report").get_template("page.html.j2")
    models = {row["model"] for g in shown for row in g["rows"] if not row["policy"]}
    return template.render(
        groups=shown,
        **beside,
        models=len(models),
        benchmarks=list(dict.fromkeys(g["benchmark"] for g in shown)),
        data=Markup(script_json(data)),
        embedded=writer.embedded,
        notes=writer.notes,
        options=writer.options,
        policy=policy(style, script, local=bool(writer.files) or writer.options.images == "path"),
        style=Markup(style),
        script=Markup(script),
        folder=writer.folder.name,
        version=__version__,
    )


def policy(style: str, script: str, *, local: bool) -> str:
    """The content security policy: our style and script by their digests, and no network.

    Args:
        style: The stylesheet, as it stands in the page.
        script: The script, likewise.
        local: Whether the page has files beside it (blocks of texts, images by path).
    """
    beside = " 'self' file:" if local else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'sha256-{_digest(script)}'{beside}",
            f"style-src 'sha256-{_digest(style)}'",
            f"img-src data:{beside}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            f"trusted-types {'chiasm' if local else chr(39) + 'none' + chr(39)}",
        )
    )


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _own(name: str) -> str:
    return files("chiasm.report").joinpath("templates", name).read_text(encoding="utf-8")
