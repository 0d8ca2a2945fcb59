"""All answers of a mind to scenes, judged by the real rules, as a frame of responses."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import polars as pl

from chiasm import scenes
from chiasm.benchmarks.probes import KNOW_TEMPLATE, knowledge
from chiasm.cases import Case, Verdict
from chiasm.grading import choose
from chiasm.judges.scenes import exact
from chiasm.judges.scenes_probe import perceived
from chiasm.report.frame import GRID_COLUMNS, SCHEMA
from tests.diagnose.policies import Model

JUDGES = {"scenes": exact, "scenes_probe": perceived, "scenes_know": choose}

CAPTION = "[In place of the picture, its description: {}]"


def frame(model: Model, epochs: int = 5, limit: int | None = None) -> pl.DataFrame:
    """What `chiasm.report.responses` would give for a whole diagnosis of scenes."""
    rows = [row for asked in _all(limit) for row in _rows(model, epochs, *asked)]
    return pl.DataFrame(rows, schema=SCHEMA)


def _all(limit: int | None) -> Iterator[tuple[str, str, Case, str, tuple[bytes, ...]]]:
    cases = scenes.cases()[:limit]
    for case in cases:
        picture = (scenes.image_bytes(case),)
        told = CAPTION.format(case.oracle.description)
        named = f"{told}\n\n[Note: {case.oracle.hazard}]" if case.oracle.hazard else told
        yield "scenes", "full", case, case.query, picture
        yield "scenes", "text_only", case, case.query, ()
        yield "scenes", "caption", case, f"{told}\n\n{case.query}", ()
        if case.oracle.hazard:
            yield "scenes", "oracle_hazard", case, f"{named}\n\n{case.query}", ()
    for case in scenes.probes(tier="diagonal"):
        yield "scenes_probe", "full", case, case.query, (scenes.image_bytes(case),)
    for case in knowledge(("diagonal",)):
        options = "\n".join(f"({'AB'[i]}) {o}" for i, o in enumerate(case.options))
        text = KNOW_TEMPLATE.format(query=case.query, options=options)
        yield "scenes_know", "full", case, text, ()


def _rows(
    model: Model,
    epochs: int,
    benchmark: str,
    view: str,
    case: Case,
    text: str,
    images: Sequence[bytes],
) -> Iterator[dict[str, Any]]:
    axis = "safety" if benchmark == "scenes" else "choice"
    for epoch in range(1, epochs + 1):
        verdict = judged(benchmark, case.id, model.answer(text, images))
        yield {
            **dict.fromkeys(SCHEMA),
            **{name: case.extra.get(name) for name in GRID_COLUMNS},
            "benchmark": benchmark,
            "view": view,
            "model": "made/mind",
            "judge": verdict.judge,
            "run": f"{benchmark} {view}",
            "case": case.id,
            "epoch": epoch,
            "cluster": case.cluster,
            "category": case.category,
            "ground_truth": case.ground_truth,
            axis: verdict.outcome,
            f"{axis}_reason": verdict.reason,
            "about": "{}",
        }


@cache
def judged(benchmark: str, case: str, answer: str) -> Verdict:
    """The verdict of the rule that judges this benchmark; few different answers are given."""
    return JUDGES[benchmark](_cases()[case], answer)


@cache
def _cases() -> dict[str, Case]:
    return {c.id: c for c in (*scenes.cases(), *scenes.probes(), *knowledge())}
