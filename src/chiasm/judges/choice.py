"""Reading a multiple-choice answer: which option was chosen, or that nobody can tell.

It never guesses. A wrong guess adds up to a quarter of all unreadable answers to the accuracy, and
more often for some models than for others; an unreadable answer is `no_verdict` and is counted.
The article "a", a letter within a word, an option that is only named to be turned down, and two
options without a choice between them are all read as what they are.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from chiasm.judges.verdicts import json_object, looks_like_json
from chiasm.text import normalise

_STYLED = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}")
_BOXED = re.compile(r"\\boxed\s*\{([^{}]*)\}")
_MARKUP = re.compile(r"[*_`$\"]+|</?answer>", re.IGNORECASE)
_KEYS = ("answer", "choice", "option", "letter", "correct_option", "final_answer")

_NOUN = r"(?:answers?|choices?|options?|responses?|letters?|solution)"
_WELL = r"(?:correct|right|best|safest|safe|most appropriate|most suitable|appropriate|preferable)"
_BADLY = (
    r"(?:not|incorrect|wrong|unsafe|dangerous|harmful|worse|worst|risky|inappropriate|bad|out|"
    r"misleading|false|never|illegal)"
)
_FOLLOWS = r"(?=\s*(?:$|[.,;:!?)\]}\n-])|\s+(?:because|since|as|is|for|and it|which|due|[A-Z]))"
"""What stands after an option's letter, but not after the article: "A because", not "A good"."""


def parse_choice(reply: str, n_options: int, options: Sequence[str] = ()) -> int | None:
    """The option that an answer chooses.

    Args:
        reply: The answer, reasoning split off.
        n_options: How many options there were, 2 <= n_options <= 26; letters beyond are none.
        options: Their texts, where an answer that only repeats one of them should be read too.

    Returns:
        Its index from 0, or None: refusals, several options, no option, anything doubtful.

    >>> parse_choice("B is best; A is unsafe", 4), parse_choice("A good question.", 4)
    (1, None)
    """
    if looks_like_json(reply):
        return _of_json(json_object(reply) or {}, n_options)
    text = _plain(reply)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:n_options]
    for read in (_alone, _conflict, _declared, _last_line, _leading, _only_mention):
        found = read(text, letters)
        if len(found) == 1:
            return letters.index(found.pop())
        if found:
            return None
    return _repeated(reply, options)


def _plain(reply: str) -> str:
    """NFKC, without markup, without options that are only named to be turned down."""
    text = unicodedata.normalize("NFKC", reply).replace("’", "'").strip()
    while (bare := _STYLED.sub(r"\1", text)) != text:
        text = bare
    text = _BOXED.sub(r" answer: \1. ", text)
    return _rejections(_MARKUP.sub("", text)).strip()


def _rejections(text: str) -> str:
    """Drop "not A", "rather than A", "A is wrong"; keep "not only A"."""
    mark = r"\(?\b[A-Z]\b\)?(?![-'])"
    noun = rf"(?:(?:the )?{_NOUN} )?"
    either = rf"{mark}(?:(?:,| or| nor| and|, or|, and|/) ?{noun}{mark}){{0,8}}"
    turned_down = (
        r"(?:(?:\bnot|n't|\bnever|\bcannot)(?: (?:choose|pick|select|go with|recommend|be))?"
        r"|\b(?:rather than|instead of|unlike|nor|over|avoid))"
    )
    text = re.sub(rf"{turned_down} {noun}{either}", " ", text, flags=re.IGNORECASE)
    return re.sub(
        rf"(?:^|(?<=[\s(])){noun}{either} (?:is|are|would be|seems?|looks?) (?:\w+ )?{_BADLY}\b",
        " ",
        text,
    )


def _alone(text: str, letters: str) -> set[str]:
    """The whole answer is a letter: "B", "(b)", "b.", "Option B", "Answer: B"."""
    match = re.fullmatch(
        rf"\W*(?:(?:the )?(?:final |correct )?{_NOUN}(?: is)?\W*)?([A-Za-z])\W*",
        text,
        re.IGNORECASE,
    )
    return _known([match[1]], letters) if match else set()


def _declared(text: str, letters: str) -> set[str]:
    """Options that are said to be the answer; a final answer overrides what precedes it."""
    upper, lower = rf"([{letters}]){_FOLLOWS}", rf"([{letters.lower()}])(?=\s*(?:$|[.;)\]\n]))"
    letter = rf"(?:(?:(?:the )?{_NOUN}|but)\s+)?[(\[]?(?:{upper}|{lower})"
    said = rf"(?i:{_NOUN}\s*(?:is|would be|should be|was|:|=|-|->|=>|→)+\s*:?\s*)"
    chosen = r"(?i:\b(?:choose|pick|select|go with|going with|opt for|vote for)\s+(?:for\s+)?)"
    subject = rf"(?:^|(?<=[\s(]))(?:{_NOUN} )?[(\[]?([{letters}])[)\].]?"
    is_it = rf"{subject} (?i:is|would be|seems) (?i:(?:also|clearly|the) )*"
    patterns = (
        rf"{said}{letter}",
        rf"{chosen}{letter}",
        rf"{is_it}(?i:{_WELL}|{_NOUN})\b",
        rf"(?i:\b{_WELL}(?: {_NOUN})?(?: here)? is )[(\[]?([{letters}]){_FOLLOWS}",
    )
    final = re.split(r"(?i)\bfinal (?=answer|choice)", text)
    if len(final) > 1 and (last := _matches(patterns, final[-1], letters)):
        return last
    return _matches(patterns, text, letters)


def _conflict(text: str, letters: str) -> set[str]:
    """A letter at the start or the end and another one declared: an option that quotes one."""
    declared, leading = _declared(text, letters), _leading(text, letters)
    marked = re.match(rf"[\W]*[{letters}](?:[).:\]]|\s*$|\s*\n)", text)
    stated = (leading if marked and len(leading) == 1 else set()) | _last_line(text, letters)
    both = declared | stated
    return both if declared and stated and len(both) > 1 else set()


def _last_line(text: str, letters: str) -> set[str]:
    """A last line that is nothing but a letter, as after thinking aloud."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return set()
    last = re.fullmatch(r"\W*(?:[Oo]ption\s+)?([A-Z])\W*", lines[-1])
    first = re.match(r"\W*([A-Z])(?:[).:]|\W*$)", lines[0])
    return _known([m[1] for m in (last, first) if m], letters) if last else set()


def _leading(text: str, letters: str) -> set[str]:
    """The answer begins with a letter; a list of options that are repeated gives several."""
    if small := re.match(rf"\(?([{letters.lower()}])\)\s", text):
        return {small[1].upper()}
    starts = re.findall(rf"(?m)^[\s>#-]*(?:Option\s+)?[(\[]?([{letters}])[)\].:](?=\s|$)", text)
    if len(set(starts)) > 1:
        return set(starts)
    match = re.match(
        rf"[\W]*(?:(?:I'd say|I think|I would say|[Bb]ut|So|Therefore|Thus),?\s+)?(?:[Oo]ption\s+)?"
        rf"([{letters}])(?:{_FOLLOWS}|(?=[).:\]]))",
        text,
    )
    if not match or (match[1] == "I" and re.match(r"\W*I(?:'|\s+\w)", text)):
        return set()
    others = re.findall(rf"^\W*{match[1]}\W*(?:or|and|/|,|&)\W*([{letters}])\b", text)
    return {match[1], *others}


def _only_mention(text: str, letters: str) -> set[str]:
    """A single option is spoken of, as "option B" or "(B)", and nothing bad is said."""
    found = re.findall(rf"(?i:\b{_NOUN}\s+)\(?([{letters}])\b|(?:^|\s)\(([{letters}])\)", text)
    named = {a or b for a, b in found}
    if named and re.search(rf"(?i)\b{_BADLY}\b|n't\b|\bcannot\b|\beither\b|\bneither\b", text):
        return set(letters[:2])
    return named


def _repeated(reply: str, options: Sequence[str]) -> int | None:
    """The one option whose text the whole answer is."""
    said = _bare(reply)
    same = [i for i, option in enumerate(options) if _bare(option) == said]
    return same[0] if len(same) == 1 and said else None


def _bare(text: str) -> str:
    return normalise(_MARKUP.sub("", text)).rstrip(".").lower()


def _matches(patterns: Sequence[str], text: str, letters: str) -> set[str]:
    groups = (m.groups() for p in patterns for m in re.finditer(p, text))
    return _known([g for found in groups for g in found if g], letters)


def _known(found: Sequence[str], letters: str) -> set[str]:
    return {f.upper() for f in found if f.upper() in letters}


def _of_json(found: Any, n_options: int) -> int | None:
    """The option that an object names under the usual keys; all that are there have to agree."""
    values = [v for k, v in found.items() if k.lower().replace(" ", "_") in _KEYS]
    if not values or not all(isinstance(v, str) and not v.lstrip().startswith("{") for v in values):
        return None
    read = {parse_choice(value, n_options) for value in values}
    return read.pop() if len(read) == 1 else None
