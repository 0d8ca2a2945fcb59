"""A built set goes by its own name, in eval, align's --then-eval and audit."""

import json
from pathlib import Path

import pytest

from chiasm.audit.sources import open_source
from chiasm.benchmarks.named import unfold
from chiasm.errors import ConfigError


def folder(path: Path, name: str, kinds: list[str]) -> str:
    path.mkdir(parents=True)
    facts = {"schema": 1, "name": name, "benchmarks": kinds}
    (path / "benchmark.json").write_text(json.dumps(facts))
    return str(path)


def test_a_set_is_dangerous_and_benign_rows_together(tmp_path: Path) -> None:
    out = folder(tmp_path / "out", "mine", ["built", "built_safe", "built_mc"])
    found = unfold(["scenes", "mine", "file.py@task"], {"": out})
    assert found.names == ("scenes", "built", "built_safe", "built_mc", "file.py@task")
    assert found.folders["built_safe"] == out
    named = unfold(["mine"], {"mine": out, "": "elsewhere"})
    assert named.names == ("built", "built_safe", "built_mc")
    assert {named.folders[n] for n in named.names} == {out}
    assert unfold(["built_mc"], {"": out}).names == ("built_mc",)


def test_scenes_alone_need_no_judge(tmp_path: Path) -> None:
    out = folder(tmp_path / "out", "drawn", ["built_scenes", "built", "built_safe"])
    assert unfold(["drawn"], {"": out}).names == ("built_scenes",)


def test_what_is_there_is_named_where_the_name_is_wrong(tmp_path: Path) -> None:
    out = folder(tmp_path / "out", "mine", ["built", "built_safe"])
    with pytest.raises(ConfigError, match=r"holds the built set 'mine' and not 'mime'.*built_safe"):
        unfold(["mime"], {"": out})
    with pytest.raises(ConfigError, match=r"'mine' and not 'mime'"):
        open_source("mime", folders={"": out})
    with pytest.raises(ConfigError, match=r"no benchmark\.json"):
        unfold(["mine"], {"mine": str(tmp_path)})
    assert unfold(["mine"], {"": str(tmp_path)}).names == ("mine",), "what it is, is said later"


def test_two_sets_are_two_commands(tmp_path: Path) -> None:
    both = {n: folder(tmp_path / n, n, ["built"]) for n in ("one", "two")}
    with pytest.raises(ConfigError, match="one built set at a time"):
        unfold(["one", "two"], both)
