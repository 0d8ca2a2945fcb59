"""Frozen towers: what CLIP, SigLIP or a vision-language model makes of a text and of a picture.

A contrastive checkpoint (CLIP, SigLIP) gives the states of both towers and their embeddings. Of a
vision-language model the pictures are seen by its vision tower and projector, and the texts are
read by its language model alone, without the picture: nothing is fused before the head.
"""

from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chiasm.data.images import READERS
from chiasm.errors import ConfigError, ImageError
from chiasm.models.local.environment import check_torchvision, require

Half = NDArray[np.float16]

VERSION = 1
"""Rises when features of the same checkpoint and content change."""

GRID = 8
"""Patches are averaged to a grid of at most 8 x 8."""

LONGEST = 128
"""Tokens of a text that are read at most; the tower's own limit may be lower."""

CHARACTERS = 20_000
"""Of a text that are made into tokens at most: the work is bounded whatever is sent."""

LOOK = "What do you see?"
"""What a vision-language model is asked for a caption."""

CAPTION_TOKENS = 32

FILES = (
    *("config.json", "processor_config.json", "preprocessor_config.json", "tokenizer.json"),
    *("tokenizer_config.json", "vocab.json", "merges.txt", "spiece.model", "chat_template.jinja"),
)
"""Beside the weights, what features depend on."""


class Feature(NamedTuple):
    """What a tower makes of one text or picture.

    Attributes:
        tokens: States, shape (tokens, width).
        pooled: One vector, shape (width of pooled,): the embedding, or the mean of the states.
        cut: Whether the text was longer than what is read, in tokens or characters.
    """

    tokens: Half
    pooled: Half
    cut: bool = False


class Towers:
    """A checkpoint's two towers, frozen.

    Args:
        source: A folder in transformers' layout, or a name on the hub.
        device: As torch names it; the CPU by default.
        look: What a generative checkpoint is asked for a caption.

    Attributes:
        kind: ``contrastive`` or ``generative`` (it can write captions).
        digest: Of weights, configuration and processor: 16 hex digits.

    Raises:
        ConfigError: torch is missing, or the checkpoint can't be loaded or has no such towers.
    """

    def __init__(self, source: str, device: str = "cpu", look: str = LOOK) -> None:
        require(("torch", "transformers"))
        check_torchvision()
        from transformers.utils import logging

        logging.disable_progress_bar()
        self.source, self.device, self.look = source, device, look
        self.model: Any
        self.processor: Any
        try:
            self._open()
        except (OSError, ValueError, KeyError, ImportError) as error:
            why = f"{type(error).__name__}: {_first_line(error)}"
            raise ConfigError(f"--tower {source}: can't be loaded: {why}") from None
        try:
            self.model.eval().to(device).requires_grad_(False)
        except (AssertionError, RuntimeError, ValueError) as error:  # torch without it, or no room
            raise ConfigError(f"--device {device} can't be used: {_first_line(error)}") from None
        self.digest = _digest(source, self.model)

    def _open(self) -> None:
        import torch
        from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText

        given: dict[str, Any] = {"trust_remote_code": False}
        weights = {**given, "use_safetensors": True, "dtype": torch.float32}
        config = AutoConfig.from_pretrained(self.source, **given)
        if not (hasattr(config, "text_config") and hasattr(config, "vision_config")):
            raise ValueError(f"{config.model_type} has no two towers; CLIP, SigLIP, LLaVA have")
        contrastive = hasattr(config, "projection_dim") or "siglip" in config.model_type
        self.kind = "contrastive" if contrastive else "generative"
        # SigLIP was trained on texts padded to their full length, and reads no others well.
        self._full = "siglip" in config.model_type
        self.longest = min(LONGEST, getattr(config.text_config, "max_position_embeddings", LONGEST))
        if contrastive:
            from transformers import AutoProcessor

            self.processor = AutoProcessor.from_pretrained(self.source, **given)
            self.model = AutoModel.from_pretrained(self.source, **weights)
        else:
            from chiasm.models.local.options import Options
            from chiasm.models.local.processors import load_processor

            self.processor = load_processor(Options(model=self.source))
            self.model = AutoModelForImageTextToText.from_pretrained(self.source, **weights)
        self.tokenizer = self.processor.tokenizer

    def texts(self, texts: Sequence[str]) -> list[Feature]:
        """What the text tower makes of each; an empty text is read as one."""
        import torch

        prompts = [self._prompt(text[:CHARACTERS]) for text in texts]
        plain = self.tokenizer(prompts, add_special_tokens=self.kind == "contrastive")
        many = [len(ids) > self.longest for ids in plain["input_ids"]]
        cut = [m or len(text) > CHARACTERS for m, text in zip(many, texts, strict=True)]
        ids, mask = self._tokenized(prompts)
        with torch.inference_mode():
            if self.kind == "contrastive":
                found = self.model.get_text_features(input_ids=ids, attention_mask=mask)
                states, pooled = found.last_hidden_state, found.pooler_output
            else:
                reader = self.model.get_decoder()
                states = reader(input_ids=ids, attention_mask=mask, use_cache=False)[0]
                pooled = None
        keep = mask if mask is not None else self._not_padding(ids)
        return [
            _feature(states[k][keep[k].bool()], None if pooled is None else pooled[k], cut[k])
            for k in range(len(texts))
        ]

    def images(self, images: Sequence[bytes]) -> list[Feature]:
        """What the vision tower makes of each file.

        Raises:
            ConfigError: The checkpoint's way of seeing is none of those that are known.
            ImageError: A file can't be decoded.
        """
        shown = [opened(image) for image in images]
        try:
            return self._seen(shown)
        except (TypeError, AttributeError, ValueError) as error:
            why = _first_line(error)
            raise ConfigError(f"--tower {self.source} can't look at a picture: {why}") from None

    def _seen(self, shown: Sequence[Any]) -> list[Feature]:
        import torch

        with torch.inference_mode():
            if self.kind == "generative":
                return [_feature(self._patches(image)) for image in shown]
            seen = self.processor.image_processor(shown, return_tensors="pt").to(self.device)
            found = self.model.get_image_features(**seen)
        states, pooled = found.last_hidden_state, found.pooler_output
        first = states.shape[1] - _square(states.shape[1]) ** 2  # a class token, where there is one
        return [
            _feature(torch.cat([s[:first], _averaged(s[first:])]), p)
            for s, p in zip(states, pooled, strict=True)
        ]

    def captions(self, images: Sequence[bytes]) -> list[str]:
        """What the model itself says of each picture, greedily.

        Raises:
            ConfigError: The checkpoint can't write.
        """
        if self.kind != "generative":
            raise ConfigError(f"--tower {self.source} writes no captions: give a column caption")
        import torch

        found = []
        for image in images:
            inputs = self._shown(opened(image), self.look)
            with torch.inference_mode():
                output = self.model.generate(
                    **inputs, max_new_tokens=CAPTION_TOKENS, do_sample=False,
                    pad_token_id=self.tokenizer.pad_token_id,
                )  # fmt: skip
            said = output[0, inputs["input_ids"].shape[1] :]
            found.append(self.tokenizer.decode(said, skip_special_tokens=True).strip())
        return found

    def _prompt(self, text: str) -> str:
        if self.kind == "contrastive":
            return text
        # A message of the user that has not been answered; its words, and no others, are read.
        made = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], chat_template=self.processor.chat_template,
            tokenize=False, add_generation_prompt=False,
        )  # fmt: skip
        return str(made)

    def _tokenized(self, prompts: Sequence[str]) -> tuple[Any, Any]:
        self.tokenizer.padding_side = "right"
        made = self.tokenizer(
            list(prompts), padding="max_length" if self._full else True, truncation=True,
            max_length=self.longest, add_special_tokens=self.kind == "contrastive",
            return_tensors="pt",
        ).to(self.device)  # fmt: skip
        return made["input_ids"], None if self._full else made["attention_mask"]

    def _not_padding(self, ids: Any) -> Any:
        """SigLIP pads with the token that ends a text: the first of them is kept."""
        padding = ids == self.tokenizer.pad_token_id
        return ~padding | (padding.cumsum(1) == 1)

    def _shown(self, image: Any, text: str) -> Any:
        content = [{"type": "image"}, {"type": "text", "text": text}]
        prompt = self.processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True
        )
        bos = self.tokenizer.bos_token
        double = bool(bos and prompt.startswith(bos))
        return self.processor(
            text=prompt, images=[image], return_tensors="pt", add_special_tokens=not double
        ).to(self.device)

    def _patches(self, image: Any) -> Any:
        import torch

        inputs = self._shown(image, LOOK)
        given = {k: v for k, v in inputs.items() if k not in ("input_ids", "attention_mask")}
        found = self.model.get_image_features(**given)
        seen = getattr(found, "pooler_output", found)
        rows = [s.reshape(-1, s.shape[-1]) for s in (seen if isinstance(seen, list) else [seen])]
        return _averaged(torch.cat(list(rows)))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__


def opened(image: bytes) -> Any:
    """A picture, decoded; `ImageError` where it can't be."""
    from PIL import Image

    try:
        with Image.open(BytesIO(image), formats=READERS) as found:
            return found.convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow's readers raise
        raise ImageError(f"a picture can't be decoded: {error}") from None


def _averaged(patches: Any) -> Any:
    """Patches averaged to at most GRID x GRID, shape (tokens, width)."""
    from torch.nn.functional import adaptive_avg_pool1d, adaptive_avg_pool2d

    count, side = len(patches), _square(len(patches))
    if count <= GRID * GRID:
        return patches
    if side * side == count:
        grid = patches.reshape(side, side, -1).permute(2, 0, 1)
        return adaptive_avg_pool2d(grid, GRID).flatten(1).T
    return adaptive_avg_pool1d(patches.T, GRID * GRID).T  # not square: neighbours in their order


def _square(count: int) -> int:
    return int(count**0.5 + 1e-9)


def _feature(states: Any, pooled: Any = None, cut: bool = False) -> Feature:
    one = states.mean(0) if pooled is None else pooled
    tokens, vector = (x.float().cpu().numpy().astype(np.float16) for x in (states, one))
    if not (np.isfinite(tokens).all() and np.isfinite(vector).all()):
        limit = float(np.finfo(np.float16).max)
        tokens, vector = (np.nan_to_num(x, nan=0, posinf=limit, neginf=-limit)
                          for x in (tokens, vector))  # fmt: skip
    return Feature(tokens, vector, cut)


def _digest(source: str, model: Any) -> str:
    """Of the files of a folder; of the hub's commit."""
    total = sha256(f"towers {VERSION} {GRID} {LONGEST}".encode())
    folder = Path(source)
    if not folder.is_dir():
        commit = getattr(model.config, "_commit_hash", None)
        total.update(f"{source}@{commit}".encode())
        return total.hexdigest()[:16]
    for file in sorted(folder.iterdir()):
        if file.suffix == ".safetensors" or file.name in FILES:
            total.update(file.name.encode())
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    total.update(block)
    return total.hexdigest()[:16]
