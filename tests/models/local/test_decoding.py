"""The choice of tokens, against the library's own processors and against probabilities."""

import math

import numpy as np
import pytest

from chiasm.models.local.api import random_key
from chiasm.models.local.requests import Request
from chiasm.models.local.settings import Settings

pytest.importorskip("torch")

import torch
from transformers import (
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from chiasm.models.local.decoding import Chooser, uniforms

pytestmark = pytest.mark.train
WORDS = 12


def requests(count, **settings):
    return [
        Request(prompt="", settings=Settings(**settings), key=random_key(7, i, [""]))
        for i in range(count)
    ]


def prompts(rows, length=3):
    ids = torch.arange(rows * length).reshape(rows, length) % WORDS
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def chosen(chooser, inputs, scores):
    left = chooser(inputs["input_ids"], scores)
    assert (left > float("-inf")).sum(dim=1).tolist() == [1] * scores.shape[0]
    return left.argmax(dim=1)


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 1.0},
        {"temperature": 0.5},
        {"temperature": 1.0, "top_k": 3},
        {"temperature": 1.0, "top_p": 0.6},
        {"temperature": 0.8, "top_k": 5, "top_p": 0.7},
    ],
)
def test_tokens_come_as_often_as_the_librarys_own_distribution_says(settings):
    torch.manual_seed(0)
    count = 4000
    scores = (2 * torch.randn(1, WORDS)).expand(count, WORDS).contiguous()
    wanted = TemperatureLogitsWarper(settings["temperature"])(None, scores[:1].clone())
    if "top_k" in settings:
        wanted = TopKLogitsWarper(settings["top_k"])(None, wanted)
    if "top_p" in settings:
        wanted = TopPLogitsWarper(settings["top_p"])(None, wanted)
    wanted = torch.softmax(wanted, dim=-1)[0]
    inputs = prompts(count)
    tokens = chosen(Chooser(requests(count, **settings), 1, inputs), inputs, scores)
    seen = torch.bincount(tokens, minlength=WORDS) / count
    assert set(torch.nonzero(seen)[:, 0].tolist()) <= set(torch.nonzero(wanted)[:, 0].tolist())
    # Five standard errors: about one false alarm in two million.
    assert (seen - wanted).abs().max() < 5 * math.sqrt(0.25 / count)


def test_rows_of_one_batch_follow_their_own_settings():
    scores = torch.tensor([[0.0, 3.0, 2.9, -1.0]]).repeat(300, 1)
    mixed = [
        *requests(100, temperature=0.0),
        *requests(100, temperature=2.0),
        *requests(100, temperature=2.0, top_k=2),
    ]
    inputs = prompts(300)
    tokens = chosen(Chooser(mixed, 1, inputs), inputs, scores).tolist()
    assert set(tokens[:100]) == {1}
    assert set(tokens[100:200]) == {0, 1, 2, 3}
    assert set(tokens[200:]) == {1, 2}


def test_random_numbers_follow_from_the_key_alone():
    one, other = requests(2, temperature=1.0)
    assert uniforms(one, 5).tolist() == uniforms(one, 9)[:5].tolist()
    assert uniforms(one, 5).tolist() != uniforms(other, 5).tolist()
    drawn = np.concatenate([uniforms(r, 50) for r in requests(200)])
    assert 0 <= drawn.min() < 0.01 < 0.99 < drawn.max() < 1
    assert abs(drawn.mean() - 0.5) < 5 * math.sqrt(1 / 12 / len(drawn))


def test_a_seed_means_a_prompt_its_pictures_and_a_choice():
    keys = {
        random_key(1, 0, ["a"]),
        random_key(2, 0, ["a"]),
        random_key(1, 1, ["a"]),
        random_key(1, 0, ["b"]),
        random_key(1, 0, ["a", "uri"]),
    }
    assert len(keys) == 5
    assert random_key(None, 0, ["a"]) != random_key(None, 0, ["a"])


def test_the_penalty_is_the_librarys_on_a_prompt_without_padding():
    torch.manual_seed(0)
    inputs = prompts(4)
    asked = requests(4, repetition_penalty=1.7)
    scores = torch.randn(4, WORDS)
    wanted = RepetitionPenaltyLogitsProcessor(1.7)
    ids = inputs["input_ids"]
    chooser = Chooser(asked, 3, inputs)
    for _ in range(3):
        expected = wanted(ids, scores.clone()).argmax(dim=1)
        token = chooser(ids, scores.clone()).argmax(dim=1)
        assert token.tolist() == expected.tolist()
        ids = torch.cat([ids, token[:, None]], dim=1)
        scores = torch.randn(4, WORDS)


def test_padding_is_not_penalised():
    """Token 0 pads; it must stay as likely as in a prompt without padding."""
    ids = torch.tensor([[0, 0, 5], [4, 3, 5]])
    inputs = {"input_ids": ids, "attention_mask": torch.tensor([[0, 0, 1], [1, 1, 1]])}
    scores = torch.tensor([[1.0, 0.9, 0, 0, 0, 0.5]]).repeat(2, 1)
    chooser = Chooser(requests(2, repetition_penalty=5.0), 1, inputs)
    assert chosen(chooser, inputs, scores).tolist() == [0, 0]
    assert RepetitionPenaltyLogitsProcessor(5.0)(ids, scores.clone())[0].argmax() == 1


def test_image_tokens_beyond_the_output_layer_are_no_error():
    inputs = prompts(2)
    inputs["input_ids"][:, 0] = WORDS + 3  # as in Mllama
    chooser = Chooser(requests(2, repetition_penalty=1.5), 1, inputs)
    assert chosen(chooser, inputs, torch.randn(2, WORDS)).shape == (2,)


def test_greedy_rows_without_wishes_are_left_to_the_library():
    inputs = prompts(2)
    scores = torch.randn(2, WORDS)
    assert Chooser(requests(2), 1, inputs)(inputs["input_ids"], scores) is scores
