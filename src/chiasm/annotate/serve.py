"""`chiasm annotate`: opens the database, draws what is to be labelled, invites, serves."""

import json
import logging
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from chiasm.annotate import gold, items, pool, sample
from chiasm.annotate.board import Plan
from chiasm.annotate.desk import Desk, Texts
from chiasm.annotate.people import LEAD, Role, everybody, invite
from chiasm.errors import ConfigError, DataError
from chiasm.labels.database import about, about_once, connect

PORT = 8765
"""Tried first; links and what a browser keeps hold for one port only."""

WARNING = (
    "You will see pictures, questions and answers that were made to test how safe models are. "
    "Some are about violence, self-harm, crime or sex. Pictures are blurred until you ask for "
    "them. Stop whenever you like: everything is kept. What you don't want to decide, flag."
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the application works on.

    Attributes:
        labels: The database: a file, or PostgreSQL's address.
        data: Where images are: benchmark -> folder, "" for all.
        n: Responses to draw; None for all.
        per_item: People asked about each.
        repeat: Share that somebody sees a second time, in [0, 1].
        seed: Of the draw.
        gold: A file of gold items.
        guideline: A Markdown file; our own where there is none.
        annotators: Pseudonyms; those who are new get an invitation.
        leads: Likewise.
        invite: Whether all of them get a new one.
    """

    labels: str
    data: Mapping[str, str] = field(default_factory=dict)
    n: int | None = 200
    per_item: int = 2
    repeat: float = 0.05
    seed: int = 0
    gold: Path | None = None
    guideline: Path | None = None
    annotators: Sequence[str] = ()
    leads: Sequence[str] = (LEAD,)
    invite: bool = False


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What `open_desk` gives.

    Attributes:
        desk: Ready to be served.
        invitations: Name, role and token of who was invited now.
        notes: What a user must know.
    """

    desk: Desk
    invitations: list[tuple[str, Role, str]]
    notes: list[str]


def open_desk(paths: Sequence[Path], options: Options) -> Opened:
    """Open the database; the first time, draw the responses and store their texts.

    Later calls go on with what is there: the same responses, all labels.

    Raises:
        ConfigError: The options can't be, or the database can't be reached.
        DataError: Logs, responses, gold items or the database can't be read.
    """
    if options.per_item < 1 or not 0 <= options.repeat <= 1:
        raise ConfigError("expected --per-item of 1 or more and --repeat in [0, 1]")
    texts = Texts(_guideline(options.guideline), WARNING)
    known = pool.read(paths, options.data)
    engine = connect(options.labels)
    notes = _prepare(engine, known, options)
    found = items.load(engine)
    _same(found, known.frame, options.labels)
    about_once(engine, f"guideline {texts.digest}", texts.guideline)
    secret = about_once(engine, "secret", secrets.token_hex(32))
    plan = Plan(options.per_item, options.repeat, secret)
    desk = Desk(engine, found, plan, texts, known.frame)
    desk.sync()
    return Opened(desk=desk, invitations=_invitations(engine, options), notes=notes)


def _prepare(engine: sa.Engine, known: pool.Pool, options: Options) -> list[str]:
    """Draw and store what is to be labelled, unless that was done; what to say about it."""
    if items.load(engine):
        drawn = json.loads(about(engine, "drawn") or "{}")
        new = options.gold is not None and str(options.gold) != drawn.get("gold")
        more = ["--gold was not read: gold items are fixed when a database is made"] if new else []
        return [f"going on with {drawn['n']} responses drawn before (--n has no effect)", *more]
    special = gold.read(options.gold, known, options.data) if options.gold else []
    ids = [item.response for item in special]
    rest = known.frame.filter(~pl.col("response").is_in(ids) | pl.col("response").is_null())
    drawn, left = sample.draw(rest, options.n, options.seed)
    texts = pool.texts(known, {d.response for d in drawn}, options.data)
    plain = [
        texts[d.response]._replace(probability=d.probability, stratum=" ".join(d.stratum))
        for d in drawn
    ]
    facts = {"n": len(plain), "gold": str(options.gold or ""), "seed": options.seed, "left": left}
    about_once(engine, "drawn", json.dumps(facts))
    items.store(engine, [*special, *plain])
    return _say(len(plain), len(rest["response"].drop_nulls().unique()), left, plain)


def _say(n: int, of: int, left: Mapping[str, int], plain: Sequence[items.Item]) -> list[str]:
    notes = [f"{n} of {of} responses drawn, by strata of the judge's verdict"]
    notes += [f"{count} responses can't be labelled: {why}" for why, count in left.items()]
    lost = sum(bool(item.images) and not item.root for item in plain)
    if lost:
        notes.append(f"no images for {lost} responses: name the folder with --data NAME=DIR")
    return notes


def _same(found: Sequence[items.Item], frame: pl.DataFrame, shown: str) -> None:
    """Refuse to go on with a database about other responses."""
    there = {item.response for item in found if not item.gold}
    if not there & set(frame["response"].drop_nulls()):
        raise DataError("its labels are about other responses than these logs", file=shown)


def _guideline(file: Path | None) -> str:
    if file is None:
        return files("chiasm.annotate").joinpath("guideline.md").read_text(encoding="utf-8")
    if not file.is_file():
        raise DataError("no such file", file=str(file))
    return file.read_text(encoding="utf-8", errors="replace")


def _invitations(engine: sa.Engine, options: Options) -> list[tuple[str, Role, str]]:
    """Invite who is named and new; everybody if asked; as many as are needed if nobody is named."""
    known = {person.name: person.role for person in everybody(engine)}
    names = list(options.annotators)
    if not names and "annotator" not in known.values():
        names = [f"person-{i}" for i in range(1, options.per_item + 1)]
    wanted: dict[str, Role] = {**dict.fromkeys(names, "annotator")}
    wanted |= dict.fromkeys(options.leads, "lead")
    if options.invite:
        wanted |= {name: role for name, role in known.items() if name not in wanted}
    return [
        (name, role, invite(engine, name, role))
        for name, role in wanted.items()
        if options.invite or name not in known
    ]


def listen(desk: Desk, host: str, port: int) -> socket.socket:
    """A socket that is bound; with port 0 the one of last time, or the usual, if it is free.

    Raises:
        ConfigError: The address can't be had.
    """
    last = about(desk.engine, "port")
    tried = [port] if port else [int(last or PORT), 0]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in tried:
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio leaves this one out
        try:
            bound.bind((host, number))
        except OSError as error:
            bound.close()
            why = error
            continue
        about_once(desk.engine, "port", str(bound.getsockname()[1]))
        return bound
    raise ConfigError(f"--host {host} --port {port}: {why.strerror or why}; try another port")


def loopback(host: str) -> bool:
    """Whether an address is of this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(desk: Desk, bound: socket.socket) -> None:
    """Serve until a signal ends it."""
    import uvicorn

    from chiasm.annotate.app import make_app

    config = uvicorn.Config(
        make_app(desk), log_level="warning", access_log=False, server_header=False
    )
    uvicorn.Server(config).run(sockets=[bound])
