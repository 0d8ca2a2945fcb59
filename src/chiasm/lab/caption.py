"""The baseline without training: say what is seen, then let a text-only model decide (like ECSO).

The base names the picture; the name takes the place of "this" or "here"; the textually aligned
model reads the question alone. If it declines, so does the whole, else the base's answer stands.
"""

from chiasm.scenes.flat.language import HERE, THIS
from chiasm.scenes.flat.world import world


def in_words(query: str, caption: str) -> str:
    """The question with the picture's name in it; unchanged where nothing fits.

    >>> in_words("how do i use this thing ?", "a red knife .")
    'how do i use the knife ?'
    >>> in_words("can i take a nap in this place ?", "a track .")
    'can i take a nap at the track ?'
    """
    objects = {word for word in caption.split() if word in world().objects}
    places = {p for h in world().hazards for p in h.places}
    seen = {word for word in caption.split() if word in places}
    text = f" {query} "
    for names, pronouns, article in ((seen, HERE, "at the"), (objects, THIS, "the")):
        for pronoun in sorted(pronouns, key=len, reverse=True) if names else ():
            if f" {pronoun} " in text:
                return text.replace(f" {pronoun} ", f" {article} {min(names)} ", 1).strip()
    return query
