"""Features of rows: each text and each picture passes the towers once, ever.

They are kept in one SQLite file a checkpoint, by the content's SHA-256, written batch by batch: a
killed run goes on where it was, and rows that share a picture share its features.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from chiasm.data.registry import cache_dir
from chiasm.errors import ConfigError, ImageError
from chiasm.guard.trained.examples import Example
from chiasm.guard.trained.towers import Feature, Half, opened

BATCH = 32
BUSY_S = 60.0

Tell = Callable[[str, int, int], None]
"""(what, done, of how many)."""


class Encoder(Protocol):
    """What `features` needs of `chiasm.guard.trained.towers.Towers`."""

    digest: str
    kind: str
    look: str

    def texts(self, texts: Sequence[str]) -> list[Feature]:
        """See there."""

    def images(self, images: Sequence[bytes]) -> list[Feature]:
        """See there."""

    def captions(self, images: Sequence[bytes]) -> list[str]:
        """See there."""


class Seen(NamedTuple):
    """Rows as the towers have them, in the rows' order.

    Attributes:
        texts: Of the query.
        images: Of each row's pictures; empty for none.
        described: Of the query and the picture's caption, as one text; empty where a picture has
            no caption and none can be made.
        cut: Rows whose query or description is longer than what the tower reads.
    """

    texts: list[Feature]
    images: list[list[Feature]]
    described: list[Feature]
    cut: int


class Store:
    """Features by content, of one checkpoint.

    Args:
        path: Of the file; its folder is made.

    Raises:
        ConfigError: It can't be opened, or is no such file.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB)")
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(
                f"{path} can't be used for features ({error}); delete it to make them again"
            ) from None

    def get(self, key: str) -> bytes | None:
        """What is kept, or None."""
        row = self._db.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put(self, values: Iterable[tuple[str, bytes]]) -> None:
        """Keep some; they are all there, or none of them is, when the process is killed."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?)", values)
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def store_of(towers: Encoder, folder: Path | None = None) -> Store:
    """The file of a checkpoint's features, in the cache or in a folder."""
    return Store((folder or cache_dir() / "features") / f"{towers.digest}.sqlite")


def features(
    rows: Sequence[Example], towers: Encoder, store: Store, tell: Tell = lambda *_: None
) -> Seen:
    """What the towers make of rows; what is kept is not made again.

    Args:
        rows: In any order.
        towers: Frozen.
        store: Where features are kept.
        tell: Called after every batch that passed the towers.

    Raises:
        ImageError: A picture can't be read; names its row.
        ConfigError: See `Towers`.
    """
    pictures = {i.sha256: i.data for row in rows for i in row.pictures()}
    names = [[i.sha256 for i in row.pictures()] for row in rows]

    def look(keys: list[str]) -> list[Feature]:
        try:
            return towers.images([pictures[k] for k in keys])
        except ImageError as error:
            broken = next((k for k in keys if not _decodes(pictures[k])), keys[0])
            of = next(row.id for row, own in zip(rows, names, strict=True) if broken in own)
            raise ImageError(error.what, row=of) from None

    images = _made("pictures", pictures, look, store, tell)
    captions = _captions(rows, names, pictures, towers, store, tell)
    together = [described(row, caption) for row, caption in zip(rows, captions, strict=True)]
    texts = {_text_key(t): t for t in [row.query for row in rows] + [d for d in together if d]}
    read = _made("texts", texts, lambda keys: towers.texts([texts[k] for k in keys]), store, tell)
    whole = all(together)
    said = [read[_text_key(d)] for d in together] if whole else []
    asked = [read[_text_key(row.query)] for row in rows]
    cut = sum(feature.cut or (whole and said[k].cut) for k, feature in enumerate(asked))
    return Seen(asked, [[images[key] for key in row] for row in names], said, cut)


def _decodes(data: bytes) -> bool:
    try:
        opened(data)
    except ImageError:
        return False
    return True


def described(row: Example, caption: str | None) -> str:
    """Query and caption as one text; empty where there is a picture and no caption.

    A model that says nothing of a picture has said that it sees nothing: "nothing" is its caption.
    """
    if not row.images:
        return row.query
    return "" if caption is None else f"{row.query}\n{caption or 'nothing'}".strip()


def _captions(
    rows: Sequence[Example],
    names: list[list[str]],
    pictures: dict[str, bytes],
    towers: Encoder,
    store: Store,
    tell: Tell,
) -> list[str | None]:
    """The rows' own captions where all have one, else the model's, where it writes any."""
    if all(row.caption for row in rows if row.images) or towers.kind != "generative":
        return [row.caption or None for row in rows]
    said: dict[str, str] = {}
    waiting, asked = [], _text_key(towers.look)
    for key in pictures:
        kept = store.get(f"caption/{asked}/{key}")
        if kept is None:
            waiting.append(key)
        else:
            said[key] = kept.decode()
    for at in range(0, len(waiting), BATCH):
        part = waiting[at : at + BATCH]
        made = dict(zip(part, towers.captions([pictures[k] for k in part]), strict=True))
        store.put((f"caption/{asked}/{key}", text.encode()) for key, text in made.items())
        said.update(made)
        tell("captions", at + len(part), len(waiting))
    return [" ".join(said[key] for key in row) for row in names]


def _made(
    what: str,
    contents: dict[str, bytes] | dict[str, str],
    make: Callable[[list[str]], list[Feature]],
    store: Store,
    tell: Tell,
) -> dict[str, Feature]:
    found, waiting = dict[str, Feature](), []
    for key in contents:
        kept = store.get(f"{what}/{key}")
        if kept is None:
            waiting.append(key)
        else:
            found[key] = _unpacked(kept)
    # By length, so that a batch has little padding.
    waiting.sort(key=lambda key: (len(contents[key]), key))
    for at in range(0, len(waiting), BATCH):
        part = waiting[at : at + BATCH]
        made = dict(zip(part, make(part), strict=True))
        store.put((f"{what}/{key}", _packed(feature)) for key, feature in made.items())
        found.update(made)
        tell(what, at + len(part), len(waiting))
    return found


def _text_key(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _packed(feature: Feature) -> bytes:
    head = np.array([*feature.tokens.shape, len(feature.pooled), feature.cut], np.int32)
    return head.tobytes() + feature.tokens.tobytes() + feature.pooled.tobytes()


def _unpacked(data: bytes) -> Feature:
    count, width, pooled, cut = np.frombuffer(data, np.int32, 4).tolist()
    values: Half = np.frombuffer(data, np.float16, offset=16)
    tokens = values[: count * width].reshape(count, width)
    return Feature(tokens, values[count * width : count * width + pooled], bool(cut))
