"""The German recipe, as it is shipped, with scripted models in place of those that it names."""

import json
from pathlib import Path

import pytest
import yaml

from chiasm.build.forecast import plan
from chiasm.build.make import build
from chiasm.build.recipe import read
from tests.build.world import BuildServer

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "recipes/kitchen-de"


def test_the_manual_shows_what_is_shipped() -> None:
    """Keys that the manual's recipe and taxonomy use are those of the shipped ones."""
    manual = (ROOT / "docs/build.md").read_text()
    shown = yaml.safe_load(manual.split("```yaml\n")[1].split("```")[0])
    shipped = yaml.safe_load((SHIPPED / "build.yaml").read_text())
    assert shown.keys() <= shipped.keys()
    taxonomy = (SHIPPED / "taxonomy.toml").read_text()
    for line in manual.split("```toml\n")[1].split("```")[0].splitlines():
        assert line.partition(" =")[0] in taxonomy


def test_it_plans_without_a_key() -> None:
    calls = plan(read(SHIPPED / "build.yaml"))
    written = sum(c.calls for c in calls if c.step == "write")
    assert written == 3 * 5 + 2


@pytest.mark.slow
def test_it_builds(builders: BuildServer, tmp_path: Path) -> None:
    for file in SHIPPED.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    recipe = yaml.safe_load((tmp_path / "build.yaml").read_text())
    recipe["models"] = {role: builders.model(role) for role in (*recipe["models"], "rewriter")}
    recipe["references"] = [builders.model("ref-weak")]
    recipe["filters"]["category"] = False  # the scripted critic knows its own categories only
    (tmp_path / "build.yaml").write_text(yaml.safe_dump(recipe))
    made = build(tmp_path / "build.yaml", tmp_path / "out")
    assert not made.built.waiting
    asked = [r.text for r in builders.requests() if r.model == "writer"]
    assert len(asked) == 3 * 5 + 2
    assert all('the language with the code "de"' in text for text in asked)
    assert any("ein Geschirrtuch auf dem Herd" in text for text in asked)
    rows = [json.loads(x) for x in (tmp_path / "out/metadata.jsonl").read_text().splitlines()]
    assert rows
    assert {row["language"] for row in rows} == {"de"}
    assert "language: [de]" in (tmp_path / "out/README.md").read_text()
