"""The checkpoint's processor: tokenizer, image processor and chat template.

Processors of families that also take video can't be built without torchvision, although nothing
but the video part needs it. For these the image part is built alone (`_image_only`).
"""

from inspect import signature
from pathlib import Path
from typing import Any

import transformers
from transformers import AutoConfig, AutoProcessor, ProcessorMixin
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

from chiasm.errors import ConfigError
from chiasm.models.local.environment import check_torchvision, torchvision
from chiasm.models.local.options import Options

HINT = (
    "pip install torchvision, in the build that belongs to the installed torch "
    "(for a CPU: --index-url https://download.pytorch.org/whl/cpu)"
)


class _WithoutVideo(ProcessorMixin):  # type: ignore[misc]
    """Stands between a family's class and its base, and takes the video part away."""

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        video_processor: Any = None,
        **more: Any,
    ) -> None:
        super().__init__(image_processor, tokenizer, **more)

    @classmethod
    def from_args_and_dict(cls, args: Any, processor_dict: dict[str, Any], **_: Any) -> Any:
        """The processor from its two parts and what its file says of its own settings."""
        own = set(signature(cls.__init__).parameters) - {"image_processor", "tokenizer"}
        return cls(*args, **{name: processor_dict[name] for name in own & processor_dict.keys()})


def _image_only(family: type) -> Any:
    """A family's processor that asks for no video processor.

    transformers reads from the signature of ``__init__`` which parts and settings it takes.
    """

    def __init__(  # noqa: N807
        self: Any, image_processor: Any, tokenizer: Any, **own: Any
    ) -> None:
        family.__init__(  # type: ignore[misc]
            self,
            image_processor=image_processor,
            tokenizer=tokenizer,
            video_processor=None,
            **own,
        )

    full = signature(family.__init__)  # type: ignore[misc]
    kept = [p for name, p in full.parameters.items() if name != "video_processor"]
    __init__.__signature__ = full.replace(parameters=kept)  # type: ignore[attr-defined]
    bases = (family, _WithoutVideo)
    return type(f"{family.__name__}ImageOnly", bases, {"__init__": __init__})


def load_processor(options: Options) -> Any:
    """The processor, padding on the left, with a chat template.

    Raises:
        ConfigError: A package that it needs is missing or broken, or it has no chat template.
    """
    check_torchvision()
    given: dict[str, Any] = {"trust_remote_code": False}
    if options.revision:
        given["revision"] = options.revision
    processor = _load(options.source, given)
    tokenizer = getattr(processor, "tokenizer", None)
    if tokenizer is None:
        raise ConfigError(f"{options.model} has no processor for images and text")
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    processor.chat_template = chat_template(options, processor)
    return processor


def _load(source: str, given: dict[str, Any]) -> Any:
    try:
        return AutoProcessor.from_pretrained(source, **given)
    except (ImportError, ValueError) as error:
        # What the libraries say of a missing torchvision depends on the family.
        if "torchvision" not in str(error).lower() or torchvision().state == "works":
            raise
        try:
            return _load_image_only(source, given)
        except (ImportError, ValueError, AttributeError) as second:
            if isinstance(second, ImportError) and "torchvision" not in str(second).lower():
                raise  # another package, which the message names
            raise ConfigError(
                f"this model's processor needs torchvision, which is not installed: {HINT} "
                f"({second})"
            ) from None


def _load_image_only(source: str, given: dict[str, Any]) -> Any:
    kind = AutoConfig.from_pretrained(source, **given).model_type
    family = getattr(transformers, PROCESSOR_MAPPING_NAMES[kind])
    return _image_only(family).from_pretrained(source, **given)


def chat_template(options: Options, processor: Any) -> str:
    """The template that is used: the file of the options, the processor's, or the tokenizer's.

    Raises:
        ConfigError: There is none.
    """
    if options.chat_template:
        return Path(options.chat_template).expanduser().read_text("utf-8")
    found = processor.chat_template or processor.tokenizer.chat_template
    if isinstance(found, dict):
        found = found.get("default")
    if not found:
        raise ConfigError(
            f"{options.model} has no chat template, as a model that was not tuned to follow "
            "instructions: give one with -M chat_template=FILE"
        )
    return str(found)
