import logging

import pytest
from inspect_ai.model import GenerateConfig, ResponseSchema
from inspect_ai.util import json_schema

from chiasm.errors import ConfigError
from chiasm.models.local import settings
from chiasm.models.local.settings import Defaults, Settings, read_settings

QWEN = Defaults(temperature=0.1, top_p=0.001, top_k=1, repetition_penalty=1.05)


def test_unset_settings_are_the_checkpoints():
    read = read_settings(GenerateConfig(), QWEN)
    assert (read.temperature, read.top_p, read.top_k) == (0.1, 0.001, 1)
    assert read.repetition_penalty == 1.05
    assert read.max_tokens == settings.MAX_TOKENS
    assert read.top_logprobs is None


def test_what_is_set_wins():
    config = GenerateConfig(
        max_tokens=7, temperature=0.0, top_p=0.5, top_k=9, seed=3, stop_seqs=["END", ""]
    )
    assert read_settings(config, QWEN) == Settings(
        max_tokens=7, top_p=0.5, top_k=9, seed=3, stops=("END",), repetition_penalty=1.05
    )


@pytest.mark.parametrize(
    ("temperature", "top_k", "greedy"), [(0.0, 0, True), (0.7, 1, True), (0.7, 0, False)]
)
def test_greedy(temperature, top_k, greedy):
    assert Settings(temperature=temperature, top_k=top_k).greedy is greedy


def test_logprobs():
    assert read_settings(GenerateConfig(logprobs=True), Defaults()).top_logprobs == 0
    config = GenerateConfig(logprobs=True, top_logprobs=5)
    assert read_settings(config, Defaults()).top_logprobs == 5
    assert read_settings(GenerateConfig(top_logprobs=5), Defaults()).top_logprobs is None


@pytest.mark.parametrize(
    "config",
    [
        GenerateConfig(max_tokens=0),
        GenerateConfig(temperature=-1.0),
        GenerateConfig(top_p=0.0),
        GenerateConfig(top_p=1.5),
        GenerateConfig(top_k=-1),
    ],
)
def test_out_of_range(config):
    with pytest.raises(ConfigError, match="out of range"):
        read_settings(config, Defaults())


def test_what_cannot_be_honoured_is_said_once(caplog, monkeypatch):
    monkeypatch.setattr(settings, "_warned", set())
    schema = ResponseSchema(name="verdict", json_schema=json_schema(int))
    config = GenerateConfig(response_schema=schema, presence_penalty=0.1)
    with caplog.at_level(logging.WARNING):
        read_settings(config, Defaults())
        read_settings(config, Defaults())
    said = sorted(record.getMessage().split(";")[0] for record in caplog.records)
    assert said == [
        "chiasm_hf does not support presence_penalty",
        "chiasm_hf does not support response_schema",
    ]
