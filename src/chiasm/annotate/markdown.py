"""A small, safe part of Markdown: text -> blocks of words for the page's script.

No markup is made here or anywhere: the script makes elements of these few kinds and puts the words
in as text. Links and images stay as they are written, so that nothing is loaded or opened.
"""

import re
from typing import NamedTuple

Span = tuple[str, str]
"""Kind (empty, ``b``, ``i``, ``code``) and words."""


class Block(NamedTuple):
    """A part of a text.

    Attributes:
        kind: ``p``, ``h``, ``li``, ``quote`` or ``pre``.
        mark: Of a list item: its number or a dash; of a heading: how deep.
        spans: Its words.
    """

    kind: str
    mark: str
    spans: tuple[Span, ...]


LONGEST_LINE = 5000
"""Characters of a line in which emphasis is looked for; a longer one is shown as it is."""

# Each alternative ends at the first mark of its kind and can't start inside another: linear time.
_SPAN = re.compile(r"`([^`\n]+)`|\*\*([^*\n]+)\*\*|__([^_\n]+)__|(?<!\w)\*([^*\n]+)\*(?!\w)")
_ITEM = re.compile(r"^\s{0,12}(?:([-*+•])|(\d{1,3})[.)])\s+(.*)$")
_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")


def blocks(text: str) -> list[Block]:
    """Blocks in order; every character of the text but the marks is in one of them.

    >>> blocks("**No.** Step back.")
    [Block(kind='p', mark='', spans=(('b', 'No.'), ('', ' Step back.')))]
    """
    found: list[Block] = []
    words: list[str] = []
    code: list[str] | None = None
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line.lstrip().startswith("```"):
            _flush(found, words)
            if code is None:
                code = []
            else:
                found.append(Block("pre", "", (("", "\n".join(code)),)))
                code = None
        elif code is not None:
            code.append(line)
        else:
            _line(found, words, line)
    _flush(found, words)
    if code is not None:  # never closed
        found.append(Block("pre", "", (("", "\n".join(code)),)))
    return found


def _line(found: list[Block], words: list[str], line: str) -> None:
    if not line.strip():
        _flush(found, words)
        return
    heading = _HEADING.match(line) if line.lstrip().startswith("#") else None
    item = _ITEM.match(line)
    if heading:
        _flush(found, words)
        found.append(Block("h", str(len(heading[1])), spans(heading[2])))
    elif item:
        _flush(found, words)
        found.append(Block("li", f"{item[2]}." if item[2] else "–", spans(item[3])))
    elif line.lstrip().startswith(">"):
        _flush(found, words)
        found.append(Block("quote", "", spans(line.lstrip()[1:].strip())))
    else:
        words.append(line)


def _flush(found: list[Block], words: list[str]) -> None:
    if words:
        found.append(Block("p", "", spans("\n".join(words))))
        words.clear()


def spans(text: str) -> tuple[Span, ...]:
    """Words with their emphasis.

    >>> spans("see `rm` and **stop**")
    (('', 'see '), ('code', 'rm'), ('', ' and '), ('b', 'stop'))
    """
    if max(map(len, text.split("\n"))) > LONGEST_LINE:
        return (("", text),)
    parts: list[Span] = []
    end = 0
    for match in _SPAN.finditer(text):
        if match.start() > end:
            parts.append(("", text[end : match.start()]))
        code, strong, under, weak = match.groups()
        kind = "code" if code else "i" if weak else "b"
        parts.append((kind, code or strong or under or weak))
        end = match.end()
    if end < len(text) or not parts:
        parts.append(("", text[end:]))
    return tuple(parts)
