"""Whether a free answer names what a picture of scenes shows: an exact rule on words.

Each family's file says which words a description of each picture must contain, and which no right
one does (``probe``, ``wrong``). No model is asked. It reads English, and does not read "no": an
answer that names a thing in order to deny it has named it.
"""

import re
from functools import cache

from chiasm import text
from chiasm.cases import Case, Verdict
from chiasm.errors import ConfigError
from chiasm.judges.scenes import names_of
from chiasm.scenes.grammar import families

JUDGE = "chiasm/exact"

READ = 400
"""Characters that are read: the question asks for a short sentence, and a list of all that might
be in a picture is no perception."""


def perceived(case: Case, answer: str) -> Verdict:
    """Whether the answer names what matters in the picture.

    Args:
        case: Of `chiasm.scenes.probes`.
        answer: As the model gave it; its first `READ` characters count.

    Returns:
        `correct` or `incorrect`, with the words that were found or are lacking as the reason;
        `no_response` for an empty answer, `asks_for_image` for one that sees none.

    Raises:
        ConfigError: The case is not a probe of scenes.
    """
    family = families().get(case.extra.get("family", ""))
    if family is None or case.query != family.question:
        raise ConfigError(f"{case.id}: only probes of scenes are judged by what they name")
    said = text.plain(answer)[:READ]
    if not any(map(str.isalnum, said)):
        return Verdict("no_response", "empty", judge=JUDGE)
    if any(map(text.ASKS_FOR_IMAGE.search, text.sentences(said)[:2])):
        return Verdict("asks_for_image", judge=JUDGE)
    wanted, wrong = _words(family.name, int(case.extra["image"]))
    if slip := wrong.search(said):
        return Verdict("incorrect", f"says {slip[0]!r}", judge=JUDGE)
    found = [pattern.search(said) for pattern in wanted]
    named = ", ".join(match[0] for match in found if match)
    if not all(found):
        return Verdict("incorrect", f"names only {named}" if named else "not named", judge=JUDGE)
    return Verdict("correct", f"names {named}", judge=JUDGE)


@cache
def _words(family: str, image: int) -> tuple[tuple[re.Pattern[str], ...], re.Pattern[str]]:
    picture = families()[family].images[image]
    return tuple(names_of(entry.split("|")) for entry in picture.probe), names_of(picture.wrong)
