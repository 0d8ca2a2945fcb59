"""What a guard is: what it can see and judge, what it is sent, and how its reply is read."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Literal, NamedTuple

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageUser,
    Content,
    ContentImage,
    ContentText,
)

from chiasm.cases import Case, dumps
from chiasm.data.images import ImageFile, data_uri
from chiasm.errors import ConfigError

Target = Literal["response", "prompt", "image"]
"""What is judged: an answer to text (and image); text with or without image; an image alone."""

Label = Literal["safe", "unsafe"]

BLIND = "guard does not see the image"
"""Mark of every figure by a guard that only reads."""


class Asked(NamedTuple):
    """What a guard is to judge.

    Attributes:
        target: See `Target`.
        query: What the user says; empty for none.
        answer: The response; empty unless it is what is judged.
        images: In order.
    """

    target: Target
    query: str = ""
    answer: str = ""
    images: tuple[ImageFile, ...] = ()


class Call(NamedTuple):
    """One request to the guard's model.

    Attributes:
        about: What this call asks, where a guard needs several (the name of a policy).
        messages: What is sent.
    """

    about: str
    messages: list[ChatMessage]


class Reply(NamedTuple):
    """What came back from one call.

    Attributes:
        text: Without reasoning.
        first: Log-probabilities of the candidates for the first token; empty where the server
            gives none.
        about: Of the call.
        target: What was judged.
    """

    text: str
    first: Mapping[str, float]
    about: str
    target: Target


class GuardVerdict(NamedTuple):
    """A guard's decision.

    Attributes:
        label: The decision.
        categories: As the guard names them (S1, "O5: Criminal Planning", ...); may be empty.
        raw: The reply, untrusted; several replies are parted by an empty line.
        finer: The guard's own word where it has more than two ("controversial", "refusal").
        scores: Probabilities by category or policy, where the guard gives them.
        marks: What must stand beside a figure made of such verdicts.
    """

    label: Label
    categories: tuple[str, ...] = ()
    raw: str = ""
    finer: str = ""
    scores: Mapping[str, float] = MappingProxyType({})
    marks: tuple[str, ...] = ()


OffLabel = Callable[[Target, bool, bool], str]
"""(target, is there text, is there an image) -> why its makers did not mean it for that, or ""."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A guard model's format.

    Attributes:
        name: As in ``guard/NAME@provider/model``.
        title: For people.
        sees_image: Whether it is shown images.
        judges: What it can judge.
        calls: (what is judged, instruction) -> the requests; unsafe in one of them is unsafe.
        parse: A reply -> a verdict; None for every reply that is not exactly of the format.
        max_tokens: Cap of a reply; one that the model's own configuration names wins.
        max_images: How many it takes at once; None for any number.
        instruction: Text of ours that the format leaves open or that stands for the authors'
            own; empty where the model's chat template says everything.
        rule: A decision of ours that moves the figures, stated as a mark; empty for none.
        off_label: See `OffLabel`.
        logprobs: Whether the first token's probabilities decide, where the server gives them.
        endpoint: ``chat``, or ``moderations`` (OpenAI's).
    """

    name: str
    title: str
    sees_image: bool
    judges: frozenset[Target]
    calls: Callable[[Asked, str], list[Call]]
    parse: Callable[[Reply], GuardVerdict | None]
    max_tokens: int
    max_images: int | None = None
    instruction: str = ""
    rule: str = ""
    off_label: OffLabel = field(default=lambda target, text, image: "")
    logprobs: bool = False
    endpoint: Literal["chat", "moderations"] = "chat"

    @property
    def id(self) -> str:
        """``name@digest``, logged in place of a rubric's; the digest covers what is ours."""
        text = dumps([self.instruction, self.rule, self.max_tokens])
        return f"{self.name}@{sha256(text.encode()).hexdigest()[:12]}"

    def check(self, asked: Asked) -> None:
        """Refuse what the guard can't judge.

        Raises:
            ConfigError: It judges other targets, is blind to what should be judged, or takes
                fewer images.
        """
        self.check_target(asked.target)
        if not (asked.query.strip() or asked.images):
            raise ConfigError(f"{self.name}: there is neither text nor an image to judge")
        if asked.images and not self.sees_image:
            raise ConfigError(
                f"{self.name} does not see the image: its verdict on text and image would be "
                "that on the text; ask it for the text alone, or take a guard that sees"
            )
        if self.max_images is not None and len(asked.images) > self.max_images:
            raise ConfigError(
                f"{self.name} takes {self.max_images} image(s) at once, got {len(asked.images)}; "
                "llama_guard_4 takes several"
            )

    def check_target(self, target: Target) -> None:
        """Refuse a target that the guard is not made for.

        Raises:
            ConfigError: See there.
        """
        if target not in self.judges:
            known = " and ".join(f"{t}s" for t in sorted(self.judges))
            raise ConfigError(
                f"{self.name} judges {known}, not {target}s; docs/judges/guards.md says which "
                "guard judges what"
            )

    def marks(self, target: Target, *, text: bool = True, image: bool = True) -> tuple[str, ...]:
        """What must stand beside figures of such verdicts."""
        off = self.off_label(target, text, image)
        return (
            *(() if self.sees_image else (BLIND,)),
            *((f"off label: {off}",) if off else ()),
            *((self.rule,) if self.rule else ()),
        )

    def marks_on(self, cases: Iterable[Case]) -> list[str]:
        """The marks of judging responses to these cases."""
        kinds = {(bool(c.query.strip()), bool(c.images), c.ground_truth) for c in cases}
        marks = [
            mark
            for text, image, _ in sorted(kinds)
            for mark in self.marks("response", text=text, image=image)
        ]
        if any(truth == "safe" for *_, truth in kinds):
            marks.append("guard decides no safe cases")
        return list(dict.fromkeys(marks))


def user(text: str, images: Sequence[ImageFile] = (), *, image_first: bool = False) -> ChatMessage:
    """A user's message; a blank text is left out where there is an image."""
    pictures: list[Content] = [ContentImage(image=data_uri(image)) for image in images]
    words: list[Content] = [ContentText(text=text)] if text.strip() or not pictures else []
    return ChatMessageUser(content=pictures + words if image_first else words + pictures)


def conversation(asked: Asked, instruction: str = "") -> list[Call]:
    """The conversation as it was, for a model whose chat template puts it to the guard."""
    messages = [user(asked.query, asked.images)]
    if asked.target == "response":
        messages.append(ChatMessageAssistant(content=asked.answer))
    return [Call("", messages)]


def combine(verdicts: Collection[GuardVerdict]) -> GuardVerdict:
    r"""Of several calls: unsafe as soon as one says so, with all that was said.

    >>> combine([GuardVerdict("safe", raw="No"), GuardVerdict("unsafe", ("x",), "Yes")])[:3]
    ('unsafe', ('x',), 'No\n\nYes')
    """
    unsafe = any(v.label == "unsafe" for v in verdicts)
    scores: dict[str, float] = {}
    for verdict in verdicts:
        for name, score in verdict.scores.items():
            scores[name] = max(score, scores.get(name, 0.0))
    return GuardVerdict(
        "unsafe" if unsafe else "safe",
        tuple(dict.fromkeys(c for v in verdicts for c in v.categories)),
        "\n\n".join(v.raw for v in verdicts),
        next((v.finer for v in verdicts if v.finer), ""),
        scores,
    )
