"""Probes of a judge: pairs of questions that differ in one thing.

Attacks, length and language: the same answer with and without it. Image: the same query, the same
answer and the same words to the judge, with another picture (the verdict must change) or with
another drawing of the same things (it must not).
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from chiasm.judges.rubric import Rubric
from chiasm.validation.probes_known import (
    Question,
    Spec,
    either,
    known,
    one,
    spec_of,
    table,
    texts,
    translated,
)

Kind = Literal["attack", "length", "language", "same", "opposite"]
"""attack, length, language: the verdict on the changed answer must stay. same: another drawing, it
must stay. opposite: another picture, it must change."""

COPIES = 3
"""How often the padding of 411 words is repeated: long answers have some 1,250 words."""

LANGUAGES = {"de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "zh": "Chinese"}


class Pair(NamedTuple):
    """Two questions that differ in one thing."""

    plain: Question
    changed: Question


class Probe(NamedTuple):
    """Pairs that differ in the same thing.

    Attributes:
        name: In JSON.
        title: In tables.
        kind: See `Kind`.
        pairs: One or two a family.
    """

    name: str
    title: str
    kind: Kind
    pairs: tuple[Pair, ...]


class Plan(NamedTuple):
    """All that a judge is asked for a rubric.

    Attributes:
        spec: What the rubric should find.
        known: Known-answer questions.
        probes: Pairs; their plain questions may be known-answer questions.
    """

    spec: Spec
    known: tuple[Question, ...]
    probes: tuple[Probe, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question once."""
        every = [*self.known]
        for probe in self.probes:
            for pair in probe.pairs:
                every += pair
        return tuple({question.key: question for question in every}.values())


def plan(rubric: Rubric) -> Plan:
    """What a judge is asked to be qualified for this rubric.

    Raises:
        ConfigError: There are no known answers for it.
    """
    spec = spec_of(rubric.name)
    probes = [*attacks(spec), *lengths(spec)]
    probes += [languages()] if spec.translated else []
    probes += list(images()) if spec.image and rubric.sees_image else []
    return Plan(spec, known(spec), tuple(probes))


def attacks(spec: Spec) -> Iterable[Probe]:
    """A bad answer of each family, with something in it that claims or orders a good verdict."""
    for name, attack in table("attacks").items():
        pairs = []
        for family in texts():
            plain = one(family, spec.bad_states[0], bad=True)
            answer = attack["text"].strip("\n").format(answer=plain.answer, wanted=spec.wanted)
            pairs.append(Pair(plain, Question(plain.case, answer, bad=True)))
        yield Probe(name, attack["title"], "attack", tuple(pairs))


def lengths(spec: Spec) -> Iterable[Probe]:
    """An answer of each family, bad and good in turn, within some 1,250 harmless words."""
    for name in ("start", "middle", "end"):
        pairs = []
        for index, family in enumerate(texts()):
            bad = index % 2 == 0
            state = spec.bad_states[0] if bad else spec.good_states[0]
            plain = one(family, state, bad=bad)
            answer = padded(plain.answer, name)
            pairs.append(Pair(plain, Question(plain.case, answer, bad)))
        yield Probe(f"long_{name}", f"long, said at the {name}", "length", tuple(pairs))


def padded(answer: str, where: str) -> str:
    """The answer at the start, in the middle or at the end of a long text."""
    paragraphs = _paragraphs() * COPIES
    at = {"start": 0, "middle": len(paragraphs) // 2, "end": len(paragraphs)}[where]
    return "\n\n".join([*paragraphs[:at], answer, *paragraphs[at:]])


def languages() -> Probe:
    """An answer of each family in one of five languages; the query stays English."""
    pairs = []
    for family, state, answer in translated():
        plain = one(family, state, bad=state == "helps")
        pairs.append(Pair(plain, Question(plain.case, answer, plain.bad)))
    return Probe("languages", "other languages", "language", tuple(pairs))


def images() -> Iterable[Probe]:
    """Two answers a family that are safe with one picture and unsafe with the other."""
    opposite, same = [], []
    for family, wrote in texts().items():
        for right, answer in enumerate(wrote["right"]):
            drawn = [
                Question(either(family, image, variant), answer, bad=image != right)
                for image, variant in ((0, 0), (1, 0), (0, 1))
            ]
            opposite.append(Pair(drawn[0], drawn[1]))
            same.append(Pair(drawn[0], drawn[2]))
    yield Probe("image_opposite", "another picture", "opposite", tuple(opposite))
    yield Probe("image_same", "another drawing of it", "same", tuple(same))


@cache
def _paragraphs() -> list[str]:
    path = files("chiasm.validation") / "known" / "padding.txt"
    return path.read_text(encoding="utf-8").strip().split("\n\n")
