"""Checkpoints of every family with a few thousand random weights, laid out as on the hub.

Nothing is downloaded: the tokenizer is one token per byte, the weights come from a seed, and the
processor's files are written as the families' publishers write them.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

TEXT = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}
CLIP = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())
BASE = ("<pad>", "<s>", "</s>")


class Kit(NamedTuple):
    """What a family's checkpoint needs beside its weights.

    Attributes:
        special: Name of the tokenizer's attribute -> token.
        processor: Class in the processor's file.
        image: The image processor's file.
        settings: The rest of the processor's file.
        place: What stands for an image in the chat template.
    """

    special: dict[str, str]
    processor: str
    image: dict[str, Any]
    settings: Mapping[str, Any] = MappingProxyType({})
    place: str = "<image>"


def template(place: str, *, text: bool = False) -> str:
    """A chat template; it takes content as list and as string, or (`text`) as string only."""
    blocks = (
        "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for b in m['content'] %}"
        "{% if b['type'] == 'image' %}" + place + "{% else %}{{ b['text'] }}{% endif %}"
        "{% endfor %}{% endif %}"
    )
    return (
        "<s>{% for m in messages %}[{{ m['role'] }}] "
        + ("{{ m['content'] }}" if text else blocks)
        + "\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}"
    )


def tokenizer(special: dict[str, str], extra: tuple[str, ...] = ()) -> PreTrainedTokenizerFast:
    """One token for each byte, and the special ones."""
    tokens = list(dict.fromkeys([*BASE, *BYTES, *special.values(), *extra]))
    made = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        extra_special_tokens=dict(special),
        model_max_length=4096,
    )
    fast.add_special_tokens({"additional_special_tokens": list(extra)}) if extra else None
    return fast


def save(folder: Path, model: Any, kit: Kit, tok: PreTrainedTokenizerFast) -> Path:
    """Write a checkpoint, its weights drawn anew: small ones make every answer alike."""
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            std = 1.0 if "embed" in name else 1.5 * weight[0].numel() ** -0.5
            torch.nn.init.normal_(weight, std=std)
        elif "gate" in name:  # Mllama's, at first zero: pictures would not matter
            torch.nn.init.ones_(weight)
    model.generation_config.pad_token_id = tok.pad_token_id
    model.generation_config.eos_token_id = tok.eos_token_id
    model.generation_config.bos_token_id = tok.bos_token_id
    model.save_pretrained(folder)
    tok.save_pretrained(folder)
    write(folder / "preprocessor_config.json", {**kit.image, "processor_class": kit.processor})
    write(folder / "processor_config.json", {**kit.settings, "processor_class": kit.processor})
    (folder / "chat_template.jinja").write_text(template(kit.place))
    return folder


def write(file: Path, data: dict[str, Any]) -> None:
    file.write_text(json.dumps(data, indent=1))


def ids(tok: PreTrainedTokenizerFast, *tokens: str) -> tuple[int, ...]:
    return tuple(tok.convert_tokens_to_ids(t) for t in tokens)


def common(tok: PreTrainedTokenizerFast) -> dict[str, Any]:
    """The text part's settings that depend on the tokenizer."""
    pad, bos, eos = ids(tok, *BASE)
    return {
        **TEXT,
        "vocab_size": len(tok),
        "pad_token_id": pad,
        "bos_token_id": bos,
        "eos_token_id": eos,
        "tie_word_embeddings": False,
    }


def clip_image(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "image_processor_type": kind,
        "size": {"shortest_edge": 32},
        "crop_size": {"height": 32, "width": 32},
        **more,
    }


def llava(folder: Path) -> Path:
    kit = Kit(
        {"image_token": "<image>"},
        "LlavaProcessor",
        clip_image("CLIPImageProcessor"),
        {
            "patch_size": 8,
            "vision_feature_select_strategy": "default",
            "num_additional_image_tokens": 1,
            "image_token": "<image>",
        },
    )
    tok = tokenizer(kit.special)
    config = transformers.LlavaConfig(
        text_config=transformers.LlamaConfig(**common(tok)),
        vision_config=transformers.CLIPVisionConfig(**CLIP),
        image_token_id=ids(tok, "<image>")[0],
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )
    return save(folder, transformers.LlavaForConditionalGeneration(config), kit, tok)


def llava_next(folder: Path) -> Path:
    grid = [[32, 64], [64, 32], [64, 64]]
    kit = Kit(
        {"image_token": "<image>"},
        "LlavaNextProcessor",
        clip_image("LlavaNextImageProcessor", image_grid_pinpoints=grid),
        {
            "patch_size": 8,
            "vision_feature_select_strategy": "default",
            "num_additional_image_tokens": 1,
            "image_token": "<image>",
        },
    )
    tok = tokenizer(kit.special)
    config = transformers.LlavaNextConfig(
        text_config=transformers.LlamaConfig(**common(tok)),
        vision_config=transformers.CLIPVisionConfig(**CLIP),
        image_token_id=ids(tok, "<image>")[0],
        image_grid_pinpoints=grid,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )
    return save(folder, transformers.LlavaNextForConditionalGeneration(config), kit, tok)


def llava_onevision(folder: Path) -> Path:
    grid = [[32, 64], [64, 32], [64, 64]]
    kit = Kit(
        {"image_token": "<image>", "video_token": "<video>"},
        "LlavaOnevisionProcessor",
        {
            "image_processor_type": "LlavaOnevisionImageProcessor",
            "size": {"height": 32, "width": 32},
            "image_grid_pinpoints": grid,
        },
        {
            "num_image_tokens": 16,
            "vision_feature_select_strategy": "full",
            "vision_aspect_ratio": "anyres_max_9",
        },
    )
    tok = tokenizer(kit.special)
    image, video = ids(tok, "<image>", "<video>")
    config = transformers.LlavaOnevisionConfig(
        text_config=transformers.Qwen2Config(**common(tok)),
        vision_config=transformers.SiglipVisionConfig(**CLIP),
        image_token_index=image,
        video_token_index=video,
        image_grid_pinpoints=grid,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )
    return save(folder, transformers.LlavaOnevisionForConditionalGeneration(config), kit, tok)


QWEN = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}
QWEN_PLACE = "<|vision_start|><|image_pad|><|vision_end|>"


def qwen_kit(processor: str, patch: int) -> Kit:
    image = {
        "image_processor_type": "Qwen2VLImageProcessor",
        "patch_size": patch,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "size": {"shortest_edge": 4 * patch**2, "longest_edge": 64 * patch**2},
    }
    return Kit(QWEN, processor, image, place=QWEN_PLACE)


def qwen_ids(tok: PreTrainedTokenizerFast) -> dict[str, int]:
    return {name.replace("_token", "_token_id"): ids(tok, t)[0] for name, t in QWEN.items()}


def qwen2_vl(folder: Path) -> Path:
    kit = qwen_kit("Qwen2VLProcessor", 14)
    tok = tokenizer(kit.special)
    rope = {"rope_type": "default", "type": "mrope", "mrope_section": [1, 1, 2]}
    config = transformers.Qwen2VLConfig(
        text_config={**common(tok), "rope_scaling": rope, "rope_parameters": rope},
        vision_config={
            "depth": 2,
            "embed_dim": 32,
            "hidden_size": 32,
            "num_heads": 4,
            "mlp_ratio": 2,
            "patch_size": 14,
        },
        **qwen_ids(tok),
    )
    return save(folder, transformers.Qwen2VLForConditionalGeneration(config), kit, tok)


def qwen2_5_vl(folder: Path) -> Path:
    kit = qwen_kit("Qwen2_5_VLProcessor", 14)
    tok = tokenizer(kit.special)
    rope = {"rope_type": "default", "type": "mrope", "mrope_section": [1, 1, 2]}
    config = transformers.Qwen2_5_VLConfig(
        text_config={**common(tok), "rope_scaling": rope, "rope_parameters": rope},
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "out_hidden_size": 32,
            "intermediate_size": 48,
            "num_heads": 4,
            "patch_size": 14,
            "fullatt_block_indexes": [1],
            "window_size": 56,
        },
        **qwen_ids(tok),
    )
    return save(folder, transformers.Qwen2_5_VLForConditionalGeneration(config), kit, tok)


def qwen3_vl(folder: Path) -> Path:
    kit = qwen_kit("Qwen3VLProcessor", 16)
    tok = tokenizer(kit.special)
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "mrope_interleaved": True}
    config = transformers.Qwen3VLConfig(
        text_config={
            **common(tok),
            "head_dim": 8,
            "rope_scaling": rope,
            "rope_parameters": {**rope, "rope_theta": 10000.0},
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "out_hidden_size": 32,
            "intermediate_size": 48,
            "num_heads": 4,
            "patch_size": 16,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0],
        },
        **qwen_ids(tok),
    )
    return save(folder, transformers.Qwen3VLForConditionalGeneration(config), kit, tok)


def mllama(folder: Path) -> Path:
    kit = Kit(
        {"image_token": "<|image|>"},
        "MllamaProcessor",
        {
            "image_processor_type": "MllamaImageProcessor",
            "size": {"height": 28, "width": 28},
            "max_image_tiles": 4,
        },
        place="<|image|>",
    )
    tok = tokenizer(kit.special, ("<|python_tag|>",))
    text = common(tok)
    config = transformers.MllamaConfig(
        # The image's token is the last one and has no row in the output layer.
        text_config={
            **text,
            "vocab_size": len(tok) - 2,
            "num_hidden_layers": 3,
            "cross_attention_layers": [1],
            "rope_scaling": {"rope_type": "default"},
        },
        vision_config={
            "hidden_size": 32,
            "attention_heads": 4,
            "num_hidden_layers": 2,
            "num_global_layers": 1,
            "intermediate_size": 48,
            "image_size": 28,
            "patch_size": 7,
            "max_num_tiles": 4,
            "vision_output_dim": 64,
            "intermediate_layers_indices": [0],
            "supported_aspect_ratios": [
                [1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [3, 1], [4, 1],
            ],
        },
        image_token_index=ids(tok, "<|image|>")[0],
    )  # fmt: skip
    return save(folder, transformers.MllamaForConditionalGeneration(config), kit, tok)


def llama4(folder: Path) -> Path:
    names = (
        "<|image|>",
        "<|image_start|>",
        "<|image_end|>",
        "<|patch|>",
        "<|tile_x_separator|>",
        "<|tile_y_separator|>",
    )
    kit = Kit(
        {"image_token": "<|image|>"},
        "Llama4Processor",
        {
            "image_processor_type": "Llama4ImageProcessor",
            "size": {"height": 28, "width": 28},
            "max_patches": 4,
            "resize_to_max_canvas": False,
        },
        {"patch_size": 7, "pixel_shuffle_ratio": 0.5},
        place="<|image|>",
    )
    tok = tokenizer(kit.special, names[1:])
    config = transformers.Llama4Config(
        text_config={
            **common(tok),
            "head_dim": 8,
            "intermediate_size_mlp": 48,
            "num_hidden_layers": 4,
            "num_local_experts": 2,
            "num_experts_per_tok": 1,
            "attention_chunk_size": 64,
        },
        vision_config={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 128,
            "vision_output_dim": 32,
            "image_size": 28,
            "patch_size": 7,
            "projector_input_dim": 32,
            "projector_output_dim": 32,
        },
        boi_token_index=ids(tok, "<|image_start|>")[0],
        eoi_token_index=ids(tok, "<|image_end|>")[0],
        image_token_index=ids(tok, "<|patch|>")[0],
    )
    return save(folder, transformers.Llama4ForConditionalGeneration(config), kit, tok)


def internvl(folder: Path) -> Path:
    special = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    kit = Kit(
        special,
        "InternVLProcessor",
        {
            "image_processor_type": "GotOcr2ImageProcessor",
            "size": {"height": 32, "width": 32},
            "crop_to_patches": True,
            "min_patches": 1,
            "max_patches": 4,
        },
        {"image_seq_length": 4},
        place="<IMG_CONTEXT>\n",
    )
    tok = tokenizer(special)
    config = transformers.InternVLConfig(
        text_config=transformers.Qwen2Config(**common(tok)),
        vision_config={**CLIP, "image_size": [32, 32], "patch_size": [8, 8]},
        image_token_id=ids(tok, "<IMG_CONTEXT>")[0],
        image_seq_length=4,
    )
    return save(folder, transformers.InternVLForConditionalGeneration(config), kit, tok)


def gemma3(folder: Path) -> Path:
    special = {
        "image_token": "<image_soft_token>",
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
    }
    kit = Kit(
        special,
        "Gemma3Processor",
        {"image_processor_type": "Gemma3ImageProcessor", "size": {"height": 32, "width": 32}},
        {"image_seq_length": 4},
        place="<start_of_image>",
    )
    tok = tokenizer(special)
    image, boi, eoi = ids(tok, *special.values())
    config = transformers.Gemma3Config(
        text_config={**common(tok), "head_dim": 8, "sliding_window": 24, "num_hidden_layers": 6},
        vision_config=transformers.SiglipVisionConfig(**CLIP),
        tie_word_embeddings=False,
        mm_tokens_per_image=4,
        image_token_index=image,
        boi_token_index=boi,
        eoi_token_index=eoi,
    )
    return save(folder, transformers.Gemma3ForConditionalGeneration(config), kit, tok)


def _idefics(kind: str, folder: Path, video: dict[str, str]) -> Path:
    rows = tuple(f"<row_{i}_col_{j}>" for i in range(1, 7) for j in range(1, 7))
    names = ("<image>", "<fake_token_around_image>", "<end_of_utterance>", "<global-img>")
    kit = Kit(
        {"image_token": "<image>", **video},
        f"{kind}Processor",
        {
            "image_processor_type": f"{kind}ImageProcessor",
            "size": {"longest_edge": 64},
            "max_image_size": {"longest_edge": 32},
        },
        {"image_seq_len": 4},
    )
    tok = tokenizer(kit.special, (*names[1:], *rows))
    config = getattr(transformers, f"{kind}Config")(
        text_config=transformers.LlamaConfig(**common(tok)),
        vision_config={**CLIP},
        image_token_id=ids(tok, "<image>")[0],
        scale_factor=2,
        pad_token_id=tok.pad_token_id,
    )
    model = getattr(transformers, f"{kind}ForConditionalGeneration")(config)
    return save(folder, model, kit, tok)


def idefics3(folder: Path) -> Path:
    return _idefics("Idefics3", folder, {})


def smolvlm(folder: Path) -> Path:
    return _idefics("SmolVLM", folder, {})


FAMILIES: dict[str, Callable[[Path], Path]] = {
    f.__name__: f
    for f in (
        llava,
        llava_next,
        llava_onevision,
        qwen2_vl,
        qwen2_5_vl,
        qwen3_vl,
        mllama,
        llama4,
        internvl,
        gemma3,
        smolvlm,
        idefics3,
    )
}


def make(family: str, folder: Path, seed: int = 0) -> Path:
    """A checkpoint of a family."""
    torch.manual_seed(seed)
    FAMILIES[family](folder)
    return folder


def picture(seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A smooth picture that differs by seed."""
    width, height = size
    image = Image.new("RGB", size)
    image.putdata(
        [
            ((x * 5 + seed * 40) % 256, (y * 6 + seed * 90) % 256, (x * y + seed * 17) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    return image
