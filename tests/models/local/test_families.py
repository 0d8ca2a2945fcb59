"""Every family: real pictures in, tokens out, and alone as in company.

Run twice by `make test-train`: without torchvision and with it.
"""

from importlib.util import find_spec

import pytest

from chiasm.errors import ConfigError
from chiasm.models.local.messages import Part, Turn
from chiasm.models.local.requests import Request
from chiasm.models.local.settings import Settings

pytest.importorskip("torch")

from tests.models.local import tiny

pytestmark = pytest.mark.train

TORCHVISION = find_spec("torchvision") is not None
NEEDS_TORCHVISION = {"llama4"}
NEEDS_NUM2WORDS = {"smolvlm"}
SYSTEM = Turn("system", (Part("text", "Be kind."),))


@pytest.fixture(params=list(tiny.FAMILIES))
def family(request):
    if request.param in NEEDS_TORCHVISION and not TORCHVISION:
        pytest.skip("its image processor exists for torchvision only")
    if request.param in NEEDS_NUM2WORDS and not find_spec("num2words"):
        pytest.skip("its processor needs num2words")
    return request.param


def ask(engine, text, *pictures, turns=(), **settings):
    parts = (*(Part("image", "") for _ in pictures), Part("text", text))
    prompt = engine.prompt([SYSTEM, Turn("user", parts), *turns])
    return Request(
        prompt=prompt, images=pictures, settings=Settings(**{"max_tokens": 12, **settings})
    )


def conversations(engine, count):
    """Requests of unlike length, with `count` pictures each of unlike shape."""
    again = (
        Turn("assistant", (Part("text", "I see a jar."),)),
        Turn("user", (Part("text", "And then?"),)),
    )
    shapes = [(48, 40), (90, 30), (30, 80), (64, 64)]
    pictures = [[tiny.picture(9 * i + j, shapes[i]) for j in range(count)] for i in range(4)]
    return [
        ask(engine, "Hi", *pictures[0]),
        ask(engine, "What is in this picture? Say it in a few words, please.", *pictures[1]),
        ask(engine, "What is it?", *pictures[2], turns=again),
        ask(engine, "What is it?", *pictures[3], max_tokens=5),
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_batched_is_unbatched_token_for_token(open_tiny, family, count):
    engine = open_tiny(family)
    requests = conversations(engine, count)
    alone = [engine.run([request])[0] for request in requests]
    together = engine.run(requests)
    assert [r.tokens for r in together] == [r.tokens for r in alone]
    assert [r.input_tokens for r in together] == [r.input_tokens for r in alone]
    assert [r.text for r in together] == [r.text for r in alone]
    assert len({r.input_tokens for r in alone}) > 1, "nothing was padded: the test is void"
    assert all(
        0 < r.output_tokens <= q.settings.max_tokens for r, q in zip(alone, requests, strict=True)
    )


def likelihoods(engine, *pictures):
    """Log-probabilities of an answer's tokens: they move where the tokens stay the same."""
    (result,) = engine.run([ask(engine, "What?", *pictures, top_logprobs=0)])
    return [token.logprob for token in result.logprobs]


def test_the_picture_matters_and_so_does_the_order(open_tiny, family):
    engine = open_tiny(family)
    jar, can = tiny.picture(1), tiny.picture(8)
    assert likelihoods(engine, jar) == pytest.approx(likelihoods(engine, jar))
    assert likelihoods(engine, jar) != pytest.approx(likelihoods(engine, can), abs=1e-3)
    assert likelihoods(engine, jar, can) != pytest.approx(likelihoods(engine, can, jar), abs=1e-3)


def test_a_picture_is_more_than_no_picture(open_tiny, family):
    engine = open_tiny(family)
    (with_it,) = engine.run([ask(engine, "What?", tiny.picture(1))])
    (without,) = engine.run([ask(engine, "What?")])
    # Mllama's pictures are not among the tokens: one mark stands for them.
    assert with_it.input_tokens > without.input_tokens
    assert with_it.tokens != without.tokens


def test_what_needs_torchvision_says_so(open_tiny):
    if TORCHVISION:
        pytest.skip("torchvision is here")
    with pytest.raises(ConfigError, match="needs torchvision, which is not installed: pip install"):
        open_tiny("llama4")


def test_another_missing_package_is_not_blamed_on_torchvision(open_tiny, monkeypatch):
    from transformers.models.smolvlm import processing_smolvlm

    monkeypatch.setattr(processing_smolvlm, "num2words", None)
    with pytest.raises(ConfigError, match="pip install num2words") as caught:
        open_tiny("smolvlm", batch_size=7)
    assert "torchvision" not in str(caught.value)


def test_processors_are_the_families_own(open_tiny, family):
    engine = open_tiny(family)
    name = type(engine.processor).__name__
    video = {"llava_onevision", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "internvl", "smolvlm"}
    assert name.endswith("ImageOnly") == (family in video and not TORCHVISION)
