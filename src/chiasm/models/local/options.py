"""What `-M name=value` may say to a local model."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from chiasm.errors import ConfigError

Quantization = Literal["", "4bit", "8bit"]
BATCH_SIZE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a checkpoint is loaded and run.

    Attributes:
        model: ``ORG/NAME`` on the hub, or a folder.
        device: "cuda", "cuda:1", "mps", "cpu"; empty takes the first of these that is there.
        dtype: "float32", "bfloat16", "float16"; empty: float32 on a CPU, else the checkpoint's.
        device_map: "auto" spreads a model over all devices; not together with `device`.
        quantization: "4bit" (NF4) or "8bit", through bitsandbytes.
        adapter: Folder of a LoRA adapter (peft), safetensors only.
        batch_size: Requests generated at once, at most; 0: `BATCH_SIZE`, with "8bit" 1.
        attn_implementation: "sdpa", "eager", "flash_attention_2", ...; empty: the library's choice.
        chat_template: File with a Jinja template, in place of the checkpoint's.
        revision: Branch, tag or commit on the hub.
        wait_ms: How long an idle model waits for company before it starts a batch.
    """

    model: str
    device: str = ""
    dtype: str = ""
    device_map: str = ""
    quantization: Quantization = ""
    adapter: str = ""
    batch_size: int = 0
    attn_implementation: str = ""
    chat_template: str = ""
    revision: str = ""
    wait_ms: float = 8.0

    def __post_init__(self) -> None:
        _one_of(self.quantization, get_args(Quantization), "quantization")
        _one_of(self.dtype, ("", "float32", "bfloat16", "float16"), "dtype")
        if self.batch_size < 0:
            raise ConfigError(f"-M batch_size={self.batch_size}: at least 1")
        if self.device and self.device_map:
            raise ConfigError("-M device and -M device_map exclude each other")
        if self.revision and self.is_folder:
            raise ConfigError(f"-M revision: {self.model} is a folder, which has no revisions")
        for name in ("adapter", "chat_template"):
            path = getattr(self, name)
            if path and not Path(path).expanduser().exists():
                raise ConfigError(f"-M {name}={path}: no such file or folder")

    @property
    def rows(self) -> int:
        """Requests of a batch.

        bitsandbytes' 8-bit product looks for outliers in the whole batch, so that an answer would
        depend on its company.
        """
        return self.batch_size or (1 if self.quantization == "8bit" else BATCH_SIZE)

    @property
    def is_folder(self) -> bool:
        """Whether the model is read from a folder rather than from the hub or its cache."""
        return Path(self.model).expanduser().is_dir()

    @property
    def source(self) -> str:
        """What transformers is given."""
        return str(Path(self.model).expanduser()) if self.is_folder else self.model


def read_options(model: str, given: Mapping[str, Any]) -> Options:
    """Options from Inspect's model arguments.

    Raises:
        ConfigError: An argument is unknown, has the wrong type or value, or would run code that
            comes with the checkpoint.

    >>> read_options("org/name", {"batch_size": "4", "dtype": "bfloat16"}).batch_size
    4
    """
    rest = dict(given)
    if str(rest.pop("trust_remote_code", False)).lower() not in ("false", "0"):
        raise ConfigError("trust_remote_code: a checkpoint's own code is never run")
    types = {field.name: field.type for field in fields(Options) if field.name != "model"}
    for name in rest:
        if name not in types:
            near = get_close_matches(name, types, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(types)}"
            raise ConfigError(f"-M {name}: no such argument of chiasm_hf; {hint}")
    return Options(model=model, **{n: _read(n, types[n], value) for n, value in rest.items()})


def _read(name: str, kind: Any, value: Any) -> Any:
    """A value of its type: command lines give text, Python and YAML give numbers."""
    wanted: Any = kind if kind in (int, float) else str
    try:
        if not isinstance(value, bool) and (wanted is str or float(value) == wanted(value)):
            return wanted(value)
    except (TypeError, ValueError):
        pass
    raise ConfigError(f"-M {name}={value!r}: expected {wanted.__name__}")


def _one_of(value: str, known: tuple[str, ...], name: str) -> None:
    if value not in known:
        raise ConfigError(f"-M {name}={value}: expected one of {', '.join(k for k in known if k)}")
