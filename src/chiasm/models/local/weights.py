"""The checkpoint's weights: on which device, in which precision, quantised or with an adapter."""

import warnings
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText

from chiasm.errors import ConfigError
from chiasm.models.local.environment import require
from chiasm.models.local.options import Options


def pick_device(options: Options) -> str:
    """The device asked for, or the best that is there.

    Raises:
        ConfigError: It is not there.
    """
    wanted = options.device
    if not wanted:
        mps = torch.backends.mps.is_available()
        return "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    kind = wanted.partition(":")[0]
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if not {"cuda": cuda, "mps": mps}.get(kind, True):
        raise ConfigError(f"-M device={wanted}: this machine's torch finds no such device")
    return wanted


def load_model(options: Options) -> Any:
    """The model, ready to generate.

    Only safetensors are read: a pickle could run code. A checkpoint whose weights don't fill the
    model is refused, since the rest would be random.

    Raises:
        ConfigError: Something asked for is not there, or the weights don't fit.
    """
    device = pick_device(options)
    given: dict[str, Any] = {
        "dtype": _dtype(options, device),
        "use_safetensors": True,
        "trust_remote_code": False,
    }
    if options.revision:
        given["revision"] = options.revision
    if options.attn_implementation:
        given["attn_implementation"] = options.attn_implementation
    if options.quantization:
        given["quantization_config"] = _quantization(options.quantization)
    if options.device_map or device != "cpu":
        given["device_map"] = options.device_map or {"": device}
    model, report = AutoModelForImageTextToText.from_pretrained(
        options.source, output_loading_info=True, **given
    )
    if report["missing_keys"] or report["mismatched_keys"]:
        wrong = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
        raise ConfigError(
            f"{options.model}: {len(wrong)} weights are missing or of another shape, such as "
            f"{wrong[0]}; they would be random"
        )
    if options.adapter:
        model = _adapted(model, Path(options.adapter).expanduser(), bool(options.quantization))
    return model.eval()


def _dtype(options: Options, device: str) -> Any:
    if options.dtype:
        return getattr(torch, options.dtype)
    # Half precision is several times slower than single on most CPUs.
    return torch.float32 if device == "cpu" and not options.device_map else "auto"


def _quantization(bits: str) -> Any:
    require(("bitsandbytes",), get="pip install bitsandbytes")
    from transformers import BitsAndBytesConfig

    if bits == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )


def _adapted(model: Any, folder: Path, quantized: bool) -> Any:
    """The model with an adapter, merged into the weights unless these are quantised."""
    require(("peft",))
    from peft import PeftModel

    if not (folder / "adapter_model.safetensors").is_file():
        raise ConfigError(
            f"-M adapter={folder}: there is no adapter_model.safetensors (pickled .bin files are "
            "never loaded)"
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*missing adapter keys")
        try:
            adapted = PeftModel.from_pretrained(model, str(folder))
        except (UserWarning, ValueError, RuntimeError, KeyError) as error:
            raise ConfigError(
                f"-M adapter={folder} does not fit this model: {str(error)[:300]}"
            ) from None
    return adapted if quantized else adapted.merge_and_unload()
