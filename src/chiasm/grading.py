"""Who decides which axis of a response: the same for live runs and for recorded answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from chiasm import __version__
from chiasm.benchmarks import Benchmark, Protocol
from chiasm.cases import Axis, Case, Verdict, dumps
from chiasm.data.images import ImageFile, read_image
from chiasm.errors import ConfigError, JudgeError
from chiasm.judges.ask import ask
from chiasm.judges.choice import parse_choice
from chiasm.judges.guards import Guard, guard_of, judge_response
from chiasm.judges.output import Answer
from chiasm.judges.panel import ANOTHER_AXIS, SILENT, Jury, Rule, together
from chiasm.judges.refusal import refusal
from chiasm.judges.rubric import OURS, Rubric, rubric
from chiasm.judges.scenes import exact
from chiasm.judges.scenes_probe import perceived
from chiasm.judges.triage import triage
from chiasm.models import calls

if TYPE_CHECKING:
    from inspect_ai.model import Model

OFFLINE: Mapping[str, Callable[[Case, str], Verdict]] = {
    "chiasm/refusal": refusal,
    "chiasm/triage": triage,
    "chiasm/exact": exact,
}
"""Graders that need no model: (case, answer) -> verdict on safety."""


class Judgement(NamedTuple):
    """What became of one response on one axis.

    Attributes:
        verdict: None where nobody who was asked decides this axis.
        error: Why judges must be asked again; empty where asking again is of no use.
    """

    verdict: Verdict | None
    error: str = ""


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
        """The axes that this grader decides, the headline first; of a panel those that all decide.

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
        jury = Jury.parse(grader)
        if jury.rule != "one":
            first, *others = map(self.axes, jury.members)
            shared = (a for a in first if jury.rule == "else" or all(a in o for o in others))
            return tuple(shared)
        if grader == "chiasm/exact":
            raise ConfigError(f"chiasm/exact only judges scenes, not {self.benchmark.name}")
        if grader in OFFLINE:
            return ("safety",)
        if grader.startswith("chiasm/"):
            raise ConfigError(f"--grader {grader} is no judge; offline are {', '.join(OFFLINE)}")
        if guard := self.guard(grader):
            self._check_guard(guard)
            return ("safety",)
        return tuple(self.rubrics)

    def guard(self, grader: str | None) -> Guard | None:
        """The guard that the grader's name names; None for other graders."""
        return guard_of(grader, self.rubric_file)

    def _check_guard(self, guard: Guard) -> None:
        guard.check_target("response")
        if not any("unsafe" in OURS[name]().outcomes for name in self.protocol.judges):
            raise ConfigError(
                f"{self.benchmark.name} has benign cases only: a guard says safe or unsafe, and "
                f"{guard.name} can't tell help from over-refusal"
            )

    def _guards(self, grader: str | None) -> list[Guard]:
        members = Jury.parse(grader).members if grader else ()
        return [guard for guard in map(self.guard, members) if guard]

    def rubric_ids(self, grader: str | None) -> dict[Axis, str]:
        """What the verdicts follow from, by axis: rubrics, and formats of guards."""
        guards = [guard.id for guard in self._guards(grader)]
        others = grader is None or len(guards) < len(Jury.parse(grader).members)
        ids = {axis: [r.id] for axis, r in self.rubrics.items()} if others else {}
        if guards:
            ids["safety"] = [*ids.get("safety", ()), *guards]
        return {axis: "+".join(named) for axis, named in ids.items()}

    def marks(self, grader: str | None, cases: Iterable[Case]) -> list[str]:
        """What must stand beside this judge's figures on these cases."""
        known = list(cases)
        marks = [mark for guard in self._guards(grader) for mark in guard.marks_on(known)]
        return list(dict.fromkeys(marks))

    def sees_image(self, grader: str | None) -> bool:
        """Whether the judge, or one of several, is shown the case's image."""
        if self.benchmark.scoring != "judge" or grader is None:
            return False
        members = Jury.parse(grader).members
        if len(members) > 1:
            return any(map(self.sees_image, members))
        if grader in OFFLINE:
            return False
        if guard := self.guard(grader):
            return guard.sees_image
        return any(r.sees_image for r in self.rubrics.values())

    async def judge(
        self,
        axis: Axis,
        case: Case,
        answer: Answer,
        graders: "Sequence[Model]",
        rule: Rule = "majority",
        shown: Mapping[str, ImageFile] = MappingProxyType({}),
    ) -> Judgement:
        """What all judges make of a response; a judge that gives no verdict is no error here.

        Args:
            axis: Which one.
            case: What was asked.
            answer: What was said.
            graders: The judges, in the order in which they are asked.
            rule: How several of them come to one verdict.
            shown: See `decide`.

        Raises:
            ImageError: A judge should see an image that is lost.
        """
        if len(graders) < 2 or self.benchmark.scoring != "judge":
            return await self._ask(axis, case, answer, graders[0] if graders else None, shown)
        jury = Jury(tuple(map(str, graders)), rule)
        if answer.missing:
            return Judgement(Verdict(answer.missing, answer.reason, judge=jury.name))
        given = (__version__, self.protocol.name, axis, dumps(case.to_json()), answer.text)
        keys = [calls.digest("settled", jury.name, calls.identity(g), *given) for g in graders]
        votes: dict[str, Verdict] = {}
        errors: dict[str, str] = {}
        for grader, key in zip(graders, keys, strict=True):
            verdict, error = _settled(key, grader) or await self._ask(
                axis, case, answer, grader, shown
            )
            votes[key] = verdict or Verdict("no_verdict", ANOTHER_AXIS, judge=str(grader))
            if error:
                errors[key] = error
            if rule == "else" and votes[key].reason not in (*SILENT, ANOTHER_AXIS):
                break
        if all(vote.reason == ANOTHER_AXIS for vote in votes.values()):
            return Judgement(None)
        found = together(jury, list(votes.values()))
        is_open = found.missing and found.reason != "split"
        again = [e for k, e in errors.items() if is_open or votes[k].reason not in SILENT]
        if not again:
            for key in errors:
                _settle(key, votes[key])
        return Judgement(found, "; ".join(again))

    async def _ask(
        self,
        axis: Axis,
        case: Case,
        answer: Answer,
        grader: "Model | None",
        shown: Mapping[str, ImageFile],
    ) -> Judgement:
        try:
            return Judgement(await self.decide(axis, case, answer, grader, shown))
        except JudgeError as error:
            why = str(error)
            return Judgement(Verdict("no_verdict", error.kind, why, str(grader)), why)

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
        guard = self.guard(name)
        if (guard or name in OFFLINE) and self.benchmark.scoring == "judge" and axis != "safety":
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
        if guard:
            seen = self._images(guard, case, shown)
            return await judge_response(guard, case, answer.text, seen, grader)
        rule = self.rubrics[axis]
        return await ask(rule, case, answer.text, self._images(rule, case, shown), grader)

    def _images(
        self, rule: Rubric | Guard, case: Case, shown: Mapping[str, ImageFile]
    ) -> list[ImageFile]:
        if not rule.sees_image:
            return []
        if self.root is None:
            raise ConfigError(f"{case.id}: the judge sees the image; --data DIR is needed")
        return [shown.get(path) or read_image(self.root, path) for path in case.images]


def _settled(key: str, grader: "Model") -> Judgement | None:
    """A judge's silence that an earlier run has come to terms with; None where there is none."""
    store = calls.current_store()
    kind = store.get(key) if store is not None else None
    return Judgement(Verdict("no_verdict", kind, judge=str(grader))) if kind else None


def _settle(key: str, verdict: Verdict) -> None:
    """Keep that this judge gave no verdict, since the others' decide: it is not asked again."""
    store = calls.current_store()
    if store is not None:
        store.put(key, verdict.reason)


def choose(case: Case, answer: str) -> Verdict:
    """The verdict on a multiple-choice answer; unreadable is `no_verdict`, never a guess."""
    chosen = parse_choice(answer, len(case.options), options=case.options)
    if chosen is None:
        return Verdict("no_verdict", "no option could be read", judge="chiasm/choice")
    outcome = "correct" if chosen == case.answer else "incorrect"
    return Verdict(outcome, f"chose {chr(ord('A') + chosen)}", judge="chiasm/choice")
