"""Every recipe reads; its small version trains on a tiny LLaVA through the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from chiasm.align import recipes
from chiasm.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(f.parent.name for f in (ROOT / "recipes").glob("*/recipe.yaml"))


def test_the_recipes_of_the_papers_are_there():
    assert NAMES == recipes.names() == [
        "combined_sft", "loop", "multimodal_dpo", "multimodal_sft", "online_rl",
        "safety_reasoning_sft", "textual_dpo", "textual_sft", "textual_unlearning",
        "textual_unlearning_bounded",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_recipe_and_small_version_read_and_are_explained(name):
    whole, small = recipes.read(name), recipes.read(name, smoke=True)
    assert whole.method == small.method
    assert 0 < small.settings.max_steps <= 4 and whole.settings.max_steps == 0
    text = (ROOT / "recipes" / name / "README.md").read_text("utf-8")
    for part in whole.parts:
        assert part.dataset in text
    for heading in ("What it reproduces", "Published figures", "Hardware"):
        assert heading in text


def test_mistakes_in_a_recipe_are_named(tmp_path):
    file = tmp_path / "recipe.yaml"
    for text, wanted in (
        ("method: sft", "mixture is missing"),
        ("method: ppo\nmixture: [{dataset: smoke}]", "method: one of"),
        ("method: sft\nmixture: [{dataset: smoke, cuont: 3}]", "unknown keys"),
        ("method: sft\nmixture: [{dataset: smoke}]\nsettings: {learning_rate: 1}", "no 'learning"),
        ("method: sft\nmixture: [{dataset: smoke}]\nsettings: {epochs: many}", "expected float"),
        ("method: [", "not YAML"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=wanted):
            recipes.read(str(tmp_path))
    with pytest.raises(ConfigError, match="there are combined_sft"):
        recipes.read("textual")


@pytest.mark.train
@pytest.mark.parametrize("name", NAMES)
def test_small_version_trains(name, llava, tmp_path):
    pytest.importorskip("trl")
    from chiasm.cli import main

    arguments = ["align", name, "--smoke", "--model", str(llava), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "trained model:" in done.output and "gate: shares nothing with scenes" in done.output
    assert (tmp_path / "out" / "model" / "model.safetensors").is_file()
    made = json.loads((tmp_path / "out" / "mixture" / "mixture.json").read_text())
    assert made["rows"] == sum(1 for _ in (tmp_path / "out" / "mixture" / "mixture.jsonl").open())
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 2 and "--resume" in again.output
    assert CliRunner().invoke(main, [*arguments, "--resume"]).exit_code == 0


@pytest.mark.train
def test_the_same_cases_before_and_after(llava, tmp_path):
    pytest.importorskip("trl")
    from chiasm.cli import main

    out = str(tmp_path / "out")
    done = CliRunner().invoke(
        main,
        ["align", "multimodal_sft", "--smoke", "--model", str(llava), "-o", out, "--limit", "4",
         "--set", "lr=0.05", "--then-eval", "scenes_mc", "scenes"],
        catch_exceptions=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "scenes_mc" in done.output and str(tmp_path / "out" / "model") in done.output
    assert "JOINT: " in done.output and "change" in done.output.partition("Before and after")[2]
    found = json.loads((tmp_path / "out" / "before_after.json").read_text())
    assert found["base"] == f"chiasm_hf/{llava.resolve()}" and len(found["models"]) == 2
    bare = CliRunner().invoke(main, ["align", "multimodal_sft", "scenes"])
    assert bare.exit_code == 2 and "--then-eval" in bare.output
