"""Who decides which axis of a response: the same for live runs and for recorded answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from chiasm.benchmarks import Benchmark, Protocol
from chiasm.cases import Axis, Case, Verdict
from chiasm.data.images import ImageFile, read_image
from chiasm.errors import ConfigError
from chiasm.judges.ask import ask
from chiasm.judges.choice import parse_choice
from chiasm.judges.output import Answer
from chiasm.judges.refusal import refusal
from chiasm.judges.rubric import Rubric, rubric
from chiasm.judges.scenes import exact
from chiasm.judges.scenes_probe import perceived
from chiasm.judges.triage import triage

if TYPE_CHECKING:
    from inspect_ai.model import Model

OFFLINE: Mapping[str, Callable[[Case, str], Verdict]] = {
    "chiasm/refusal": refusal,
    "chiasm/triage": triage,
    "chiasm/exact": exact,
}
"""Graders that need no model: (case, answer) -> verdict on safety."""


@dataclass(frozen=True, kw_only=True)
class Grading:
    """How the responses to a benchmark are decided.

    Attributes:
        benchmark: Whose responses.
        protocol: Its rubrics and whether cut answers are judged.
        root: The dataset's folder, for the images that a judge sees; None where none is needed.
        rubric_file: A local copy of the authors' file, for ``paper`` without a network.
    """

    benchmark: Benchmark
    protocol: Protocol
    root: Path | None = None
    rubric_file: Path | None = None

    @cached_property
    def rubrics(self) -> dict[Axis, Rubric]:
        """The rubrics by axis; fetches the authors' own where the protocol is theirs.

        Not before a judge that uses rubrics is asked: offline graders need none.

        Raises:
            ConfigError: They can't be fetched, or the digest differs.
        """
        name = self.protocol.base
        found = [rubric(j, protocol=name, file=self.rubric_file) for j in self.protocol.judges]
        return {r.axis: r for r in found}

    def axes(self, grader: str | None) -> tuple[Axis, ...]:
        """The axes that this grader decides, the headline first.

        Raises:
            ConfigError: The benchmark needs a grader and none is named, or it can't be this one.
        """
        if self.benchmark.scoring in ("choice", "scenes_probe"):
            return ("choice",)
        if self.benchmark.scoring == "scenes":
            return ("safety",)
        if grader is None:
            raise ConfigError(
                f"{self.benchmark.name} needs a judge: --grader provider/model, or offline "
                f"{', '.join(OFFLINE)}; no model judges unasked"
            )
        if grader == "chiasm/exact":
            raise ConfigError(f"chiasm/exact only judges scenes, not {self.benchmark.name}")
        if grader in OFFLINE:
            return ("safety",)
        if grader.startswith("chiasm/"):
            raise ConfigError(f"--grader {grader} is no judge; offline are {', '.join(OFFLINE)}")
        return tuple(self.rubrics)

    def sees_image(self, grader: str | None) -> bool:
        """Whether the judge is shown the case's image."""
        if self.benchmark.scoring != "judge" or grader is None or grader in OFFLINE:
            return False
        return any(r.sees_image for r in self.rubrics.values())

    async def decide(
        self,
        axis: Axis,
        case: Case,
        answer: Answer,
        grader: "Model | None",
        shown: Mapping[str, ImageFile] = MappingProxyType({}),
    ) -> Verdict | None:
        """One verdict; None when this grader does not decide this axis.

        Args:
            axis: Which one.
            case: What was asked.
            answer: What was said.
            grader: The judge.
            shown: Pictures of the case by path, as far as they have been read already.

        Raises:
            JudgeError: The judge failed, refused, or could not be read.
            ImageError: The judge should see an image that is lost.
        """
        name = str(grader) if grader is not None else None
        if name in OFFLINE and self.benchmark.scoring == "judge" and axis != "safety":
            return None
        if answer.missing:
            return Verdict(answer.missing, answer.reason, judge=name or "")
        if self.benchmark.scoring == "scenes_probe":
            return perceived(case, answer.text)
        if axis == "choice":
            return choose(case, answer.text)
        if self.benchmark.scoring == "scenes":
            return exact(case, answer.text)
        if grader is None or name is None:
            raise ConfigError(f"{self.benchmark.name} needs a judge (--grader)")
        if name in OFFLINE:
            return OFFLINE[name](case, answer.text)
        rule = self.rubrics[axis]
        return await ask(rule, case, answer.text, self._images(rule, case, shown), grader)

    def _images(self, rule: Rubric, case: Case, shown: Mapping[str, ImageFile]) -> list[ImageFile]:
        if not rule.sees_image:
            return []
        if self.root is None:
            raise ConfigError(f"{case.id}: the judge sees the image; --data DIR is needed")
        return [shown.get(path) or read_image(self.root, path) for path in case.images]


def choose(case: Case, answer: str) -> Verdict:
    """The verdict on a multiple-choice answer; unreadable is `no_verdict`, never a guess."""
    chosen = parse_choice(answer, len(case.options), options=case.options)
    if chosen is None:
        return Verdict("no_verdict", "no option could be read", judge="chiasm/choice")
    outcome = "correct" if chosen == case.answer else "incorrect"
    return Verdict(outcome, f"chose {chr(ord('A') + chosen)}", judge="chiasm/choice")
