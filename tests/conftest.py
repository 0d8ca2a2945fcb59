"""Fixtures that all tests share; what holds for every test is in the conftest.py above."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.process import OpenAIServer

if TYPE_CHECKING:
    from inspect_ai.model import Model

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real benchmark data and recorded answers beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the real data in {SHARED}, which is not part of the repository")
    return SHARED


@pytest.fixture
def openai_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """A fresh scripted OpenAI server, and the environment that leads Inspect to it.

    ``openai_server.model("model-mixed")`` is the model to evaluate, ``.model("judge")`` a grader.
    """
    with OpenAIServer() as server:
        for name, value in server.env().items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def scripted() -> "Callable[..., Model]":
    """Makes models that give the listed replies, in order, offline.

    ``usage`` is set because mockllm otherwise counts tokens with tiktoken, which downloads.
    """
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    def make(*replies: str) -> "Model":
        outputs = [ModelOutput.from_content("mockllm/model", text) for text in replies]
        for output in outputs:
            output.usage = ModelUsage()
        return get_model("mockllm/model", custom_outputs=outputs, memoize=False)

    return make
