from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from chiasm.report import estimates, perception

Make = Callable[[list[dict[str, Any]]], pl.DataFrame]
GRIDS = ("a-v0", "b-v0", "c-v0")


def cells(model: str, wrong: tuple[str, ...] = (), **more: str) -> list[dict[str, Any]]:
    """All cells of `GRIDS`, right but (0, 1) of the grids in `wrong`."""
    rows = []
    for grid in GRIDS:
        for image, query in ((0, 0), (0, 1), (1, 0), (1, 1)):
            safe = image != query
            outcome = "helped" if safe else "warning"
            if grid in wrong and (image, query) == (0, 1):
                outcome = "over_refusal"
            rows.append(
                {"benchmark": "scenes", "model": model, "run": model,
                 "case": f"{grid}-{image}{query}", "grid": grid, "image": str(image),
                 "query": str(query), "family": grid[0],
                 "cluster": grid[0], "ground_truth": "safe" if safe else "unsafe",
                 "safety": outcome, **more}
            )  # fmt: skip
    return rows


def probes(model: str, **named: str) -> list[dict[str, Any]]:
    """Probe rows by grid: outcomes of its pictures, "+" right, "-" wrong, "?" no verdict."""
    words = {"+": "correct", "-": "incorrect", "?": "no_verdict"}
    return [
        {"benchmark": "scenes_probe", "model": model, "run": f"{model} probe",
         "case": f"p/{grid}-{i}", "epoch": 1, "grid": f"{grid}-v0", "image": str(i), "query": None,
         "family": grid, "cluster": grid, "ground_truth": "safe", "safety": None,
         "choice": words[mark]}
        for grid, marks in named.items()
        for i, mark in enumerate(marks)
    ]  # fmt: skip


def figures(frame: pl.DataFrame, model: str) -> dict[str, tuple[int, int]]:
    return {
        e["metric"]: (e["k"], e["n"])
        for e in estimates(perception.mark(frame))
        if e["model"] == model and e["benchmark"] == "scenes" and e["group"] == "all"
    }


def test_scores_are_given_again_for_grids_whose_pictures_were_named(frame_of: Make) -> None:
    rows = cells("m", wrong=("b-v0",)) + probes("m", a="++", b="+-", c="++")
    found = figures(frame_of(rows), "m")
    assert (found["group_score"], found["group_score_perceived"]) == ((2, 3), (2, 2))
    assert (found["text_score"], found["text_score_perceived"]) == ((5, 6), (4, 4))
    assert (found["image_score"], found["image_score_perceived"]) == ((5, 6), (4, 4))


@pytest.mark.parametrize("marks", ["+-", "-+", "--", "+?", "+"])
def test_what_was_not_named_for_sure_does_not_count_as_seen(frame_of: Make, marks: str) -> None:
    found = figures(frame_of(cells("m") + probes("m", a=marks, b="++")), "m")
    assert found["group_score_perceived"] == (1, 1)


def test_nothing_seen_is_no_figure(frame_of: Make) -> None:
    assert "group_score_perceived" not in figures(frame_of(cells("m") + probes("m", a="--")), "m")


def test_only_the_same_model_and_view_tells(frame_of: Make) -> None:
    every = probes("m", a="++", b="++", c="++")
    assert "group_score_perceived" not in figures(frame_of(cells("n") + every), "n")
    assert "group_score_perceived" not in figures(
        frame_of(cells("n", view="text_only") + every), "n"
    )
    assert figures(frame_of(cells("m") + every), "m")["group_score_perceived"] == (3, 3)


def test_all_answers_to_a_probe_must_be_right(frame_of: Make) -> None:
    second = [{**row, "epoch": 2, "choice": "incorrect"} for row in probes("m", a="++")[:1]]
    found = figures(frame_of(cells("m") + probes("m", a="++", b="++") + second), "m")
    assert found["group_score_perceived"] == (1, 1)


def test_a_probe_run_has_an_accuracy_and_no_grid_scores(frame_of: Make) -> None:
    frame = perception.mark(frame_of(probes("m", a="++", b="+-")))
    found = {e["metric"]: (e["k"], e["n"]) for e in estimates(frame) if e["group"] == "all"}
    assert found == {"accuracy": (3, 4)}
