"""What protects the application: headers, the size of requests, whose request it is.

A cookie is sent by a browser whoever wrote the page that asks. So a request that stores something
must also carry a header that other sites' pages can't set, and come from this site if the browser
says where it comes from; the cookie is for this site only and can't be read by scripts.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 65_536
"""Bytes of a request's body; a label has a note of at most some thousand characters."""

HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guarded:
    """Adds the headers to every answer, errors too, and refuses large bodies."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MAX_BODY:
                raise HTTPException(413, f"more than {MAX_BODY} bytes")
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [
                    *message["headers"],
                    *((k, v) for k, v in more if k not in given),
                ]
            await send(message)

        await self.app(scope, counted, with_headers)


def token(request: Request, cookie: str) -> str:
    """The token of a request: from the header of a program, or the cookie of a browser.

    Raises:
        HTTPException: 403 where a browser's request could be another site's.
    """
    given = request.headers.get("authorization", "")
    if given[:7].lower() == "bearer ":
        return given[7:].strip()
    if request.method not in ("GET", "HEAD"):
        own_site(request.headers)
    return request.cookies.get(cookie, "")


def own_site(headers: Mapping[str, str]) -> None:
    """Refuse what another site's page could have sent.

    Raises:
        HTTPException: 403.
    """
    origin = headers.get("origin")
    elsewhere = origin is not None and urlsplit(origin).netloc != headers.get("host")
    fetched = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if headers.get("x-chiasm") != "1" or elsewhere or fetched:
        raise HTTPException(403, "the request does not come from this site's own page")


def cookie_settings(request: Request) -> dict[str, Any]:
    """Not for scripts, not for other sites; encrypted ways only where the page came by one."""
    return {
        "httponly": True,
        "samesite": "strict",
        "secure": request.url.scheme == "https",
        "path": "/",
        "max_age": 60 * 86_400,
    }
