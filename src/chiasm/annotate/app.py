"""The application's routes: pages, work, labels, pictures, the lead's figures, exports."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Annotated, Any, NamedTuple, TypeVar

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool

from chiasm.annotate import export, lead, pages
from chiasm.annotate.desk import Desk, Given
from chiasm.annotate.people import Person, holder
from chiasm.annotate.security import Guarded, cookie_settings, own_site, token
from chiasm.errors import ConfigError, DataError, ImageError

STATIC = {
    "annotate.css": "text/css", "common.js": "text/javascript", "join.js": "text/javascript",
    "label.js": "text/javascript", "zoom.js": "text/javascript", "unsent.js": "text/javascript",
    "lead.js": "text/javascript", "icon.svg": "image/svg+xml",
}  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class JoinBody(_Strict):
    """What the joining page sends."""

    token: Annotated[str, StringConstraints(min_length=20, max_length=100)]


class LabelBody(_Strict):
    """What the labelling page sends; see `chiasm.annotate.desk.Given`."""

    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    task: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
    outcome: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
    note: Annotated[str, StringConstraints(max_length=4000)] = ""
    seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None = None


Body = TypeVar("Body", bound=BaseModel)


class Site(NamedTuple):
    """What routes need."""

    desk: Desk
    cookie: str

    def person(self, request: Request) -> Person:
        """Who asks.

        Raises:
            HTTPException: 401 for nobody.
        """
        given = token(request, self.cookie)
        found = holder(self.desk.engine, given) if given else None
        if found is None:
            raise HTTPException(401, "this needs an invitation: open your link once more")
        return found

    def role(self, request: Request, role: str) -> Person:
        """Who asks, if they have this role.

        Raises:
            HTTPException: 401 for nobody, 403 for the other role.
        """
        person = self.person(request)
        if person.role != role:
            raise HTTPException(403, f"this is for the role {role}")
        return person


def make_app(desk: Desk) -> FastAPI:
    """The application on a desk."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    site = Site(desk, f"chiasm_{desk.name}")
    app.add_middleware(Guarded)
    app.add_exception_handler(DataError, _wrong)
    app.add_exception_handler(ImageError, _lost)
    app.add_exception_handler(ConfigError, _away)
    _public(app, site)
    _annotators(app, site)
    _leads(app, site)
    return app


def _public(app: FastAPI, site: Site) -> None:
    @app.get("/")
    def start(request: Request) -> HTMLResponse:
        given = token(request, site.cookie)
        person = holder(site.desk.engine, given) if given else None
        return HTMLResponse(pages.page(site.desk, person))

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in STATIC:
            raise HTTPException(404, "there is no such file")
        text = files("chiasm.annotate").joinpath("static", name).read_bytes()
        return Response(text, media_type=STATIC[name])

    @app.post("/api/join")
    async def join(request: Request) -> Response:
        own_site(request.headers)
        body = await _body(request, JoinBody)
        person = await run_in_threadpool(holder, site.desk.engine, body.token)
        if person is None:
            raise HTTPException(401, "this invitation is not valid, or was replaced by a newer one")
        answer = JSONResponse({"ok": True})
        answer.set_cookie(site.cookie, body.token, **cookie_settings(request))
        return answer

    @app.post("/api/leave")
    def leave(request: Request) -> Response:
        own_site(request.headers)
        answer = JSONResponse({"ok": True})
        answer.delete_cookie(site.cookie)
        return answer


def _annotators(app: FastAPI, site: Site) -> None:
    @app.get("/api/work")
    def work(request: Request) -> dict[str, Any]:
        return site.desk.work(site.role(request, "annotator"))

    @app.get("/api/item/{task}")
    def item(request: Request, task: str) -> dict[str, Any]:
        found = site.desk.item(site.person(request), task)
        if found is None:
            raise HTTPException(404, "no task of yours has this id")
        return found

    @app.get("/image/{task}/{number}")
    def image(request: Request, task: str, number: int) -> Response:
        found = site.desk.image(site.person(request), task, number)
        if found is None:
            raise HTTPException(404, "no task of yours has this image")
        hours = {"cache-control": "private, max-age=7200"}
        return Response(found.data, media_type=found.mime, headers=hours)

    @app.post("/api/label")
    async def label(request: Request) -> dict[str, Any]:
        person = await run_in_threadpool(site.person, request)
        body = await _body(request, LabelBody)
        given = Given(**body.model_dump())
        return await run_in_threadpool(site.desk.store, person, given)


def _leads(app: FastAPI, site: Site) -> None:
    @app.get("/api/lead")
    def summary(request: Request, width: float = 5.0) -> dict[str, Any]:
        person = site.role(request, "lead")
        return lead.summary(site.desk, person, max(0.1, min(50.0, width)) / 100)

    @app.get("/export/{name}")
    def exported(request: Request, name: str) -> PlainTextResponse:
        site.role(request, "lead")
        writers: dict[str, Callable[[Desk], str]] = {
            "labels.csv": export.csv_text, "labels.jsonl": export.jsonl_text,
            "history.jsonl": export.history_text,
        }  # fmt: skip
        if name not in writers:
            raise HTTPException(404, f"expected one of {', '.join(writers)}")
        attached = {"content-disposition": f'attachment; filename="{name}"'}
        return PlainTextResponse(writers[name](site.desk), headers=attached)


async def _body(request: Request, kind: type[Body]) -> Body:
    """The body of a request, checked in form.

    Raises:
        HTTPException: 415, 400 or 422; nothing of the body is in the message.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "expected application/json")
    try:
        value = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON") from None
    try:
        found = kind.model_validate(value)
    except ValidationError as error:
        fields = sorted({str(e["loc"][0]) if e["loc"] else "body" for e in error.errors()})
        known = ", ".join(name for name in fields if name in kind.model_fields) or "body"
        raise HTTPException(422, f"can't be: {known}") from None
    if not all(_storable(v) for v in found.model_dump().values() if isinstance(v, str)):
        raise HTTPException(422, "a text holds control characters or half a character")
    return found


def _storable(text: str) -> bool:
    return not any((ord(c) < 32 and c not in "\n\r\t") or 0xD800 <= ord(c) < 0xE000 for c in text)


async def _wrong(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 422)


async def _lost(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "this image can't be shown"}, 404)


async def _away(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 503)
