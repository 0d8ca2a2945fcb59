"""Checks of multiple choice: options that are equal or broken, keys, and what needs no looking."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chiasm.cases import Case
from chiasm.data.finding import Finding
from chiasm.text import BLIND_RULES, normalise, words

FEW_WORDS = 3
"""Options of at most so many words are odd where the answers are sentences."""

_UNFINISHED = re.compile(r"[^\W\d_],?['’]?\s*$")
"""Ends in a letter, where a sentence would have its full stop."""

_LIST_LINE = re.compile(r"\s*(?:[-*•]|\d+[.)])\s|.{0,30}$")
"""A last line that is a list's item, a name or a signature may end without one."""


def dup_options(cases: Iterable[Case]) -> Iterator[Finding]:
    """DUP_OPTIONS: options that differ in nothing but white space."""
    for case in cases:
        same: dict[str, list[int]] = {}
        for i, option in enumerate(case.options):
            same.setdefault(normalise(option), []).append(i)
        for group in same.values():
            if len(group) > 1:
                letters = " = ".join(letter(i) for i in group)
                key = "the right one among them" if case.answer in group else "all wrong"
                yield Finding("DUP_OPTIONS", case.id, "options", f"{letters}, {key}")


def odd_option(cases: Iterable[Case]) -> Iterator[Finding]:
    """ODD_OPTION: an option of one to three words; its length alone sets it apart."""
    for case in cases:
        for i, option in enumerate(case.options):
            if len(words(option)) <= FEW_WORDS:
                yield Finding("ODD_OPTION", case.id, f"options.{letter(i)}", repr(option.strip()))


def truncated_option(cases: Iterable[Case]) -> Iterator[Finding]:
    """TRUNCATED_OPTION: a long option that ends in a letter, as if cut in mid-sentence."""
    for case in cases:
        for i, option in enumerate(case.options):
            last = option.strip().rpartition("\n")[2]
            long = len(words(option)) > FEW_WORDS
            if long and _UNFINISHED.search(option) and not _LIST_LINE.fullmatch(last):
                tail = f"ends {last[-30:]!r}"
                yield Finding("TRUNCATED_OPTION", case.id, f"options.{letter(i)}", tail)


def key_ref_mismatch(cases: Iterable[Case], reference: Mapping[str, str]) -> Iterator[Finding]:
    """KEY_REF_MISMATCH: the right option is not the reference answer to the same question.

    Args:
        cases: Of a multiple-choice set.
        reference: Published reference answers by cluster; cases without one are not compared.
    """
    for case in cases:
        expected = reference.get(case.cluster)
        if case.answer is None or expected is None:
            continue
        option = case.options[case.answer]
        if normalise(option) != normalise(expected):
            yield Finding(
                "KEY_REF_MISMATCH",
                case.id,
                f"options.{letter(case.answer)}",
                f"right option: {len(words(option))} words, reference: {len(words(expected))}",
            )


def answer_position(cases: Sequence[Case]) -> Iterator[Finding]:
    """ANSWER_POSITION: how often each letter is right, for the whole set."""
    counts = Counter(letter(c.answer) for c in cases if c.answer is not None)
    if counts:
        text = " ".join(f"{name} {n}" for name, n in sorted(counts.items()))
        yield Finding("ANSWER_POSITION", "", "answer", text)


def option_space(cases: Sequence[Case]) -> Iterator[Finding]:
    """OPTION_SPACE: how often right and wrong options begin with a space, for the whole set."""
    sides = {True: [0, 0], False: [0, 0]}
    for case in cases:
        for i, option in enumerate(case.options):
            counts = sides[i == case.answer]
            counts[0] += option[:1].isspace()
            counts[1] += 1
    (right, n_right), (wrong, n_wrong) = sides[True], sides[False]
    if right or wrong:
        text = f"{right} of {n_right} right and {wrong} of {n_wrong} wrong options begin with space"
        yield Finding("OPTION_SPACE", "", "options", text)


def baselines(cases: Iterable[Case]) -> dict[str, tuple[int, int]]:
    """What the blind rules of `chiasm.text` score: rule -> (right, cases with options).

    Options are stripped of white space first, as models are shown them by default; on SIUO no
    rule's figure changes by that. Empty where there is no multiple choice.
    """
    asked = [c for c in cases if c.options and c.answer is not None]
    if not asked:
        return {}
    return {
        name: (sum(rule(c.query, stripped(c)) == c.answer for c in asked), len(asked))
        for name, rule in BLIND_RULES.items()
    }


def stripped(case: Case) -> list[str]:
    """The options without white space around them."""
    return [option.strip() for option in case.options]


def letter(index: int) -> str:
    """A for 0, B for 1."""
    return chr(ord("A") + index)
