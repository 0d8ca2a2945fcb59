"""What the lab's base can do before it is aligned: name what is shown, and say what it has read.

chiasm eval recipes/loop/ability.py@naming --model chiasm_hf/FOLDER
"""

from base64 import b64encode

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText, GenerateConfig
from inspect_ai.scorer import Score, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState, generate

from chiasm.benchmarks.lab import png
from chiasm.scenes.flat.sets import Item, items, of_set

SEED = 2000
"""Drawings and questions that neither training nor the benchmark `lab` has."""


@scorer(metrics=[accuracy(), stderr()])
def word_for_word():
    """Right is the answer that the base was taught, and no other."""

    async def score(state: TaskState, target: Target) -> Score:
        said = state.output.completion.strip()
        return Score(value="C" if said == target.text else "I", answer=said)

    return score


@task
def naming() -> Task:
    """What is shown: an object with its colour, or a place."""
    return _task("naming", ("name_object", "name_place"))


@task
def facts() -> Task:
    """What was read: what can happen where, and what kind of thing a thing is."""
    return _task("facts", ("facts",))


def _task(name: str, sets: tuple[str, ...]) -> Task:
    found = items("test", SEED)
    rows = [_sample(item) for part in sets for item in of_set(found, part)]
    return Task(
        dataset=MemoryDataset(rows, name=name),
        solver=generate(),
        scorer=word_for_word(),
        config=GenerateConfig(max_tokens=24, temperature=0.0),
    )


def _sample(item: Item) -> Sample:
    shown = item.picture
    parts: list[ContentImage | ContentText] = [ContentText(text=item.query)]
    if shown is not None:
        data = b64encode(png(shown)).decode()
        parts.insert(0, ContentImage(image=f"data:image/png;base64,{data}"))
    return Sample(id=item.id, input=[ChatMessageUser(content=parts)], target=item.exact)
