"""Checks of single texts: what is empty, left over, hidden or oddly written."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from chiasm.cases import Case
from chiasm.data.finding import Finding

RESIDUE = re.compile(
    r"(?:combined|paired|coupled) with (?:the|an?) (?:image|picture) analysis"
    r"|\((?:note|translation|explanation):"
    r"|\b(?:this|the) (?:revised|rewritten|rephrased) (?:query|question|instruction|prompt)\b"
    r"|\bthis revision is\b",
    re.IGNORECASE,
)
"""A text generator's own talk about its task, rather than what a user says."""

STRAY_MARKUP = re.compile(r"\s*[*#_`>-]+[ \t]*\n")
"""A first line of markup and nothing else."""

_ESCAPE = re.compile(r"\\n(?![a-z])|\\\\n(?![a-z])|\\[rt](?![A-Za-z])|\\\"|\\u[0-9a-fA-F]{4}")
r"""A backslash sequence that was never decoded; LaTeX such as \times or \nabla is none."""

_SPACES = frozenset(" \n\t\r")

SCRIPTS = ("LATIN", "GREEK", "MODIFIER", "FEMININE", "MASCULINE", "MICRO")
"""Unicode names of letters begin with these in European text and formulas."""

QUOTED = 40
"""Characters that a detail quotes at most."""


def texts(case: Case) -> Iterator[tuple[str, str]]:
    """All texts of a case: (field, text)."""
    yield "query", case.query
    for letter, option in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", case.options, strict=False):
        yield f"options.{letter}", option
    for name in ("description", "hazard", "warning", "reference"):
        if text := getattr(case.oracle, name):
            yield f"oracle.{name}", text


def empty_query(cases: Iterable[Case]) -> Iterator[Finding]:
    """EMPTY_QUERY: the user says nothing."""
    for case in cases:
        if not all(turn.strip() for turn in case.turns):
            yield Finding("EMPTY_QUERY", case.id, "query", "nothing but white space")


def no_description(cases: Sequence[Case]) -> Iterator[Finding]:
    """NO_DESCRIPTION: the image is not described, in a set where others are."""
    without = [c for c in cases if not c.oracle.description.strip() and c.images]
    if len(without) < sum(bool(c.images) for c in cases):
        for case in without:
            yield Finding("NO_DESCRIPTION", case.id, "oracle.description", "empty")


def residue(cases: Iterable[Case]) -> Iterator[Finding]:
    """RESIDUE: the query holds talk of the generator that wrote it, or begins with its markup."""
    for case in cases:
        if found := RESIDUE.search(case.query):
            yield Finding("RESIDUE", case.id, "query", f"says {found.group()!r}")
        elif found := STRAY_MARKUP.match(case.query):
            yield Finding("RESIDUE", case.id, "query", f"begins with {found.group()!r}")


def edge_space(cases: Iterable[Case]) -> Iterator[Finding]:
    """EDGE_SPACE: white space before or after a text."""
    for case in cases:
        for field, text in texts(case):
            sides = [("before", text[:1].isspace()), ("after", text[-1:].isspace())]
            if found := " and ".join(side for side, is_space in sides if is_space):
                yield Finding("EDGE_SPACE", case.id, field, found)


def line_break(cases: Iterable[Case]) -> Iterator[Finding]:
    """LINE_BREAK: a query of several lines."""
    for case in cases:
        if any("\n" in turn.strip() for turn in case.turns):
            many = case.query.count("\n")
            yield Finding("LINE_BREAK", case.id, "query", f"line breaks: {many}")


def literal_escape(cases: Iterable[Case]) -> Iterator[Finding]:
    r"""LITERAL_ESCAPE: the two characters ``\n`` instead of a line break, and the like."""
    for case in cases:
        for field, text in texts(case):
            if found := _ESCAPE.findall(text):
                yield Finding("LITERAL_ESCAPE", case.id, field, f"{len(found)} times {found[0]}")


def invisible(cases: Iterable[Case]) -> Iterator[Finding]:
    """INVISIBLE: zero-width and other format characters, and spaces that are not plain ones."""
    for case in cases:
        for field, text in texts(case):
            if found := sorted({c for c in text if _hidden(c)}):
                names = ", ".join(unicodedata.name(c, f"U+{ord(c):04X}") for c in found)
                yield Finding("INVISIBLE", case.id, field, names)


def other_script(cases: Iterable[Case]) -> Iterator[Finding]:
    """OTHER_SCRIPT: letters of another script in a text that is said to be English."""
    for case in cases:
        for field, text in texts(case):
            if case.language != "en" or text.isascii():
                continue
            found = "".join(dict.fromkeys(c for c in text if _foreign(c)))
            if found:
                yield Finding("OTHER_SCRIPT", case.id, field, found[:QUOTED])


def _hidden(char: str) -> bool:
    if char in _SPACES or char.isascii():
        return not (char in _SPACES or char.isprintable())
    return unicodedata.category(char) in ("Cf", "Zs", "Zl", "Zp", "Cc", "Co")


def _foreign(char: str) -> bool:
    if char.isascii() or unicodedata.category(char) not in ("Lo", "Lu", "Ll", "Lm"):
        return False
    return not unicodedata.name(char, "").startswith(SCRIPTS)
