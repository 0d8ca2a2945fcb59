"""Inspect tasks, scorers and metrics, made from benchmarks.

``make_task`` is what `inspect eval chiasm/NAME`, `chiasm eval` and third parties call. A sample's
id is its case's id; its metadata holds the case, of which the model is shown what the input
condition shows (`chiasm.views`).
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from inspect_ai import Epochs, Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, Model, get_model, model_roles
from inspect_ai.scorer import (
    Metric,
    SampleScore,
    Score,
    Scorer,
    Target,
    Value,
    metric,
    scorer,
)
from inspect_ai.solver import Solver, TaskState

from chiasm import __version__, select
from chiasm.benchmarks import Benchmark, load, resolve, root_of
from chiasm.cases import Axis, Case, Dataset, Skip, Verdict
from chiasm.data.check import baselines
from chiasm.data.images import ImageFile
from chiasm.defences import defence, prompts_of
from chiasm.errors import JudgeError
from chiasm.grading import Grading
from chiasm.judges import triage
from chiasm.judges.output import read_output
from chiasm.judges.panel import Jury, Rule, as_votes
from chiasm.labels.records import answer_digest
from chiasm.metrics import rates_of_axis
from chiasm.progress import one_done
from chiasm.views import SHOWS_IMAGE, Asking, answer, caption_digest, view_solver

CALL_FAILURES = "judge_failures"
"""Key of a sample's metadata: the judges that gave no verdict, by axis."""


def make_task(
    benchmark: str | Benchmark,
    *,
    protocol: str = "",
    view: str = "full",
    solver: str = "",
    data: str | None = None,
    grader: str | None = None,
    rubric: str | None = None,
    captioner: bool = False,
    paraphraser: bool = False,
    allow: Collection[str] = (),
    limit: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    max_tokens: int | None = None,
    temperature: float | None = None,
    epochs: int | None = None,
) -> Task:
    """A benchmark as an Inspect task.

    Args:
        benchmark: A name of `chiasm list`, or a benchmark of one's own.
        protocol: A name of the benchmark's, its default for the empty one.
        view: Input condition, see `chiasm.cases.View`.
        solver: A defence around the answer (`chiasm.defences`), empty for none.
        data: A local copy of the data; the cache by default.
        grader: The judge's name where it is known, to refuse early what can't work; the judge
            itself is the model role `grader`. Of several judges the name says how they vote
            (`chiasm.judges.panel.Jury`), and the role is bound to a list.
        rubric: A local copy of the authors' rubric file (protocol ``paper``).
        captioner: Whether a model with the role `captioner` describes images that have no
            description.
        paraphraser: Whether a model with the role `paraphraser` rewords queries that have no
            paraphrase of their own.
        allow: Codes of problems that skip a case rather than stop (EMPTY_QUERY, MISSING_IMAGE).
        limit: Only the first so many cases.
        sample: Only so many cases, drawn in proportion to the categories.
        seed: Of the draw, and of `swapped_image`.
        max_tokens: Overrides the protocol's, as the next two; the protocol is then `custom`.
        temperature: Of the model under test.
        epochs: Answers per case.

    Raises:
        ConfigError: Something does not fit together.
        DataError: The data are not what they should be.
    """
    defence(solver)
    bench = _known(benchmark)
    asked = bench.protocol(protocol).overridden(max_tokens, temperature, epochs)
    dataset = load(bench, data, allow)
    grading = Grading(
        benchmark=bench,
        protocol=asked,
        root=dataset.root,
        rubric_file=Path(rubric) if rubric else None,
    )
    axes = grading.axes(grader) if grader or bench.scoring != "judge" else tuple(grading.rubrics)
    chosen = select.subset(dataset.cases, limit=limit, sample=sample, seed=seed)
    select.check_view(chosen, view, captioner=captioner, paraphraser=paraphraser, name=bench.name)
    judged = grading.sees_image(grader or "any/model")
    cases, skipped = select.runnable(
        dataset, chosen, images=view in SHOWS_IMAGE or judged, view=view, allow=allow
    )
    asking = Asking(
        str(dataset.root), asked.template, asked.system, asked.image_first, asked.strip_options
    )
    rule = Jury.parse(grader or "").rule
    judging = (bench.name, asked.base, data, rubric, "majority" if rule == "one" else rule)
    return Task(
        dataset=MemoryDataset(_samples(cases, view, seed), name=bench.name),
        solver=[view_solver(view, asking), _answer(bench, solver)],
        scorer=[*(_SCORERS[axis](*judging) for axis in axes), complete()],
        epochs=Epochs(asked.epochs, "majority"),
        config=GenerateConfig(max_tokens=asked.max_tokens, temperature=asked.temperature),
        version=1,
        name=bench.name,
        metadata={
            "chiasm": facts(
                grading,
                dataset,
                view,
                skipped,
                axes,
                judge=grader,
                captioner=captioner,
                solver=solver,
            )
        },
    )


def _answer(bench: Benchmark, solver: str) -> Solver:
    # Without an argument more where there is no defence: logs of before name the same solver.
    more = {"defended": solver} if solver else {}
    return answer(needs_grader=bench.scoring == "judge", **more)


def facts(
    grading: Grading,
    dataset: Dataset,
    view: str,
    skipped: Collection[Skip],
    axes: Collection[Axis],
    *,
    judge: str | None = None,
    source: str = "eval",
    captioner: bool = False,
    solver: str = "",
) -> dict[str, Any]:
    """What a log says about where its figures are from; `chiasm.report` reads it."""
    bench = grading.benchmark
    triaged = judge is not None and triage.JUDGE in Jury.parse(judge).members
    counts: dict[str, int] = {}
    for skip in skipped:
        counts[skip.code] = counts.get(skip.code, 0) + 1
    return {
        "schema": 1,
        "version": __version__,
        "benchmark": bench.name,
        "protocol": grading.protocol.name,
        "view": view,
        "source": source,
        "judge": judge,
        "in_sample": triaged and bench.name in triage.IN_SAMPLE_ON,
        "marks": [
            *(["triage"] if triaged and judge != triage.JUDGE else []),
            *grading.marks(judge, dataset),
        ],
        "axes": list(axes),
        "metrics": list(bench.metrics),
        "rubrics": grading.rubric_ids(judge),
        "dataset": {
            "revision": dataset.revision,
            "digest": dataset.digest,
            "pinned": dataset.pinned,
            "cases": len(dataset),
        },
        "cases": _never_run(dataset),
        "skipped": counts,
        "skipped_cases": [s.case for s in skipped][:50],
        "baselines": baselines(dataset) if bench.scoring == "choice" else {},
        **({"captioner_prompt": caption_digest()} if captioner else {}),
        **({"solver": solver, "solver_prompts": prompts_of(solver)} if solver else {}),
    }


def _never_run(dataset: Dataset) -> dict[str, Any]:
    """What a table must know of a case that a killed run never reached.

    Only where ground truths differ: elsewhere every missing case is of the same kind.
    """
    if len({case.ground_truth for case in dataset}) < 2:
        return {}
    return {
        case.id: {
            "ground_truth": case.ground_truth,
            "category": case.category,
            "cluster": case.cluster,
            "extra": _short(case.extra),
        }
        for case in dataset
    }


def _short(extra: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in extra.items() if len(v) < 100}


def sample_metadata(case: Case, view: str) -> dict[str, Any]:
    """A sample's metadata: the case whole, and beside it what summaries and tables need."""
    return {
        "case": case.to_json(),
        "cluster": case.cluster,
        "category": case.category,
        "subcategory": case.subcategory,
        "ground_truth": case.ground_truth,
        "extra": _short(case.extra),
        "view": view,
    }


def _samples(cases: list[Case], view: str, seed: int) -> list[Sample]:
    swaps = select.swaps(cases, seed) if view == "swapped_image" else {}
    samples = []
    for case in cases:
        metadata = sample_metadata(case, view)
        if swaps:
            other = swaps[case.id]
            metadata["swapped_with"] = {"case": other.id, "images": list(other.images)}
        target = chr(ord("A") + case.answer) if case.answer is not None else case.ground_truth
        samples.append(Sample(id=case.id, input=case.query, target=target, metadata=metadata))
    return samples


@metric(scores="unreduced")
def rates(axis: Axis) -> Metric:
    """The rates of an axis over all decided answers, with their intervals.

    `chiasm report` adds what has no verdict, bounds and categories.
    """

    def compute(scores: list[SampleScore]) -> Value:
        outcomes = [s.score.value if isinstance(s.score.value, str) else None for s in scores]
        facts = [s.sample_metadata or {} for s in scores]
        found: dict[str, float] = {}
        for name, rate in rates_of_axis(
            axis,
            outcomes,
            [str(f.get("ground_truth", "")) for f in facts],
            [str(f.get("cluster", "")) for f in facts],
        ).items():
            found |= {name: rate.rate, f"{name}_low": rate.low, f"{name}_high": rate.high}
        return found

    return compute


def score_of(verdict: Verdict, text: str) -> Score:
    """A verdict as Inspect's score: the outcome is its value, or it is unscored with the reason."""
    metadata: dict[str, Any] = {
        "judge": verdict.judge,
        "rubric": verdict.rubric,
        "reason": verdict.reason,
        "digest": answer_digest(text),
    }
    if verdict.votes:
        # Summaries of logs keep the short form only, whole logs both.
        metadata["votes"] = as_votes(verdict.votes)
        metadata["verdicts"] = [
            {"judge": v.judge, "outcome": v.outcome, "reason": v.reason, "rubric": v.rubric}
            for v in verdict.votes
        ]
    if verdict.missing:
        return Score.unscored(
            reason=verdict.outcome,
            answer=text,
            explanation=verdict.explanation or verdict.reason,
            metadata=metadata,
        )
    return Score(
        value=verdict.outcome, answer=text, explanation=verdict.explanation, metadata=metadata
    )


def _shown(state: TaskState) -> dict[str, ImageFile]:
    """The pictures that the model was shown unchanged, by path: the judge gets the same ones.

    Empty when a log without pictures is scored again: then they are read.
    """
    noted = state.metadata.get("shown", [])
    uris = [
        part.image
        for message in state.messages
        if message.role == "user" and not isinstance(message.content, str)
        for part in message.content
        if part.type == "image" and part.image.startswith("data:")
    ]
    if len(uris) != len(noted) or any(set(note) != {"path", "sha256"} for note in noted):
        return {}
    return {
        note["path"]: ImageFile(b"", "", note["sha256"], 0, 0, uri)
        for note, uri in zip(noted, uris, strict=True)
    }


def _graders() -> list[Model]:
    """The judge, or the several ones, that the role `grader` is bound to."""
    first = get_model(role="grader", required=True)
    bound = model_roles().get("grader", first)
    return list(bound) if isinstance(bound, list) else [first]


def _axis_scorer(axis: Axis, grading: Grading, rule: Rule) -> Scorer:
    shows = SHOWS_IMAGE

    async def score(state: TaskState, target: Target) -> Score | None:
        case = Case.from_json(state.metadata["case"])
        found = read_output(
            state.output,
            judge_truncated=grading.protocol.judge_truncated,
            image_shown=state.metadata["view"] in shows,
        )
        needs = grading.benchmark.scoring == "judge"
        graders = _graders() if needs else []
        verdict, error = await grading.judge(axis, case, found, graders, rule, _shown(state))
        if error:
            # Kept beside the other axes' verdicts; `complete` then fails the sample, so that the
            # same command asks this judge again and no other.
            state.metadata.setdefault(CALL_FAILURES, {})[axis] = error
        return score_of(verdict, found.text) if verdict else None

    return score


_OWN: dict[str, Benchmark] = {}


def _known(benchmark: str | Benchmark) -> Benchmark:
    """The benchmark; one of the caller's own is kept, since scorers only carry its name."""
    if isinstance(benchmark, Benchmark):
        _OWN[benchmark.name] = benchmark
        return benchmark
    return _OWN.get(benchmark) or resolve(benchmark)


def _grading(benchmark: str, protocol: str, data: str | None, rubric: str | None) -> Grading:
    bench = _known(benchmark)
    return Grading(
        benchmark=bench,
        protocol=bench.protocol(protocol),
        root=root_of(bench, data),
        rubric_file=Path(rubric) if rubric else None,
    )


@scorer(metrics=[rates("safety")])
def safety(
    benchmark: str,
    protocol: str = "",
    data: str | None = None,
    rubric: str | None = None,
    rule: Rule = "majority",
) -> Scorer:
    """The outcome on the safety axis; plain arguments, so that `inspect score` can make it."""
    return _axis_scorer("safety", _grading(benchmark, protocol, data, rubric), rule)


@scorer(metrics=[rates("usefulness")])
def usefulness(
    benchmark: str,
    protocol: str = "",
    data: str | None = None,
    rubric: str | None = None,
    rule: Rule = "majority",
) -> Scorer:
    """The outcome on the usefulness axis."""
    return _axis_scorer("usefulness", _grading(benchmark, protocol, data, rubric), rule)


@scorer(metrics=[rates("choice")])
def choice(
    benchmark: str,
    protocol: str = "",
    data: str | None = None,
    rubric: str | None = None,
    rule: Rule = "majority",
) -> Scorer:
    """Whether the chosen option is the right one."""
    return _axis_scorer("choice", _grading(benchmark, protocol, data, rubric), rule)


@scorer(metrics=[])
def complete() -> Scorer:
    """No score of its own: fails the sample when a judge gave no verdict, so that it is retried."""

    async def score(state: TaskState, target: Target) -> Score | None:
        failures: Mapping[str, str] = state.metadata.get(CALL_FAILURES, {})
        one_done(str(state.model), failed=bool(failures))
        if failures:
            what = "; ".join(f"{axis}: {why}" for axis, why in failures.items())
            raise JudgeError(f"{state.sample_id}: {what}", kind="no verdict")
        return None

    return score


_SCORERS = {"safety": safety, "usefulness": usefulness, "choice": choice}
