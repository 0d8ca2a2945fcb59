"""What importing chiasm costs: the light parts stay light."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src"
HEAVY = ("inspect_ai", "torch", "pandas")
LIGHT = ("errors", "cases", "text", "prompts", "html", "stats", "data", "scenes", "benchmarks")


def there(part):
    return (SRC / "chiasm" / f"{part}.py").exists() or (SRC / "chiasm" / part).is_dir()


def modules_after(statement):
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_chiasm_loads_nothing_heavy():
    loaded = modules_after("import chiasm")
    assert "chiasm" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("part", [*LIGHT, "report", "cli"])
def test_light_parts_load_nothing_heavy(part):
    if not there(part):
        pytest.skip(f"there is no chiasm.{part} yet")
    assert modules_after(f"import chiasm.{part}").isdisjoint(HEAVY)


def test_help_takes_less_than_0_3_seconds_of_cpu():
    """Best of five, because other processes of the machine slow the caches down."""
    if not there("cli"):
        pytest.skip("there is no chiasm.cli yet")
    command = [sys.executable, "-m", "chiasm.cli", "--help"]
    if (script := Path(sys.executable).with_name("chiasm")).exists():
        command = [str(script), "--help"]

    def cpu():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.stdout.close()
        process.returncode = status
        assert status == 0
        assert "Usage" in said
        return used.ru_utime + used.ru_stime

    assert min(cpu() for _ in range(5)) < 0.3
