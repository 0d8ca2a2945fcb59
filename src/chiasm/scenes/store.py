"""The pictures on disk, and which picture is which: `write`, the manifest, `find`."""

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import PIL

from chiasm.cases import Case
from chiasm.scenes.cases import VARIANTS, cases, image_bytes, probes
from chiasm.scenes.grammar import families

VERSION = 2
"""Rises when scores stop being comparable."""

_MANIFEST = "manifest.json"


class Shown(NamedTuple):
    """Which picture it is: family, index of the image in it, variant."""

    family: str
    image: int
    variant: int


def root() -> Path:
    """The folder in the cache for the pictures of seed 0; it may not exist yet.

    Its name holds the version and a digest of grammar, drawing code and Pillow's version, so that
    pictures of another version are never taken for these.
    """
    from chiasm.data.registry import cache_dir

    return cache_dir() / "made" / f"scenes-{VERSION}-{_code_digest()}"


def write(
    root: Path, seed: int = 0, variants: int = VARIANTS, split: str = "evaluation"
) -> dict[str, str]:
    """Put every picture of a split under ``root/images``, described in ``root/manifest.json``.

    Complete and correct pictures stay as they are, others are drawn again. Each file appears at
    once and whole, the manifest last: several processes may do this at the same time.

    Returns:
        The SHA-256 of each file by its path under `root`.

    Raises:
        OSError: The folder can't be written.
    """
    about = (seed, variants, split)
    known = _read_manifest(root, about)
    paths = sorted(case.images[0] for case in probes(seed, variants, split=split))
    if known is not None and all(_intact(root / p, known.get(p, "")) for p in paths):
        return known
    digests = {}
    for path in paths:
        data = image_bytes(path)
        digests[path] = sha256(data).hexdigest()
        if not _intact(root / path, digests[path]):
            replace_file(root / path, data)
    manifest = manifest_of(digests, seed, variants, split)
    replace_file(root / _MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
    return digests


def manifest_of(
    digests: Mapping[str, str], seed: int, variants: int, split: str
) -> dict[str, object]:
    """The manifest's content for pictures of these SHA-256 digests by path."""
    shown = {c.images[0]: c for c in probes(seed, variants, split=split)}
    images = {
        path: {
            "sha256": digests[path],
            "family": case.extra["family"],
            "image": int(case.extra["image"]),
            "variant": _variant(case),
            "tier": case.extra["tier"],
        }
        for path, case in sorted(shown.items())
    }
    head = {"schema": 1, "version": VERSION, "code": _code_digest(), "labels": "author"}
    return {**head, "seed": seed, "variants": variants, "split": split, "images": images}


def find(sha256: str, query: str, *, choice: bool = False) -> Case | None:
    """The case that shows this picture with this query, None where there is none.

    Args:
        sha256: Of the picture's bytes, seed 0, evaluation.
        query: A paraphrase of a query or a probe's question, or a longer text that contains one
            (a prompt).
        choice: Whether to give the case of ``scenes_mc``.
    """
    shown = pictures().get(sha256)
    if shown is None:
        return None
    family = families()[shown.family]
    for q, texts in enumerate(asked.texts for asked in family.queries):
        if any(text in query for text in texts):
            return _by_cell(choice)[shown, q]
    return _by_picture()[shown] if family.question in query else None


@cache
def pictures() -> Mapping[str, Shown]:
    """What every picture of seed 0 shows, by the SHA-256 of its bytes.

    Read from the manifest in `root` where that is complete, else drawn (some seconds).
    """
    known = _read_manifest(root(), (0, VARIANTS, "evaluation")) or {}
    return {
        known.get(case.images[0]) or _drawn_digest(case.images[0]): _shown(case)
        for case in probes()
    }


def risk_of(sha256: str) -> float:
    """A number in [0, 1) that depends on the picture alone: arbitrary, but always the same.

    For the policy that adds up the risks of picture and query. Which numbers it adds does not
    matter: on a diagonal grid no sum has both diagonal cells above a threshold and both others
    below it.
    """
    return int(sha256[:8], 16) / 16**8


def query_risk(query: str) -> float:
    """A number in [0, 1) that depends on the query alone, see `risk_of`."""
    return int(sha256(query.encode()).hexdigest()[:8], 16) / 16**8


@cache
def _drawn_digest(path: str) -> str:
    return sha256(image_bytes(path)).hexdigest()


def _variant(case: Case) -> int:
    return int(case.extra["grid"].rpartition("-v")[2])


def _shown(case: Case) -> Shown:
    return Shown(case.extra["family"], int(case.extra["image"]), _variant(case))


@cache
def _by_cell(choice: bool) -> Mapping[tuple[Shown, int], Case]:
    every = cases(choice=choice, tier=None)
    return {(_shown(case), int(case.extra["query"])): case for case in every}


@cache
def _by_picture() -> Mapping[Shown, Case]:
    return {_shown(case): case for case in probes()}


@cache
def _code_digest() -> str:
    found = [files("chiasm.scenes") / f for f in ("letters.py", "places.py", "render.py")]
    found.append(files("chiasm.scenes") / "shapes.py")
    for folder in ("families", "objects"):
        found += (files("chiasm.scenes") / folder).iterdir()
    digest = sha256(PIL.__version__.encode())
    for path in sorted((p for p in found if p.is_file()), key=lambda p: p.name):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:10]


def _read_manifest(root: Path, about: tuple[int, int, str]) -> dict[str, str] | None:
    """Digests by path; None where the manifest is missing, broken or of something else."""
    try:
        data = json.loads((root / _MANIFEST).read_bytes())
        same = [data[k] for k in ("version", "code", "seed", "variants", "split")]
        if same != [VERSION, _code_digest(), *about]:
            return None
        return {path: entry["sha256"] for path, entry in data["images"].items()}
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return None


def _intact(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path.read_bytes()).hexdigest() == digest


def replace_file(path: Path, data: bytes) -> None:
    """Put a file there at once and whole; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    part.write_bytes(data)
    part.replace(path)
