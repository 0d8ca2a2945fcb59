import os
import subprocess
import sys
from importlib.util import find_spec

import inspect_ai
import pytest

from chiasm import doctor


def line(text, name):
    found = [row for row in text.splitlines() if row.split()[:1] == [name]]
    assert len(found) == 1, f"{len(found)} lines about {name}"
    return found[0]


def test_a_healthy_machine(isolated):
    text, ok = doctor.report()
    assert ok, text
    assert text.endswith("no problems found")
    assert sys.executable in line(text, "python")
    assert inspect_ai.__version__ in line(text, "inspect-ai")
    assert str(isolated / "chiasm") in line(text, "cache")
    assert "none of any provider" in line(text, "keys")
    if not find_spec("torch"):
        assert "pip install 'chiasm[local]'" in line(text, "torch")


def test_keys_are_named_and_never_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-value")
    monkeypatch.setenv("HF_TOKEN", "hf_secret_value")
    monkeypatch.setenv("MYLAB_API_KEY", "secret")
    monkeypatch.setenv("GROQ_API_KEY", " ")
    text, _ = doctor.report()
    assert line(text, "keys").split(maxsplit=1)[1] == "HF_TOKEN, MYLAB_API_KEY, OPENAI_API_KEY"
    assert "secret" not in text


def test_the_size_of_the_cache(isolated):
    (isolated / "chiasm" / "made").unlink()
    (isolated / "chiasm" / "deep").mkdir()
    (isolated / "chiasm" / "deep" / "file").write_bytes(b"x" * 1000)
    (isolated / "chiasm" / "loop").symlink_to(isolated / "chiasm")
    assert 1000 <= doctor._size(isolated / "chiasm") < 1500


def test_a_cache_that_is_not_there_yet(monkeypatch, tmp_path):
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path / "a" / "b"))
    text, ok = doctor.report()
    assert "not there yet" in line(text, "cache")
    assert ok
    assert not (tmp_path / "a").exists()


def test_a_full_disk_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor, "ENOUGH_GIB", 10**9)
    text, ok = doctor.report()
    assert not ok
    assert "problem: less than" in text


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be written to")
def test_a_cache_that_cannot_be_written_to(monkeypatch, tmp_path):
    tmp_path.chmod(0o500)
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path / "sub"))
    assert "can't be written to" in doctor.report()[0]


def test_a_broken_torchvision_is_a_problem_with_a_command(tmp_path):
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text("raise RuntimeError('no operator nms')")
    code = "from chiasm.doctor import report\ntext, ok = report()\nprint(text)\nassert not ok"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert "BROKEN: RuntimeError: no operator nms" in line(done.stdout, "torchvision")
    assert "pip uninstall torchvision" in done.stdout
