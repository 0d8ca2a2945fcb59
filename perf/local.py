"""The local provider beside a hand-written batched loop and generation one by one.

    .venv-train/bin/python perf/local.py                 # two sizes of model, a few minutes
    .venv-train/bin/python perf/local.py --sizes tiny --cases 32 --rounds 1

All three get the same requests (text and a PNG as data URI, of mixed length and shape), decode the
pictures, apply the chat template, generate greedily with the same weights, and must say the same.
The loop is what a good script does: sorted by length, batches of the same size, the library's
`generate`. Rounds alternate; wall times are of each way's best round, because other processes of a
machine only ever slow one down, and CPU times (all threads) are medians. Weights are random: a
model's size and the lengths decide on the time, not what is said.
"""

import argparse
import base64
import io
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import anyio
import torch
import transformers
from inspect_ai.model import (
    ChatMessageUser,
    ContentImage,
    ContentText,
    GenerateConfig,
    Model,
    get_model,
)
from PIL import Image
from tests.models.local import tiny

SIZES = {
    "tiny": (32, 48, 2, 32),
    "small": (256, 512, 6, 112),
    "medium": (512, 1024, 8, 168),
}
"""Hidden size, feed-forward size, layers, and side of the picture in pixels (patches of 14)."""

CASES = {"tiny": 512, "small": 64, "medium": 32}
"""Requests of a round unless ``--cases`` says otherwise: what is slow is measured on few."""

PATCH = {"tiny": 8, "small": 14, "medium": 14}


class Case(NamedTuple):
    """A request."""

    text: str
    uri: str


def checkpoint(name: str, folder: Path) -> Path:
    """A LLaVA 1.5 of this size."""
    hidden, feed, layers, side = SIZES[name]
    patch = PATCH[name]
    kit = tiny.Kit(
        {"image_token": "<image>"},
        "LlavaProcessor",
        tiny.clip_image(
            "CLIPImageProcessor",
            size={"shortest_edge": side},
            crop_size={"height": side, "width": side},
        ),
        {
            "patch_size": patch,
            "vision_feature_select_strategy": "default",
            "num_additional_image_tokens": 1,
        },
    )
    tokenizer = tiny.tokenizer(kit.special)
    own = {"hidden_size": hidden, "intermediate_size": feed, "num_hidden_layers": layers}
    config = transformers.LlavaConfig(
        text_config=transformers.LlamaConfig(**{**tiny.common(tokenizer), **own}),
        vision_config=transformers.CLIPVisionConfig(
            **{**tiny.CLIP, **own, "image_size": side, "patch_size": patch}
        ),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )
    torch.manual_seed(0)
    model = transformers.LlavaForConditionalGeneration(config)
    return tiny.save(folder, model, kit, tokenizer)


def cases(count: int) -> list[Case]:
    made = []
    for i in range(count):
        file = io.BytesIO()
        shape = [(240, 180), (180, 240), (200, 200), (320, 160)][i % 4]
        tiny.picture(i, (48, 48)).resize(shape).save(file, "PNG")
        uri = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
        made.append(Case(f"Number {i}: what is in this picture? " + "Look well. " * (i % 7), uri))
    return made


def loop(model: Model, asked: list[Case], size: int, tokens: int) -> list[str]:
    """A good script: the same weights and processor, driven by hand."""
    engine = model.api.engine  # type: ignore[attr-defined]
    processor, tokenizer = engine.processor, engine.tokenizer
    said = [""] * len(asked)
    order = sorted(range(len(asked)), key=lambda i: len(asked[i].text))
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        turns = [
            [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": c.text}]}]
            for c in (asked[i] for i in batch)
        ]
        prompts = tokenizer.apply_chat_template(
            turns,
            chat_template=processor.chat_template,
            tokenize=False,
            add_generation_prompt=True,
        )
        pictures = [
            [
                Image.open(io.BytesIO(base64.b64decode(asked[i].uri.partition(",")[2]))).convert(
                    "RGB"
                )
            ]
            for i in batch
        ]
        inputs = processor(
            text=prompts,
            images=pictures,
            padding=True,
            return_tensors="pt",
            add_special_tokens=False,
        ).to(engine.model.device, engine.model.dtype)
        with torch.inference_mode():
            output = engine.model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
        new = output[:, inputs["input_ids"].shape[1] :]
        for i, text in zip(
            batch, tokenizer.batch_decode(new, skip_special_tokens=True), strict=True
        ):
            said[i] = text
    return said


def provider(model: Model, asked: list[Case], size: int, tokens: int) -> list[str]:
    """Inspect's `generate`, as many requests at once as it makes by default."""
    said = [""] * len(asked)

    async def one(i: int) -> None:
        content = [ContentImage(image=asked[i].uri), ContentText(text=asked[i].text)]
        config = GenerateConfig(
            temperature=0.0, max_tokens=tokens, max_connections=model.api.max_connections()
        )
        answer = await model.generate([ChatMessageUser(content=content)], config=config)
        said[i] = answer.completion

    async def every() -> None:
        async with anyio.create_task_group() as group:
            for i in range(len(asked)):
                group.start_soon(one, i)

    anyio.run(every)
    return said


def one_by_one(model: Model, asked: list[Case], size: int, tokens: int) -> list[str]:
    return loop(model, asked, 1, tokens)


WAYS: dict[str, Callable[[Model, list[Case], int, int], list[str]]] = {
    "batched loop": loop,
    "provider": provider,
    "one by one": one_by_one,
}


def measure(name: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds of each way, in rounds that alternate."""
    asked = cases(args.cases or CASES[name])
    with tempfile.TemporaryDirectory() as folder:
        path = checkpoint(name, Path(folder))
        model = get_model(f"chiasm_hf/{path}", memoize=False, batch_size=args.batch)
        weights = sum(p.numel() for p in model.api.engine.model.parameters())  # type: ignore[attr-defined]
        for way in WAYS.values():
            way(model, asked[: args.batch], args.batch, args.tokens)
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        cpu: dict[str, list[float]] = {way: [] for way in WAYS}
        texts = {}
        for turn in range(args.rounds):
            order = list(WAYS)[:: -1 if turn % 2 else 1]
            for way in order:
                began, used = time.perf_counter(), time.process_time()
                texts[way] = WAYS[way](model, asked, args.batch, args.tokens)
                seconds[way].append(time.perf_counter() - began)
                cpu[way].append(time.process_time() - used)
        model.api.close()
    same = sum(texts["batched loop"][i] == texts["provider"][i] for i in range(len(asked)))
    if same < len(asked):
        sys.exit(f"{name}: {len(asked) - same} of {len(asked)} answers differ from the loop's")
    return [
        {
            "model": f"{name} ({weights / 1e6:.1f} M)",
            "way": way,
            "per_s": len(asked) / min(seconds[way]),
            "share": min(seconds["batched loop"]) / min(seconds[way]),
            "cpu_ms": 1000 * statistics.median(cpu[way]) / len(asked),
            "worst": max(seconds[way]) / min(seconds[way]),
        }
        for way in WAYS
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["tiny", "small"])
    parser.add_argument("--cases", type=int, default=0, help="of a round")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, {device}, "
        f"torch {torch.__version__} with {args.threads} thread(s), transformers "
        f"{transformers.__version__}; batches of {args.batch}, "
        f"{args.tokens} tokens, best of {args.rounds} rounds\n"
    )
    print(
        "| model | way | answers/s | share of the batched loop | CPU ms an answer | worst round |"
    )
    print("|---|---|---|---|---|---|")
    for name in args.sizes:
        for row in measure(name, args):
            print(
                f"| {row['model']} | {row['way']} | {row['per_s']:.1f} | {row['share']:.0%} | "
                f"{row['cpu_ms']:.1f} | {row['worst']:.1f} x |",
                flush=True,
            )


if __name__ == "__main__":
    main()
