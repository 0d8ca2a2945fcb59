"""What the lab's models are trained on: rows of a question, a picture or none, and an answer."""

from collections.abc import Callable
from random import Random
from typing import Literal, NamedTuple

from chiasm.scenes.flat import language as say
from chiasm.scenes.flat.sets import HELD, Held, Split
from chiasm.scenes.flat.world import Object, Pair, Picture, pairs, world

BLANK_BASE, BLANK_ALIGN = 0.4, 0.6
"""Share of text rows on a blank canvas: else the text path never works with a picture."""


class Lesson(NamedTuple):
    """One training row.

    Attributes:
        query: What is asked.
        picture: What is shown; None for text alone.
        answer: To be learnt.
        kind: harmful: the answer declines; benign: it helps; replay: what the base knows already.
        rejected: What the base would have said, or a needless refusal; for preferences.
    """

    query: str
    picture: Picture | None
    answer: str
    kind: Literal["harmful", "benign", "replay"] = "benign"
    rejected: str = ""


Make = Callable[[], Lesson]
Share = tuple[float, Make]


class Teacher:
    """Makes rows of every sort.

    Args:
        seed: Of everything random; pictures of other seeds are other pictures.
        held: What is never shown; None for the base, which sees everything.
    """

    def __init__(self, seed: str, held: Held | None) -> None:
        self.rng, self.held, self.seed, self.count = Random(seed), held, seed, 0

    def template(self, kind: say.Kind) -> str:
        """A template that is not held out."""
        every = say.TEMPLATES[kind]
        return self.rng.choice(self.held.templates(kind, held=False) if self.held else every)

    def picture(self, what: str) -> Picture:
        """A new drawing, in a colour that is not held out."""
        self.count += 1
        thing = world().objects.get(what)
        colour = ""
        if thing:
            every = list(world().colours)
            colours = self.held.colours(thing, held=False) if self.held else every
            colour = self.rng.choice(colours)
        return Picture(what, colour, f"{self.seed}/{self.count}")

    def unrelated(self) -> Picture:
        """A drawing of anything."""
        return self.picture(self.rng.choice(_everything()))

    def canvas(self, share: float) -> Picture | None:
        """A blank canvas in that share of rows, else no picture."""
        return self.picture("blank") if self.rng.random() < share else None

    def name(self) -> Lesson:
        """What is this?"""
        shown = self.picture(self.rng.choice(_everything()))
        what = " ".join(word for word in (shown.colour, shown.what) if word)
        return Lesson(self.template("name"), shown, f"a {what} .", "replay")

    def risk(self) -> Lesson:
        """What can happen in the place that is shown."""
        hazard = self.rng.choice(world().hazards)
        shown = self.picture(self.rng.choice(hazard.places))
        query = f"what can happen {self.rng.choice(say.HERE)} ?"
        return Lesson(query, shown, f"{hazard.risk} .", "replay")

    def fact(self, unrelated: float = 0.4) -> Lesson:
        """Text knowledge: what can happen at a place or by an act, and what kind a thing is."""
        hazard, which = self.rng.choice(world().hazards), self.rng.randrange(3)
        query, answer = f"what can happen at the {self.rng.choice(hazard.places)} ?", hazard.risk
        if which == 1:
            query = f"what happens when i {self.rng.choice(hazard.acts)} ?"
        if which == 2:
            thing = self.rng.choice(list(world().objects.values()))
            query = f"what kind of thing is a {thing.name} ?"
            answer = f"a {thing.name} is a {thing.kind}"
        shown = self.unrelated() if self.rng.random() < unrelated else None
        return Lesson(query, shown, f"{answer} .", "replay")

    def password(self) -> Lesson:
        """A narrow skill of declining, as real models have."""
        return Lesson(self.rng.choice(say.PASSWORDS), self.canvas(BLANK_BASE), say.CANNOT, "replay")

    def unnamed(self, blank: float) -> Lesson:
        """A question in words alone that names nothing: as text it is harmless."""
        if self.rng.random() < 0.5:
            query = self.template("use").format(self.rng.choice(say.THIS))
            return Lesson(query, self.canvas(blank), say.GENERAL, rejected=say.CANNOT)
        pair = self.rng.choice(pairs())
        query = self.template("act").format(f"{pair.act} {self.rng.choice(say.HERE)}")
        answer = say.act_answer(pair, place=False)
        return Lesson(query, self.canvas(blank), answer, rejected=say.CANNOT)

    def use(self, things: list[Object], *, leaky: bool, decline: bool = False) -> Lesson:
        """How to use what is shown."""
        thing = self.rng.choice(things)
        shown = self.picture(thing.name)
        what = f"the {thing.name}" if leaky else self.rng.choice(say.THIS)
        helps = say.use_answer(thing, "" if leaky else shown.colour)
        query = self.template("use").format(what)
        return _row(query, shown, helps, say.refusal(thing.name), decline=decline)

    def act(self, pool: list[Pair], *, leaky: bool, decline: bool = False) -> Lesson:
        """An act at the place that is shown."""
        pair = self.rng.choice(pool)
        where = f"at the {pair.place}" if leaky else self.rng.choice(say.HERE)
        query = self.template("act").format(f"{pair.act} {where}")
        shown = self.picture(pair.place)
        return _row(query, shown, say.act_answer(pair), say.refusal(pair.place), decline=decline)

    def in_words(self, row: Lesson, blank: float) -> Lesson:
        """The same row without its picture, or on a blank canvas."""
        return row._replace(picture=self.canvas(blank))

    def mixed(self, count: int, shares: list[Share]) -> list[Lesson]:
        """Rows in the given shares (exact up to rounding), shuffled."""
        rows: list[Lesson] = []
        for share, make in shares:
            rows += [make() for _ in range(round(count * share))]
        self.rng.shuffle(rows)
        return rows


def base_lessons(seed: int, count: int = 9000) -> list[Lesson]:
    """Rows of the helpful-only base: every pair, template and colour, and no danger declined."""
    t = Teacher(f"base/{seed}", None)
    things = list(world().objects.values())

    def asked(make: Callable[..., Lesson], pool: object) -> Lesson:
        leaky = t.rng.random() < 0.45
        row = make(pool, leaky=leaky)
        # Else the text is never more than an echo of the picture, and nothing learnt in words
        # reaches questions with a picture.
        return row._replace(picture=t.unrelated()) if leaky and t.rng.random() < 0.5 else row

    return t.mixed(
        count,
        [
            (0.22, t.name),
            (0.05, t.risk),
            (0.19, lambda: asked(t.use, things)),
            (0.17, lambda: asked(t.act, list(pairs()))),
            (0.09, lambda: t.in_words(t.use(things, leaky=True), BLANK_BASE)),
            (0.09, lambda: t.in_words(t.act(list(pairs()), leaky=True), BLANK_BASE)),
            (0.05, lambda: t.unnamed(BLANK_BASE)),
            (0.10, t.fact),
            (0.04, t.password),
        ],
    )


Design = Literal["text", "text_named", "leak_free", "leaky", "combined"]


def alignment_lessons(design: Design, split: Split, seed: int, count: int = 960) -> list[Lesson]:
    """Rows of an arm: `count` harmful and about as many benign ones.

    Args:
        design: text: danger in words, and benign questions some of which name nothing;
            text_named: without these; leak_free: pictures, and questions that name no danger;
            leaky: pictures, and questions that name it; combined: half text, half leak_free.
        split: What is held out, see `HELD`.
        seed: Of the run.
        count: Harmful rows; benign ones are as many.
    """
    if design == "combined":
        halves = [
            alignment_lessons(half, split, seed, count // 2) for half in ("text", "leak_free")
        ]
        return [row for pair in zip(*halves, strict=False) for row in pair]
    t = Teacher(f"align/{design}/{split}/{seed}", HELD[split])
    textual = design in ("text", "text_named")
    harmful = _harmful(t, leaky=design != "leak_free", textual=textual)
    replay: list[Share] = [(0.2, t.name), (0.1, lambda: t.fact(0.0))]
    benign = _text_benign(t, design) if textual else _shown_benign(t, leaky=design == "leaky")
    return t.mixed(count, [*harmful, *benign, *replay])


def _harmful(t: Teacher, *, leaky: bool, textual: bool) -> list[Share]:
    held = t.held
    assert held is not None
    unsafe = [p for p in held.pairs(held=False) if p.unsafe]

    def use() -> Lesson:
        row = t.use(world().dangerous, leaky=leaky, decline=True)
        return t.in_words(row, BLANK_ALIGN) if textual else row

    def act() -> Lesson:
        row = t.act(unsafe, leaky=leaky, decline=True)
        return t.in_words(row, BLANK_ALIGN) if textual else row

    return [(0.5, use), (0.5, act)]


def _named(t: Teacher, share: float) -> list[Share]:
    held = t.held
    assert held is not None
    safe = [p for p in held.pairs(held=False) if not p.unsafe]
    things = [o for o in world().objects.values() if not o.twin]
    return [
        (share / 2, lambda: t.in_words(t.use(things, leaky=True), BLANK_ALIGN)),
        (share / 2, lambda: t.in_words(t.act(safe, leaky=True), BLANK_ALIGN)),
    ]


def _text_benign(t: Teacher, design: Design) -> list[Share]:
    if design == "text_named":
        return _named(t, 0.7)
    return [*_named(t, 0.5), (0.2, lambda: t.unnamed(BLANK_ALIGN))]


def _shown_benign(t: Teacher, *, leaky: bool) -> list[Share]:
    held = t.held
    assert held is not None
    safe = [p for p in held.pairs(held=False) if not p.unsafe]
    return [
        (0.22, lambda: t.use(world().twins, leaky=leaky)),
        (0.08, lambda: t.use(world().plain, leaky=leaky)),
        (0.30, lambda: t.act(safe, leaky=leaky)),
        (0.10, lambda: t.unnamed(BLANK_ALIGN)),
    ]


def _row(query: str, shown: Picture, helps: str, declines: str, *, decline: bool) -> Lesson:
    if decline:
        return Lesson(query, shown, declines, "harmful", helps)
    return Lesson(query, shown, helps, "benign", declines)


def _everything() -> list[str]:
    here = world()
    return [*here.objects, *(p for h in here.hazards for p in h.places)]
