"""Through Inspect: a whole evaluation, its settings, and a clean end."""

import base64
import io
import subprocess
import sys

import anyio
import pytest
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessageUser,
    ContentImage,
    ContentText,
    GenerateConfig,
    get_model,
)
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

from chiasm.errors import ConfigError

pytest.importorskip("torch")

from tests.models.local import tiny

pytestmark = pytest.mark.train


def message(text="What is it?", *seeds):
    parts = []
    for seed in seeds or (1,):
        file = io.BytesIO()
        tiny.picture(seed).save(file, "PNG")
        data = base64.b64encode(file.getvalue()).decode()
        parts.append(ContentImage(image=f"data:image/png;base64,{data}"))
    return ChatMessageUser(content=[*parts, ContentText(text=text)])


@pytest.fixture
def model(checkpoint):
    made = []

    def make(family="llava", **args):
        made.append(get_model(f"chiasm_hf/{checkpoint(family)}", memoize=False, **args))
        return made[-1]

    yield make
    for one in made:
        one.api.close()


def ask(model, *messages, **config):
    """Answers to messages that are asked at once."""
    answers = [None] * len(messages)

    async def one(i):
        config_ = GenerateConfig(**{"max_tokens": 8, "max_connections": 50, **config})
        answers[i] = await model.generate([messages[i]], config=config_)

    async def all_():
        async with anyio.create_task_group() as group:
            for i in range(len(messages)):
                group.start_soon(one, i)

    anyio.run(all_)
    return answers


def test_an_evaluation(model, tmp_path):
    samples = [Sample(id=i, input=[message(f"What is {i}?", i)], target="x") for i in range(6)]
    local = model(batch_size=4)
    run, batches = local.api.engine.worker._run, []

    def counted(requests):
        batches.append(len(requests))
        return run(requests)

    local.api.engine.worker._run = counted
    config = GenerateConfig(max_tokens=8, temperature=0.0)
    task = Task(MemoryDataset(samples), solver=generate(), scorer=includes(), config=config)
    (log,) = eval(task, model=local, log_dir=str(tmp_path), display="none", log_images=False)
    assert log.status == "success"
    assert len(log.samples) == sum(batches) == 6
    assert max(batches) > 1, "requests that came together were generated one by one"
    assert max(batches) <= 4
    for sample in log.samples:
        assert sample.output.stop_reason in ("stop", "max_tokens")
        assert 0 < sample.output.usage.output_tokens <= 8
        assert sample.output.usage.input_tokens > 16
        assert sample.output.metadata["chiasm_hf"]["dtype"] == "float32"
    alone = ask(local, message("What is 3?", 3), temperature=0.0)[0]
    assert log.samples[3].output.completion == alone.completion


def test_seeds_choices_and_logprobs(model):
    local = model()
    config = {"temperature": 1.0, "seed": 4, "num_choices": 3, "logprobs": True, "top_logprobs": 2}
    (first,) = ask(local, message(), **config)
    again, _, _ = ask(local, message(), message("Hi"), message("And this one here?", 5), **config)
    texts = [choice.message.text for choice in first.choices]
    assert len(set(texts)) == 3
    assert [choice.message.text for choice in again.choices] == texts
    (other,) = ask(local, message(), **{**config, "seed": 5})
    assert [choice.message.text for choice in other.choices] != texts
    fresh = {ask(local, message(), temperature=1.0)[0].completion for _ in range(3)}
    assert len(fresh) > 1
    tokens = [token for choice in first.choices for token in choice.logprobs.content]
    assert all(len(token.top_logprobs) == 2 and token.logprob <= 0 for token in tokens)
    assert first.usage.output_tokens == len(tokens)


def test_stop_texts_and_several_images(model):
    local = model()
    (free,) = ask(local, message("Which?", 1, 2), temperature=0.0)
    stop = free.completion[2:4]
    (cut,) = ask(local, message("Which?", 1, 2), temperature=0.0, stop_seqs=[stop])
    assert cut.completion == free.completion[: free.completion.index(stop)]
    assert (free.stop_reason, cut.stop_reason) == ("max_tokens", "stop")


def test_arguments_and_tools_that_cannot_be_honoured(model):
    with pytest.raises(ConfigError, match="did you mean dtype"):
        model(dtyp="float32")
    from inspect_ai.tool import ToolInfo

    local = model()
    tool = ToolInfo(name="look", description="Look.")
    with pytest.raises(ConfigError, match="has no tools"):
        anyio.run(lambda: local.api.generate([message()], [tool], "auto", GenerateConfig()))


def test_a_cancelled_request_frees_the_model(model):
    local = model()

    async def give_up():
        with anyio.move_on_after(0.3):
            await local.generate([message()], config=GenerateConfig(max_tokens=3000))

    anyio.run(give_up)
    (answer,) = ask(local, message(), temperature=0.0, timeout=30)
    assert answer.usage.output_tokens <= 8


def test_the_process_ends_by_itself_in_the_middle_of_an_answer(checkpoint):
    code = f"""
import asyncio
from inspect_ai.model import get_model, GenerateConfig
async def ask_for_ever(model):
    while True:  # one answer may end by itself before the time is over
        await model.generate("Hi", config=GenerateConfig(max_tokens=3500))
async def main():
    model = get_model("chiasm_hf/{checkpoint("llava")}")
    try:
        await asyncio.wait_for(ask_for_ever(model), 1)
    except asyncio.TimeoutError:
        print("gave up")
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "gave up\n"
    assert "Traceback" not in done.stderr
