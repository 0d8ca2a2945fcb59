"""The lab's model: a LLaVA of 1.3 million parameters that transformers loads like any other.

CLIP vision tower (width 128, 4 layers, patches of 12 pixels: 16 tokens a picture), a projector, and
a Llama (width 128, 4 layers, tied embeddings), over the words of the lab's world.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

from chiasm.scenes.flat.language import words
from chiasm.scenes.flat.world import SIZE, Picture, draw

WIDTH, LAYERS, HEADS, INNER, PATCH = 128, 4, 4, 256, 12
TOKENS = (SIZE // PATCH) ** 2
PAD, BOS, EOS, UNKNOWN, IMAGE = "<pad>", "<s>", "</s>", "<unk>", "<image>"
SPECIAL = (PAD, BOS, EOS, UNKNOWN, IMAGE)
ROLES = ("user", ":", "assistant")
VOCABULARY = {
    word: i for i, word in enumerate([*SPECIAL, *ROLES, *(w for w in words() if w not in ROLES)])
}
MOST_NEW = 24
"""Tokens of an answer, at most; the longest right one has 16."""

TEMPLATE = (
    "{% for m in messages %}{{ '<s> ' if loop.first else '' }}{{ m['role'] }} : "
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for part in m['content'] %}{{ '<image>' if part['type'] == 'image' else part['text'] }} "
    "{% endfor %}{% endif %}{{ ' </s> ' if m['role'] == 'assistant' else ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant :{% endif %}"
)
"""Takes content as a string and as a list."""


def new_model(seed: int) -> Any:
    """A model with random weights."""
    torch.manual_seed(seed)
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        image_size=SIZE,
        patch_size=PATCH,
    )
    text = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=128,
        tie_word_embeddings=True,
        pad_token_id=VOCABULARY[PAD],
        bos_token_id=VOCABULARY[BOS],
        eos_token_id=VOCABULARY[EOS],
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=VOCABULARY[IMAGE],
        image_seq_length=TOKENS,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        tie_word_embeddings=True,
        pad_token_id=VOCABULARY[PAD],
    )
    return LlavaForConditionalGeneration(config)


def save(model: Any, folder: Path) -> None:
    """Write a checkpoint that `AutoProcessor` and `AutoModelForImageTextToText` load."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    processor().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)


def load(folder: Path) -> Any:
    """The model of a checkpoint, in single precision, ready to answer."""
    model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    return model.eval()


def processor() -> Any:
    """Tokenizer, picture processor and chat template in one."""
    from importlib import import_module  # tokenizers comes with transformers

    from transformers import CLIPImageProcessorPil, LlavaProcessor, PreTrainedTokenizerFast

    tokenizers = import_module("tokenizers")
    core = tokenizers.Tokenizer(tokenizers.models.WordLevel(VOCABULARY, unk_token=UNKNOWN))
    core.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNKNOWN,
        extra_special_tokens={"image_token": IMAGE},
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
    half = [0.5, 0.5, 0.5]
    pictures = CLIPImageProcessorPil(
        do_resize=True,
        do_center_crop=False,
        do_convert_rgb=True,
        image_mean=half,
        image_std=half,
        size={"height": SIZE, "width": SIZE},
        crop_size={"height": SIZE, "width": SIZE},
    )
    return LlavaProcessor(
        image_processor=pictures,
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )


def drawn(pictures: Sequence[Picture]) -> Tensor:
    """Pictures as bytes, shape (n, 48, 48, 3): a twelfth of what their pixels and copies take."""
    return torch.from_numpy(np.stack([draw(p) for p in pictures]))


def pixels(pictures: Tensor) -> Tensor:
    """What the vision tower takes, shape (n, 3, 48, 48), in [-1, 1], of what is `drawn`."""
    return (pictures.float() / 127.5 - 1).permute(0, 3, 1, 2).contiguous()


@torch.no_grad()  # type: ignore[untyped-decorator]
def features(model: Any, pictures: Sequence[Picture | None], batch: int = 128) -> Tensor:
    """The frozen vision tower's patches, shape (n, 16, 128); zeros where there is no picture.

    The tower is not trained after its own stage, so every picture is seen once.
    """
    found = torch.zeros(len(pictures), TOKENS, WIDTH)
    shown = [i for i, p in enumerate(pictures) if p is not None]
    for at in range(0, len(shown), batch):
        part = shown[at : at + batch]
        given = pixels(drawn([p for i in part if (p := pictures[i]) is not None]))
        found[part] = model.model.vision_tower(given).last_hidden_state[:, 1:]
    return found


def prompt_ids(query: str, *, shown: bool) -> list[int]:
    """Token numbers of a prompt; what the processor makes of the same message."""
    images = [IMAGE] * TOKENS if shown else []
    text = [BOS, "user", ":", *images, *query.split(), "assistant", ":"]
    return [VOCABULARY.get(word, VOCABULARY[UNKNOWN]) for word in text]


def answer_ids(answer: str) -> list[int]:
    """Token numbers of an answer and its end."""
    return [VOCABULARY[word] for word in [*answer.split(), EOS]]


def embed(model: Any, ids: Tensor, patches: Tensor) -> Tensor:
    """Embeddings of prompts, with the projected patches in the pictures' places.

    Args:
        model: Whose.
        ids: Shape (n, length).
        patches: Shape (n, 16, 128); a row without a picture is not looked at.
    """
    given = model.get_input_embeddings()(ids)
    places = ids == VOCABULARY[IMAGE]
    shown = places.any(1)
    if not shown.any():
        return given
    projected = model.model.multi_modal_projector(patches[shown])
    return given.masked_scatter(places.unsqueeze(-1), projected.to(given.dtype))


def logits(model: Any, ids: Tensor, patches: Tensor, places: Tensor) -> Tensor:
    """Of the places that are asked for, shape (places, words), row by row.

    Rows are padded on the right, which a causal model never looks at. The shorter half of them
    passes apart, without the longer half's padding.

    Args:
        model: Whose.
        ids: Shape (n, length).
        patches: See `embed`.
        places: Which, shape (n, length); at least one of every row.
    """
    given = embed(model, ids, patches)
    hidden = torch.zeros_like(given)
    ends = (places * torch.arange(1, places.shape[1] + 1)).amax(1)
    for rows in ends.argsort(stable=True).chunk(2):
        end = int(ends[rows].max())
        hidden[rows, :end] = model.model.language_model(
            inputs_embeds=given[rows, :end], use_cache=False
        ).last_hidden_state
    return model.lm_head(hidden[places])


@torch.no_grad()  # type: ignore[untyped-decorator]
def answers(
    model: Any, queries: Sequence[str], patches: Tensor, shown: Sequence[bool], batch: int = 256
) -> list[str]:
    """Greedy answers; batches hold prompts of one length, so nothing is padded."""
    words_of = {i: word for word, i in VOCABULARY.items()}
    prompts = [prompt_ids(q, shown=s) for q, s in zip(queries, shown, strict=True)]
    found = [""] * len(prompts)
    by_length: dict[int, list[int]] = {}
    for i, prompt in enumerate(prompts):
        by_length.setdefault(len(prompt), []).append(i)
    for group in by_length.values():
        for at in range(0, len(group), batch):
            part = group[at : at + batch]
            ids = torch.tensor([prompts[i] for i in part])
            for i, row in zip(part, generate(model, ids, patches[part]).tolist(), strict=True):
                end = row.index(VOCABULARY[EOS]) if VOCABULARY[EOS] in row else len(row)
                found[i] = " ".join(words_of[token] for token in row[:end])
    return found


@torch.no_grad()  # type: ignore[untyped-decorator]
def generate(
    model: Any, ids: Tensor, patches: Tensor, *, sample: torch.Generator | None = None
) -> Tensor:
    """New tokens, shape (n, up to 24); greedy, or drawn at temperature 1.

    A picture's place is never drawn: an answer that holds one has no picture to put there.
    """
    language, past = model.model.language_model, None
    step, new = embed(model, ids, patches), []
    done = torch.zeros(len(ids), dtype=torch.bool)
    for _ in range(MOST_NEW):
        out = language(inputs_embeds=step, past_key_values=past, use_cache=True)
        past = out.past_key_values
        last = model.lm_head(out.last_hidden_state[:, -1])
        if sample is not None:
            last[:, VOCABULARY[IMAGE]] = -torch.inf
        token = (
            last.argmax(-1)
            if sample is None
            else torch.multinomial(last.softmax(-1), 1, generator=sample)[:, 0]
        )
        new.append(token)
        done |= token == VOCABULARY[EOS]
        if done.all():
            break
        step = model.get_input_embeddings()(token.unsqueeze(1))
    return torch.stack(new, 1)
