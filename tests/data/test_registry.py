import json
import shutil
import sys
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from chiasm.data import registry as reg
from chiasm.data.records import csv_records, json_records
from chiasm.data.registry import Entry, digests, entry, locate, parse, registry
from chiasm.errors import ConfigError, DataError

TOY = """
[toy]
title = "A toy"
licence = "CC0"
paper = ""
use = "evaluation"
rows = 1
sha256 = { "rows.json" = "%s" }
[[toy.sources]]
hub = "a/toy"
revision = "%s"
"""
EMPTY_LIST = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"  # "[]"
DIGEST = "37517e5f3dc66819f61f5a7bb8ace1921282415f10551d2defa5c3eb0985b570"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAMES = {"siuo", "siuo_mcqa", "vlsbench", "mossbench", "mossbench_contrast", "figstep"}
NAMES |= {"figstep_tiny", "mm_safetybench", "mssbench", "vlguard", "msts", "msts_languages"}
NAMES |= {"jailbreakv", "jailbreakv_mini", "harmbench", "vlsafe", "ch3ef", "holisafe", "vlsu"}
NAMES |= {"spa_vl", "unsafebench", "mllmguard", "multitrust"}


def toy(digest: str = EMPTY_LIST) -> Entry:
    return parse(TOY % (digest, COMMIT))["toy"]


def test_the_registry_is_well_formed() -> None:
    assert set(registry()) == NAMES
    for name, found in registry().items():
        assert found.name == name
        assert found.use == "evaluation"
        assert found.licence
        assert found.paper.startswith("https://arxiv.org/abs/")
        known = found.revision and not (set(found.annotations) - set(found.sha256))
        assert known or "seen here" in found.note or "known only in part" in found.note


def test_what_users_must_know_is_in_the_notes() -> None:
    assert "102 AI-assisted cases were never released" in entry("siuo").note
    assert "No training" in entry("mossbench").note
    assert "Gated" in entry("vlguard").note
    assert "Google Drive" in entry("mm_safetybench").note


def test_lists_name_each_image_of_the_cases(shared: Path) -> None:
    lists = {
        "figstep": {
            f"query_ForbidQI_{r.value['category_id']}_{r.value['task_id']}_6.png"
            for r in csv_records(shared / "figstep", "safebench.csv")
        },
        "mossbench": {
            Path(r.value["image"]).name
            for r in json_records(shared / "mossbench", "information.json")
        },
        "mossbench_contrast": {
            Path(r.value["image"]).name
            for r in json_records(shared / "mossbench", "contrast_information.json")
        },
    }
    for name, images in lists.items():
        text = (files("chiasm.data") / "sums" / f"{name}.txt").read_text()
        assert {line.split("  ")[1] for line in text.splitlines()} == images


@pytest.mark.parametrize("name", [name for name in sorted(NAMES) if entry(name).sha256])
def test_digests_are_those_of_the_real_files(name: str, shared: Path) -> None:
    root = locate(name, shared / (entry(name).folder or name))
    assert digests(entry(name), root).pinned


def test_the_second_digest_is_the_same_content(shared: Path) -> None:
    """The repository's file has four spaces where the copy at hand has one."""
    rows = json.loads((shared / "mossbench" / "contrast_information.json").read_bytes())
    found = sha256(json.dumps(rows, indent=4).encode()).hexdigest()
    assert [found] == list(entry("mossbench_contrast").sha256.values())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rows = 1", "row = 1", r"\[toy\] has unknown keys \['row'\]"),
        ('hub = "a/toy"', 'hub = "a/toy"\nsplit = "test"', r"unknown keys \['split'\]"),
        ('licence = "CC0"', "", r"needs \['licence'\]"),
        (COMMIT, "main", "needs a commit"),
        (COMMIT, COMMIT[:7], "needs a commit"),
        (DIGEST, DIGEST[:16], "not a SHA-256"),
        ('use = "evaluation"', 'use = "both"', "use = 'both'"),
        ('hub = "a/toy"', 'hub = "a/toy"\ngithub = "a/toy"', "either hub or github"),
        ('hub = "a/toy"', 'hub = "a/toy"\nunpack = "rar"', "unpack = 'rar'"),
        ("rows = 1", 'rows = 1\nflat = { "x" = "y" }', "not among its annotations"),
    ],
)
def test_mistakes_are_refused(old: str, new: str, says: str) -> None:
    text = TOY % (DIGEST, COMMIT)
    assert old in text
    with pytest.raises(ConfigError, match=says):
        parse(text.replace(old, new))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no dataset 'vlsbnch'; there are .*vlsbench"):
        entry("vlsbnch")


def test_digests_tell_expected_and_got_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_bytes(b"[]")
    good, other = toy(), toy(DIGEST)
    pinned = digests(good, tmp_path)
    assert pinned.pinned
    assert len(pinned.digest) == 16
    with pytest.raises(DataError) as caught:
        digests(other, tmp_path)
    for part in (EMPTY_LIST, DIGEST, "rows.json", "--allow DIGEST_MISMATCH", "data get toy"):
        assert part in str(caught.value)
    allowed = digests(other, tmp_path, allow=["DIGEST_MISMATCH"])
    assert allowed == (pinned.digest, False)
    with pytest.raises(DataError, match=r"rows\.json"):
        digests(good, tmp_path / "lost")


def test_files_without_a_registered_digest_are_not_pinned(tmp_path: Path) -> None:
    text = TOY.replace("sha256 = {", "annotations = ['rows.json'] #") % ("", COMMIT)
    (tmp_path / "rows.json").write_bytes(b"[]")
    assert not digests(parse(text)["toy"], tmp_path).pinned


def test_locate_looks_into_the_folder_its_subfolder_and_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: Path
) -> None:
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path))
    with pytest.raises(ConfigError, match=r"siuo_mcqa\.json not found.*\n.*data get siuo_mcqa"):
        locate("siuo_mcqa")
    with pytest.raises(ConfigError, match="--data DIR"):
        locate("siuo_mcqa", tmp_path / "nowhere")
    assert locate("siuo_mcqa", shared / "siuo") == shared / "siuo"
    assert locate("siuo_mcqa", shared) == shared / "siuo"
    shutil.copytree(shared / "siuo", tmp_path / "data" / "siuo")
    assert locate("siuo_mcqa") == tmp_path / "data" / "siuo"


def test_both_layouts_are_found(tmp_path: Path, shared: Path) -> None:
    flat = shared / "figstep"
    assert reg.annotation_paths(entry("figstep"), flat) == ("safebench.csv",)
    (tmp_path / "data" / "question").mkdir(parents=True)
    shutil.copy(flat / "safebench.csv", tmp_path / "data" / "question")
    assert locate("figstep", tmp_path) == tmp_path
    assert digests(entry("figstep"), tmp_path) == digests(entry("figstep"), flat)


def test_the_cache_is_where_the_platform_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHIASM_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x/cache")
    monkeypatch.setattr(sys, "platform", "linux")
    assert reg.cache_dir() == Path("/x/cache/chiasm")
    monkeypatch.setenv("CHIASM_CACHE", "here")
    assert reg.cache_dir() == Path.cwd() / "here"
