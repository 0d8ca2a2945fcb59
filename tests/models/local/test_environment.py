import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from chiasm.errors import ConfigError
from chiasm.models.local.environment import check_torchvision, require, torchvision

BROKEN = "raise RuntimeError('operator torchvision::nms does not exist')"


def test_what_is_missing_is_named_with_the_command():
    with pytest.raises(ConfigError, match=r"no_such_a, no_such_b.*pip install 'chiasm\[local\]'"):
        require(("json", "no_such_a", "no_such_b"))
    with pytest.raises(ConfigError, match=r"no_such_a, which is not installed: pip install x"):
        require(("no_such_a",), get="pip install x")
    require(("json",))


def python(code, folder):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


def test_a_broken_torchvision_is_named_with_the_command(tmp_path):
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(BROKEN)
    code = (
        "from chiasm.models.local.environment import check_torchvision, torchvision\n"
        "print(torchvision().state)\ncheck_torchvision()"
    )
    said = python(code, tmp_path)
    assert said.startswith("broken\n")
    assert "ConfigError: torchvision" in said
    assert "operator torchvision::nms does not exist" in said
    assert "pip uninstall torchvision" in said


def test_a_missing_torchvision_is_nothing_to_complain_about():
    if find_spec("torchvision"):
        pytest.skip("torchvision is installed here")
    assert torchvision() == ("torchvision", "", "absent", "")
    check_torchvision()


def test_naming_a_local_model_without_torch_says_what_to_install(tmp_path):
    if find_spec("torch"):
        pytest.skip("torch is installed here")
    from inspect_ai.model import get_model

    with pytest.raises(ConfigError, match=r"torch.*pip install 'chiasm\[local\]'"):
        get_model("chiasm_hf/org/name")
