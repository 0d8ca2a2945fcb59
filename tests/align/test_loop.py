"""The commands of recipes/loop, as its README has them, small: build, align, before and after."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from chiasm.cli import main

ROOT = Path(__file__).resolve().parents[2]
LOOP = ROOT / "recipes" / "loop"
SMALL = ("--set", "max_steps=2", "--set", "batch_size=4", "--limit", "4")


def commands() -> list[list[str]]:
    """What the README has under its first heading, without the prompt."""
    text = (LOOP / "README.md").read_text("utf-8").replace("\\\n", " ")
    block = text.split("```console\n")[1].split("```")[0]
    return [shlex.split(line)[2:] for line in block.splitlines()]


def test_the_readme_runs_the_whole_loop() -> None:
    assert [c[0] for c in commands()] == ["lab", "build", "build", "align"]
    files = {part for c in commands() for part in c if part.startswith("recipes/")}
    assert all((ROOT / file.partition("@")[0]).exists() for file in files)


def test_what_the_base_can_do_is_measured(tmp_path: Path) -> None:
    """The lab's base, in numpy: it names 9 of 10 drawings, and knows every fact."""
    tasks = [f"{LOOP / 'ability.py'}@{name}" for name in ("naming", "facts")]
    args = ["eval", *tasks, "--model", "chiasm_tiny/base", "--log-dir", str(tmp_path)]
    done = CliRunner().invoke(main, args, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = dict(re.findall(r"(naming|facts) - .*?accuracy ([\d.]+)", done.output))
    assert 0.85 < float(found["naming"]) < 1
    assert float(found["facts"]) == 1


@pytest.mark.train
def test_build_align_before_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trl")
    shutil.copytree(LOOP, tmp_path / "recipes" / "loop")
    for name in ("build", "test"):
        file = tmp_path / "recipes" / "loop" / f"{name}.yaml"
        file.write_text(file.read_text().replace("  variants: ", "  variants: 1  # "))
    monkeypatch.chdir(tmp_path)
    for command in commands():
        if command[0] == "align":
            # The other tasks take most of the time, and are run by tests of their own.
            command = [c for c in command if c != "lab" and ".py@" not in c]
            command += SMALL
        done = CliRunner().invoke(main, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    run = tmp_path / "loop" / "run"
    mixture = json.loads((run / "mixture" / "mixture.json").read_text())
    assert mixture["counts"]["loop"] == {"benign": 216, "harmful": 216, "with_image": 432}
    assert mixture["counts"]["lab_replay"]["with_image"] > 0
    assert set(mixture["gate"]["compared_with"]) == {"scenes", "lab", "loop-test"}
    assert "built | built_safe (same source)" in done.output
    table = json.loads((run / "before_after.json").read_text())
    assert len(table["models"]) == 2
