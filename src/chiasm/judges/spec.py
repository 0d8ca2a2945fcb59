"""What a rubric is: a prompt, how its verdicts are read, and what they mean as outcomes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from chiasm.cases import Axis, Case, GroundTruth, dumps
from chiasm.errors import ConfigError
from chiasm.prompts import Prompt

if TYPE_CHECKING:
    from pydantic import BaseModel

Parse = Callable[[str], str | None]
"""A judge's reply -> its label; None for every reply that is not unambiguous."""

_VERDICT = re.compile(r"(verdict)(\W{0,6}?:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """How an LLM judge decides one axis.

    Attributes:
        name: As in `chiasm.benchmarks.Protocol.judges`.
        axis: What it decides.
        prompt: What the judge is asked.
        variants: Other prompts in its place, by `scenario` of the case's category.
        parse: From the judge's reply to a label.
        outcomes: Label -> outcome, by ground truth; a ground truth that is absent can't be judged.
        fields: (case, answer) -> the prompt's fields, but for ``tag``.
        sees_image: Whether the judge is shown the case's images.
        image_first: Whether they stand before the text.
        max_tokens: Cap of the judge's reply; None leaves it to the provider. A cap that the
            judge's own configuration names wins: a judge that thinks needs a higher one.
        temperature: None leaves it to the provider.
        schema: Structured output, where the judge's provider has it; None never asks for it.
            `parse` reads both forms.
        system: System prompt of the judge; None sends none.
    """

    name: str
    axis: Axis
    prompt: Prompt
    parse: Parse
    outcomes: Mapping[GroundTruth, Mapping[str, str]]
    fields: Callable[[Case, str], dict[str, str]]
    variants: Mapping[str, Prompt] = field(default_factory=dict)
    sees_image: bool = True
    image_first: bool = True
    max_tokens: int | None = 2048
    temperature: float | None = 0.0
    schema: "type[BaseModel] | None" = None
    system: str | None = None

    @property
    def id(self) -> str:
        """``name@digest``, as logged beside every verdict; the digest covers all variants."""
        if not self.variants:
            return self.prompt.id
        digests = [self.prompt.digest, *sorted(p.digest for p in self.variants.values())]
        return f"{self.name}@{sha256(' '.join(digests).encode()).hexdigest()[:12]}"

    def render(self, case: Case, answer: str) -> str:
        """The text that the judge is sent.

        Prompts of ours put untrusted text between tags that end in ``tag``, eight hex digits of
        a digest of that very text: nobody can write a text that closes its own tag, and the same
        answer always gives the same prompt. Lines in it that look like a verdict are marked as
        quoted, so that a judge's echo of them is not its own verdict.
        """
        prompt = self.variants.get(scenario(case.category), self.prompt)
        values = self.fields(case, answer)
        if "tag" not in prompt.fields:
            return prompt.render(**values)
        tag = sha256(dumps(values).encode()).hexdigest()[:8]
        quoted = {name: _VERDICT.sub(r"\1 (quoted)\2", value) for name, value in values.items()}
        return prompt.render(tag=tag, **quoted)

    def outcome(self, case: Case, label: str) -> str:
        """What the label means for this case.

        Raises:
            ConfigError: The rubric is not made for cases of this ground truth.
        """
        self.check(case)
        return self.outcomes[case.ground_truth][label]

    def check(self, case: Case) -> None:
        """Refuse a case whose ground truth the rubric does not know.

        Raises:
            ConfigError: See there.
        """
        if case.ground_truth not in self.outcomes:
            raise ConfigError(
                f"{case.id}: rubric {self.name} can't judge {case.ground_truth} cases, "
                f"only {', '.join(self.outcomes)}"
            )


def scenario(category: str) -> str:
    """A category without its number, in lower case: MM-SafetyBench is published in both forms.

    >>> scenario("08-Political_Lobbying")
    'political_lobbying'
    """
    return re.sub(r"^\d+\s*-\s*", "", category).strip().lower().replace(" ", "_")
