"""embedding: how near the query is to a phrase of risk, by a model of sentences. An extra.

The score is the highest cosine between the query and the phrases of risk.toml. Nothing else is
compared: between query and description, or query and hazard, such models find less than shared
words do (docs/audit-channels.md). A model's cosines have a scale of their own, so there is no
threshold that was fixed in advance: it is set on harmless rows.

Needs the extra `embed` (sentence-transformers), and the model: by name and revision of the hub, or
as a folder. All is computed on the CPU, on one thread a process, in chunks of equal shape, and
rounded: a query's score depends neither on the rows around it nor on how many cores there are.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from chiasm.audit.harmfulness import vocabulary
from chiasm.audit.overlap import NO_QUERY, blank
from chiasm.audit.table import SCORES, Channel
from chiasm.audit.words import LONGEST
from chiasm.errors import ConfigError

NAME = "embedding"
MODEL = "sentence-transformers/all-MiniLM-L6-v2@c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
"""The default: 384 numbers a text, 23 million parameters, English, Apache 2.0."""

CHUNK = 16
"""Queries of one length that are computed at once; a chunk that is not full is filled up."""

DIGITS = 4
"""Decimals of a score."""

READ = (".json", ".safetensors", ".txt", ".model")
"""Files of a model: settings, weights, vocabulary."""

PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
"""Files of weights that can hold code."""

_Floats = npt.NDArray[np.float64]


class Phrases(NamedTuple):
    """What queries are compared with.

    Attributes:
        model: Name and revision, or a folder.
        phrases: Of risk.toml, in order.
        vectors: (phrases, dimensions), of length 1; 0 where the model knows no word of it.
        digest: Of the vectors: tells models apart, whatever they are called.
    """

    model: str
    phrases: tuple[str, ...]
    vectors: _Floats
    digest: str


def channel(model: str = MODEL) -> Channel:
    """The channel with this model: ``OWNER/NAME@REVISION`` of the hub, or a folder."""
    return Channel(NAME, ("query",), partial(fit, model=model), score)


def fit(rows: pl.DataFrame, *, model: str = MODEL) -> Phrases:
    """The vectors of the phrases; nothing is learnt of the rows.

    Raises:
        ConfigError: sentence-transformers is not installed, or there is no such model.
    """
    phrases = sorted(set(vocabulary().phrases["phrase"].to_list()))
    vectors = np.zeros((len(phrases), 0))
    for at, found in _encoded(model, phrases):
        if not vectors.size:
            vectors = np.zeros((len(phrases), found.shape[1]))
        vectors[at] = found[: len(at)]
    digest = sha256(vectors.round(DIGITS).tobytes()).hexdigest()[:16]
    return Phrases(model, tuple(phrases), vectors, digest)


def score(state: Phrases, batch: pl.DataFrame) -> pl.DataFrame:
    """The highest cosine with a phrase, in [-1, 1]; the evidence is the phrase, if any."""
    spoken = ~blank("query")
    queries = batch.filter(spoken).select(pl.col("query").str.slice(0, LONGEST))["query"]
    different = sorted(set(queries.to_list()))
    best = np.zeros(len(different))
    nearest = np.zeros(len(different), dtype=np.int64)
    for at, found in _encoded(state.model, different):
        cosines = (found @ state.vectors.T).round(DIGITS)[: len(at)]
        nearest[at] = cosines.argmax(axis=1)
        best[at] = cosines.max(axis=1)
    table = pl.DataFrame(
        {
            "text": different,
            "score": best,
            "evidence": [
                f"like “{state.phrases[i]}”" if cosine > 0 else ""
                for i, cosine in zip(nearest, best, strict=True)
            ],
        },
        schema={"text": pl.String, "score": pl.Float64, "evidence": pl.String},
    )
    asked = batch.select("case", pl.col("query").str.slice(0, LONGEST).alias("text"), spoken=spoken)
    said = asked.join(table, on="text", how="left", maintain_order="left")
    return said.select(
        "case",
        pl.when("spoken").then("score").alias("score"),
        pl.when("spoken").then("evidence").alias("evidence"),
        pl.when(~pl.col("spoken")).then(pl.lit(NO_QUERY)).alias("reason"),
    ).cast(dict(SCORES))  # type: ignore[arg-type]


def digest_of(model: str = MODEL) -> str:
    """First 16 hex digits of the SHA-256 over the names and bytes of a model's files (`READ`).

    Raises:
        ConfigError: There is no such model.
    """
    total, folder = sha256(), _folder(model)
    for path in sorted(p for p in folder.rglob("*") if p.suffix in READ and p.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                total.update(block)
    return total.hexdigest()[:16]


def _encoded(name: str, texts: Sequence[str]) -> Iterator[tuple[list[int], _Floats]]:
    """Places in `texts`, and unit vectors: those places', then rows that only fill the chunk.

    Texts of one chunk have one length in the model's tokens. Neither padding nor the shape of a
    product can then make the last bit of a vector depend on the other texts.
    """
    if not texts:
        return
    model = _load(name)
    with _one_thread():
        lengths: dict[int, list[int]] = {}
        for i, text in enumerate(texts):
            lengths.setdefault(int(model.preprocess([text])["input_ids"].numel()), []).append(i)
        for _, places in sorted(lengths.items()):
            for start in range(0, len(places), CHUNK):
                at = places[start : start + CHUNK]
                full = [texts[i] for i in at] + [texts[at[-1]]] * (CHUNK - len(at))
                yield at, _unit(model.encode(full, batch_size=CHUNK, show_progress_bar=False), name)


def _unit(raw: Any, name: str) -> _Floats:
    found: _Floats = np.asarray(raw, dtype=np.float64)
    if not np.isfinite(found).all():
        raise ConfigError(f"--embedding-model {name}: gives numbers that are not finite")
    length = np.sqrt((found * found).sum(axis=1, keepdims=True))
    unit: _Floats = found / np.where(length > 0, length, 1.0)
    return unit


@lru_cache(maxsize=1)
def _load(name: str) -> Any:
    try:
        sentence_transformers = import_module("sentence_transformers")
    except ImportError:
        raise ConfigError(
            "--channel embedding needs the extra `embed`: pip install 'chiasm[embed]'"
        ) from None
    folder = _folder(name)
    try:
        _check(folder)
        return sentence_transformers.SentenceTransformer(
            str(folder), device="cpu", model_kwargs={"use_safetensors": True}
        )
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError, TypeError) as error:
        raise _unloadable(name, error) from None


def _unloadable(name: str, error: Exception) -> ConfigError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ConfigError(
        f"--embedding-model {name}: can't be loaded: {reason}\n       expected "
        "OWNER/NAME@REVISION of the hub, or the folder of a model of sentence-transformers"
    )


@lru_cache(maxsize=1)
def _folder(name: str) -> Path:
    try:
        return Path(name if Path(name).is_dir() else _fetched(name))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise _unloadable(name, error) from None


def _check(folder: Path) -> None:
    """Refuse what could run code when it is loaded: pickled weights, and classes of others.

    Raises:
        ValueError: A part of the model has no other weights, or is of another package.
    """
    listed = folder / "modules.json"
    parts = json.loads(listed.read_text("utf-8")) if listed.is_file() else []
    for part in parts:
        if not str(part["type"]).startswith("sentence_transformers."):
            raise ValueError(f"{part['type']} is code that comes with the model, and is not run")
    for home in dict.fromkeys([folder, *(folder / str(part["path"]) for part in parts)]):
        pickled = sorted(p.name for p in home.glob("*") if p.suffix.lower() in PICKLED)
        if pickled and not any(home.glob("model*.safetensors")):
            raise ValueError(
                f"{home.relative_to(folder) / pickled[0]} is a pickle, which can run code and is "
                "not read: save the model as safetensors"
            )


def _fetched(name: str) -> str:
    """The folder of a model of the hub; no file that can hold code is fetched."""
    from huggingface_hub import snapshot_download

    repository, _, revision = name.partition("@")
    return snapshot_download(
        repository,
        revision=revision or None,
        allow_patterns=[f"*{suffix}" for suffix in READ],
        endpoint=os.environ.get("HF_ENDPOINT") or None,
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
