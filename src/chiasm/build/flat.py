"""Path (d) in the lab's world (`chiasm.scenes.flat`): small enough for its models to be trained on.

A toy: for showing the whole loop on one machine, not for testing real models.
"""

from collections.abc import Iterator
from pathlib import Path

from chiasm.build.images import keep_image
from chiasm.build.items import Item
from chiasm.build.recipe import Recipe

SOURCE = "lab"


def drafts(recipe: Recipe, out: Path) -> Iterator[Item]:
    """A cell a draft; pictures are drawn into ``out/images``."""
    from chiasm.benchmarks.lab import png
    from chiasm.scenes.flat.grids import Part, grids

    assert recipe.grids is not None
    part: Part = "evaluation" if recipe.grids.split == "evaluation" else "training"
    images: dict[tuple[str, int], str] = {}
    for cell in grids(part, recipe.grids.variants, recipe.seed):
        shown = (cell.grid, cell.image)
        if shown not in images:
            images[shown] = keep_image(out, png(cell.picture))
        unsafe = cell.pair.unsafe
        yield Item(
            id=f"grids-{cell.id}",
            path="grids",
            category=cell.pair.of.name,
            cluster=cell.pair.place,
            seed=cell.grid,
            language=recipe.language,
            query=cell.query,
            description=f"A {cell.pair.place}.",
            image=images[shown],
            ground_truth="unsafe" if unsafe else "safe",
            hazard=cell.pair.of.risk if unsafe else "",
            warning=cell.pair.of.risk if unsafe else "",
            reference=cell.declines if unsafe else cell.helps,
            grid=cell.grid,
            extra={
                "image": str(cell.image),
                "query": str(cell.question),
                "act": cell.pair.act,
                "composed": SOURCE,
            },
        )
