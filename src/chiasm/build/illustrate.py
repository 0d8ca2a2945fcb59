"""Illustrate: make a picture, hear what is missing, make it again, keep the best."""

from dataclasses import replace

from chiasm.build.desk import Desk, ask
from chiasm.build.items import Dropped, Item, Kept, Outcome
from chiasm.build.painters import paint
from chiasm.build.replies import UnusableError, fields_of

WELL = 8
"""Of 10: no further round."""

POOR = 4
"""Of 10: a best picture below it is dropped."""

UNLIKE = "no picture shows what it should"


async def illustrate(item: Item, desk: Desk) -> Outcome:
    """The best of at most `rounds` + 1 pictures, by what a critic that sees them says.

    A round whose critic can't be read counts as a picture of score 0; without a critic the first
    picture is kept.

    Raises:
        UnusableError: The painter refuses, or sends no picture.
    """
    settings = desk.recipe.illustrate
    if not settings.rounds or not desk.recipe.has("critic"):
        return Kept(replace(item, image=await paint(item, item.description, 0, desk)), "no critic")
    best, best_score, shows = "", -1, item.description
    for number in range(settings.rounds + 1):
        path = await paint(item, shows, number, desk)
        score, missing = await _criticise(path, item, desk)
        if score > best_score:
            best, best_score = path, score
        if best_score >= WELL or number == settings.rounds:
            break
        shows = f"{item.description} Show clearly: {missing}" if missing else item.description
    if best_score < POOR:
        return Dropped(UNLIKE, f"the best of {number + 1} has {best_score} of 10")
    note = f"{settings.of(item.path)}, {number + 1} pictures, {best_score} of 10"
    return Kept(replace(item, image=best), note)


async def _criticise(path: str, item: Item, desk: Desk) -> tuple[int, str]:
    try:
        reply = await ask(desk, "critic", "critic", images=[path], description=item.description)
        found = fields_of(reply, "critic", ("score",))
    except UnusableError:
        return 0, ""
    score, missing = found["score"], found.get("missing", "")
    if isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= 10:
        return 0, ""
    return score, " ".join(str(missing).split())[:300]
