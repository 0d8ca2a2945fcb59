"""The project's own files agree with each other."""

import re
import subprocess
import tomllib
from pathlib import Path

import chiasm

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_one_version_everywhere():
    version = PROJECT["project"]["version"]
    assert chiasm.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    newest = re.search(
        r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert newest
    assert newest[1] == version


def test_the_lock_pins_the_oldest_inspect_that_we_allow():
    """So the tests run on the floor; .ci/run also runs the smoke tests on the newest."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    [locked] = [p["version"] for p in lock["package"] if p["name"] == "inspect-ai"]
    assert f"inspect-ai>={locked}" in PROJECT["project"]["dependencies"]


def test_the_lock_names_public_sources_only():
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    sources = {p["source"].get("registry") or str(p["source"]) for p in lock["package"]}
    assert sources == {"https://pypi.org/simple", "{'editable': '.'}"}


def test_make_knows_the_targets_that_contributing_names():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for target in sorted(set(re.findall(r"`make ([a-z-]+)`", text))):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
