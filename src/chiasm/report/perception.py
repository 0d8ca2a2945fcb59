"""Which grids of scenes a model has seen right: not seeing is not to be mistaken for not joining.

The benchmark ``scenes_probe`` asks what is in each picture. Where its log of a model is among the
logs given, the grid scores of that model are given again for the grids whose pictures it named
right (``group_score_perceived``, ...).
"""

import polars as pl

PROBE = "scenes_probe"

_WHO = ("model", "view")


def mark(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the column ``perceived`` filled in.

    Args:
        frame: Of `chiasm.report.responses`.

    Returns:
        True on a cell of a grid when every response of the same model in the same view to the
        probes of the grid's pictures is `correct`; false when one is not, or has no verdict, or a
        picture of the grid was not asked about; null where there is no grid, or no probe run of
        that model and view.
    """
    probes = frame.filter((pl.col("benchmark") == PROBE) & pl.col("grid").is_not_null())
    seen = probes.group_by(*_WHO, "grid").agg(
        (pl.col("choice") == "correct").fill_null(False).all().alias("_named"),
        pl.col("image").unique().alias("_pictures"),
    )
    known = dict.fromkeys(zip(*(probes[c] for c in _WHO), strict=True))
    named = {
        (model, view, grid): set(pictures) if right else set()
        for model, view, grid, right, pictures in seen.select(
            *_WHO, "grid", "_named", "_pictures"
        ).iter_rows()
    }
    cells = frame.select("benchmark", *_WHO, "grid", "query", "image").rows()
    needed: dict[str, set[str]] = {}
    for _, _, _, grid, query, image in cells:
        if grid is not None and query is not None:
            needed.setdefault(grid, set()).add(image)
    marks = [
        needed[grid] <= named.get((model, view, grid), set())
        if grid is not None and query is not None and (model, view) in known
        else None
        for _, model, view, grid, query, _ in cells
    ]
    return frame.with_columns(pl.Series("perceived", marks, dtype=pl.Boolean))
