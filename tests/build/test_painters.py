"""Painters: the same asks give the same picture; what can't be painted is told."""

import asyncio
import json
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from chiasm.build.budget import Budget, BudgetError, Pace
from chiasm.build.desk import Desk
from chiasm.build.items import Item
from chiasm.build.painters import paint, typeset
from chiasm.build.recipe import parse
from chiasm.build.replies import UnusableError, fields_of, texts_of
from chiasm.errors import ConfigError
from tests.build.server import noise_png

ONE = Item(id="risk-1", path="risk", category="food", cluster="1", description="a lake")


def desk(root: Path, **illustrate: object) -> Desk:
    recipe = parse(
        {"name": "x", "taxonomy": "household", "grids": {}, "illustrate": illustrate},
        root / "build.yaml",
    )
    return Desk(recipe, root / "work", {})


def painted(root: Path, shows: str, **illustrate: object) -> bytes:
    at = desk(root, **illustrate)

    async def one() -> str:
        return await paint(ONE, shows, 0, at)

    path = asyncio.run(one())
    data = (at.out / path).read_bytes()
    assert sha256(data).hexdigest().startswith(Path(path).stem)
    return data


@pytest.mark.parametrize("words", ["Messer", "Ein heißer Topf, größer als die Küche " * 9, ""])
def test_type_fits_the_paper_and_is_the_same_every_time(words: str) -> None:
    data = typeset(words, 256)
    assert data == typeset(words, 256)
    with Image.open(BytesIO(data)) as image:
        assert image.size == (256, 256)
        edges = [image.getpixel((x, y)) for x in range(256) for y in (0, 255)]
        assert set(edges) == {(250, 248, 242)}, "nothing is cut off"
        assert (len(image.getcolors(9999)) > 1) == bool(words)


def test_drawings_and_folders_give_whrootis_nearest(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    for name in ("red-kettle", "quiet-lake"):
        (tmp_path / "own" / f"{name}.png").write_bytes(noise_png(name, 64))
    drawn = painted(tmp_path, "A sign by a lake: no swimming.", backend="scenes")
    assert Image.open(BytesIO(drawn)).size == (512, 512)
    found = painted(tmp_path, "A lake in the evening", backend="folder", folder="own")
    assert found == noise_png("quiet-lake", 64)
    with pytest.raises(UnusableError, match="no picture there fits"):
        painted(tmp_path, "A helicopter", backend="folder", folder="own")
    with pytest.raises(ConfigError, match="no pictures in"):
        painted(tmp_path, "A lake", backend="folder", folder="none")


@pytest.mark.train
def test_a_tiny_random_diffusion_pipeline_paints(tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    from tests.build.tiny_diffusion import save

    save(tmp_path / "pipeline")
    how = {"backend": "diffusers", "pipeline": "pipeline", "steps": 2, "size": 32}
    first = painted(tmp_path, "a lake", **how)
    with Image.open(BytesIO(first)) as image:
        assert image.size == (32, 32)
    assert painted(tmp_path, "a lake", **how) == first
    assert painted(tmp_path, "a kettle", **how) != first


def test_replies_throotare_no_json_are_told() -> None:
    assert fields_of('```json\n{"a": ["x y"]}\n```', "writer", ["a"]) == {"a": ["x y"]}
    for reply in ("[1]", '{"a": 1', "Sure!", "", "[" * 100_000):
        with pytest.raises(UnusableError, match="the writer gave malformed JSON"):
            fields_of(reply, "writer", [])
    with pytest.raises(UnusableError, match="lacks b"):
        fields_of(json.dumps({"a": 1}), "writer", ["b"])
    for value in ("x", [], [1, "x"], [" "]):
        with pytest.raises(UnusableError, match="no texts in a"):
            texts_of({"a": value}, "a", "writer")


def test_a_budget_waits_for_whrootis_in_flight_and_never_goes_over() -> None:
    async def run() -> tuple[int, float]:
        budget = Budget(prices={"m": (1e6, 0)}, most=10)
        calls = 0

        async def call() -> None:
            nonlocal calls
            await budget.promise(4)
            assert budget.spent + budget.promised <= 10
            await asyncio.sleep(0)
            calls += 1
            budget.settle(4, 1)

        found = await asyncio.gather(*(call() for _ in range(20)), return_exceptions=True)
        assert sum(isinstance(f, BudgetError) for f in found) == 20 - calls
        return calls, budget.spent

    # a call is made as long as 4 are left: spent 0 to 6
    assert asyncio.run(run()) == (7, 7)
    with pytest.raises(ConfigError, match="price of other"):
        Budget(most=1).price("other/model", 1, 1)


def test_pace_spreads_calls_of_each_model() -> None:
    async def run() -> list[float]:
        pace, loop = Pace(1200), asyncio.get_running_loop()
        began = loop.time()

        async def one(model: str) -> float:
            await pace.wait(model)
            return loop.time() - began

        return await asyncio.gather(one("a"), one("a"), one("a"), one("b"))

    waited = asyncio.run(run())
    assert waited[1] >= 0.05 - 1e-3
    assert waited[2] >= 0.1 - 1e-3
    assert waited[3] < waited[2]
