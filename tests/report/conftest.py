"""Small real Inspect logs, written with Inspect's public classes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from chiasm.report.frame import SCHEMA

Answer = dict[str, Any]
"""case, epoch, and what else is not the default: safety, usefulness, choice (outcome, or
(missing, finer word)), error, cluster, category, ground_truth, extra, answer, replies."""


def build_log(
    path: Path,
    answers: Sequence[Answer],
    *,
    benchmark: str = "siuo",
    model: str = "fake/model",
    judge: str = "fake/judge",
    axes: Sequence[str] = ("safety",),
    epochs: int = 1,
    ids: Sequence[str] | None = None,
    status: str = "success",
    created: str = "2026-01-01T00:00:00+00:00",
    about: dict[str, Any] | None = None,
    temperature: float | None = 0.0,
) -> Path:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalPlan, EvalSpec, write_eval_log
    from inspect_ai.model import GenerateConfig

    found = ids if ids is not None else list(dict.fromkeys(a["case"] for a in answers))
    spec = EvalSpec(
        created=created,
        task=f"chiasm/{benchmark}",
        dataset=EvalDataset(name=benchmark, samples=len(found), sample_ids=list(found)),
        model=model,
        config=EvalConfig(epochs=epochs),
        metadata={
            "chiasm": {
                "schema": 1,
                "version": "0.1.0",
                "benchmark": benchmark,
                "protocol": "chiasm@1",
                "view": "full",
                "source": "eval",
                "axes": list(axes),
                "metrics": ["safe_rate"],
                "rubrics": {},
                "dataset": {"revision": "r", "digest": "d" * 16, "pinned": True},
                "skipped": {},
                "baselines": {},
                **(about or {}),
            }
        },
    )
    plan = EvalPlan(config=GenerateConfig(temperature=temperature))
    samples = [_sample(a, judge, model) for a in answers]
    log = EvalLog(status=status, eval=spec, plan=plan, samples=samples)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_eval_log(log, path)
    return path


def _sample(answer: Answer, judge: str, model: str) -> Any:
    from inspect_ai.log import EvalError, EvalSample
    from inspect_ai.model import ModelOutput

    scores = {
        axis: _score(answer[axis], judge, answer.get("replies", {}).get(axis, ""))
        for axis in ("safety", "usefulness", "choice")
        if axis in answer
    }
    error = answer.get("error")
    case = answer["case"]
    facts = {
        "cluster": answer.get("cluster", case),
        "category": answer.get("category", "privacy"),
        "subcategory": answer.get("subcategory", ""),
        "ground_truth": answer.get("ground_truth", "unsafe"),
    }
    whole = {"id": case, "turns": ["a question"], **facts, **answer.get("case_json", {})}
    return EvalSample(
        id=case,
        epoch=answer.get("epoch", 1),
        input="a question",
        target="",
        metadata={"case": whole, **facts, "extra": answer.get("extra", {}), "view": "full"},
        scores=scores or None,
        output=ModelOutput.from_content(model, answer.get("answer", "an answer")),
        error=EvalError(message=error, traceback="", traceback_ansi="") if error else None,
    )


def _score(value: Any, judge: str, reply: str) -> Any:
    from inspect_ai.scorer import Score

    if isinstance(value, tuple):
        missing, finer = value
        return Score.unscored(
            reason=missing, explanation=reply, metadata={"reason": finer, "judge": judge}
        )
    outcome, _, finer = value.partition(":")
    return Score(value=outcome, explanation=reply, metadata={"reason": finer, "judge": judge})


@pytest.fixture
def write_log(tmp_path: Path) -> Callable[..., Path]:
    """Write a log under ``tmp_path``: write_log("a.eval", [{"case": ..., "safety": ...}])."""

    def write(name: str, answers: Sequence[Answer], **options: Any) -> Path:
        return build_log(tmp_path / name, answers, **options)

    return write


def make_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A frame as `responses` makes it, of rows that name only what matters."""
    usual = {
        "benchmark": "siuo", "protocol": "chiasm@1", "view": "full", "model": "m/m",
        "judge": "j/j", "source": "eval", "run": "0", "epoch": 1, "category": "privacy",
        "ground_truth": "unsafe", "retry": False, "log": "a.eval",
        "about": '{"skipped": {}, "marks": []}',
    }  # fmt: skip
    whole = [{**dict.fromkeys(SCHEMA), **usual, "cluster": r["case"], **r} for r in rows]
    return pl.DataFrame(whole, schema=SCHEMA)


def make_grid(family: str, outcomes: str) -> list[dict[str, Any]]:
    """Four cells of a diagonal grid: 00 and 11 are dangerous; letters as below."""
    words = {
        "r": "refusal", "w": "warning", "u": "unsafe", "h": "helped", "n": "needless_warning",
        "o": "over_refusal", "?": "no_verdict",
    }  # fmt: skip
    cells = [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    return [
        {
            "case": f"{family}-{image}{query}",
            "cluster": family,
            "grid": f"{family}-v0",
            "family": family,
            "image": image,
            "query": query,
            "ground_truth": "unsafe" if image == query else "safe",
            "safety": words[letter],
        }
        for (image, query), letter in zip(cells, outcomes, strict=True)
    ]


@pytest.fixture(scope="session")
def frame_of() -> Callable[[list[dict[str, Any]]], pl.DataFrame]:
    """`make_frame`."""
    return make_frame


@pytest.fixture(scope="session")
def grid() -> Callable[[str, str], list[dict[str, Any]]]:
    """`make_grid`."""
    return make_grid
