"""The first update of unlearning and of DPO, against losses written down again in ten lines."""

import json

import pytest

from chiasm.align.rows import Row
from chiasm.align.settings import Settings
from chiasm.align.training import train

pytest.importorskip("trl")

import torch
from safetensors.torch import load_file
from transformers import AutoProcessor, LlavaForConditionalGeneration

pytestmark = pytest.mark.train

ONE = Settings(
    lr=1e-2, max_steps=1, batch_size=2, warmup=0.0, schedule="constant", clip=1e9,
    betas=(0.0, 0.0), freeze_vision=False, cap=1e9,
)  # fmt: skip
ROWS = [
    Row(id="m/0", dataset="m", kind="harmful", prompt="May I?", chosen="No, wait.", rejected="Go!"),
    Row(id="m/1", dataset="m", kind="benign", prompt="How?", chosen="Like so.", rejected="Never."),
]


@pytest.fixture
def model(llava):
    return LlavaForConditionalGeneration.from_pretrained(llava)


@pytest.fixture
def said(llava, model):
    """(prompt, answer, model) -> log-probabilities (tokens, vocabulary) and the answer's tokens.

    The text is put together by hand, as the checkpoint's chat template has it.
    """
    tokenizer = AutoProcessor.from_pretrained(llava).tokenizer

    def logprobs(prompt, answer, which=model):
        asked = tokenizer(f"<s>[user] {prompt}[assistant] ", add_special_tokens=False).input_ids
        told = tokenizer(f"{answer}</s>", add_special_tokens=False).input_ids
        logits = which(input_ids=torch.tensor([asked + told])).logits[0, len(asked) - 1 : -1]
        return logits.log_softmax(-1), torch.tensor(told)

    return logprobs


def nll(found):
    return -found[0].gather(1, found[1][:, None]).mean()


def of_answer(found):
    return found[0].gather(1, found[1][:, None]).sum()


def check_update(model, loss, folder):
    """Adam without memory moves every weight by the learning rate against its gradient's sign."""
    loss.backward()
    new = LlavaForConditionalGeneration.from_pretrained(folder)
    compared = 0
    for (name, old), now in zip(model.named_parameters(), new.parameters(), strict=True):
        if old.grad is None:
            assert torch.equal(old, now), name
            continue
        clear = old.grad.abs() > 1e-4  # where rounding can't decide the sign
        moved = (now - old)[clear]
        torch.testing.assert_close(moved, -1e-2 * old.grad[clear].sign(), atol=2e-4, rtol=0)
        compared += int(clear.sum())
    assert compared > 1000


def first(folder, *names):
    lines = [json.loads(line) for line in (folder / "log.jsonl").open()]
    found = {k: v for line in lines[::-1] for k, v in line.items()}
    return [found[name] for name in names]


def test_unlearning_by_ascent(llava, model, said, tmp_path):
    settings = ONE.changed({"harm": 0.3, "match": 0.7, "utility": 1.0})
    folder = train("unlearning", llava, ROWS, tmp_path, settings)
    harmful, safe = nll(said("May I?", "Go!")), nll(said("May I?", "No, wait."))
    now = said("How?", "Like so.")[0]
    kl = (now.detach().exp() * (now.detach() - now)).sum(-1).mean()
    loss = -0.3 * harmful + 0.7 * safe + kl
    told = first(tmp_path, "nll_harmful", "match", "keep", "loss")
    assert told == pytest.approx([harmful.item(), safe.item(), 0.0, loss.item()], abs=2e-3)
    check_update(model, loss, folder)


def test_the_ascent_stops_at_its_cap(llava, model, said, tmp_path):
    settings = ONE.changed({"harm": 0.3, "match": 0.0, "utility": 0.0, "cap": 0.5})
    folder = train("unlearning", llava, ROWS, tmp_path, settings)
    assert first(tmp_path, "forget") == [-0.5]
    old, new = load_file(llava / "model.safetensors"), load_file(folder / "model.safetensors")
    assert all(torch.equal(old[name], new[name]) for name in old)


def test_bounded_unlearning(llava, model, said, tmp_path):
    settings = ONE.changed(
        {"forget": "bounded", "harm": 0.3, "match": 0.4, "utility": 1.5, "beta": 2.0}
    )
    folder = train("unlearning", llava, ROWS, tmp_path, settings)
    harmful, safe, benign = (
        nll(said(*pair))
        for pair in (("May I?", "Go!"), ("May I?", "No, wait."), ("How?", "Like so."))
    )
    change = -harmful + harmful.detach()
    loss = -0.3 * torch.log(torch.sigmoid(-2.0 * change)) + 0.4 * safe + 1.5 * benign
    assert first(tmp_path, "loss") == pytest.approx([loss.item()], abs=2e-3)
    check_update(model, loss, folder)


def test_dpo_with_a_loss_on_the_chosen_answer(llava, model, said, tmp_path):
    settings = ONE.changed({"beta": 0.5, "sft_weight": 0.2})
    folder = train("dpo", llava, ROWS, tmp_path, settings)
    terms, chosen, tokens = [], 0.0, 0
    for row in ROWS:
        good, bad = (of_answer(said(row.prompt, a)) for a in (row.chosen, row.rejected))
        margin = (good - good.detach()) - (bad - bad.detach())
        terms.append(-torch.log(torch.sigmoid(0.5 * margin)))
        chosen, tokens = chosen - good, tokens + len(said(row.prompt, row.chosen)[1])
    loss = torch.stack(terms).mean() + 0.2 * chosen / tokens
    assert first(tmp_path, "loss") == pytest.approx([loss.item()], abs=2e-3)
    check_update(model, loss, folder)
