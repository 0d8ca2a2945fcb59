"""The application: the routes, and nothing that is not on this list."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chiasm.guard.apis import Apis
from chiasm.guard.check import Checker
from chiasm.guard.decisions import Decisions
from chiasm.guard.policy import Policy
from chiasm.guard.proxy import FORWARDED, Proxy

GUARDED = "only /v1/chat/completions, /v1/models and /v1/moderations are passed on or answered"


def make_app(policy: Policy, checker: Checker, decisions: Decisions) -> FastAPI:
    """The gateway under a policy."""
    proxy = Proxy(policy, checker, decisions)
    apis = Apis(proxy)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await proxy.client.aclose()
        decisions.close()

    async def models(request: Request) -> Response:
        headers = {k: request.headers[k] for k in FORWARDED if k in request.headers}
        url = f"{policy.upstream.rstrip('/')}/models"
        try:
            found = await proxy.client.get(url, headers=headers)
        except httpx.HTTPError as error:
            failed = {"message": f"the upstream failed: {type(error).__name__}"}
            return JSONResponse({"error": failed}, 502)
        kind = found.headers.get("content-type", "application/json")
        return Response(found.content, found.status_code, media_type=kind)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def other(request: Request) -> Response:
        error = {"message": f"no {request.url.path}: {GUARDED}", "type": "not_found"}
        return JSONResponse({"error": error}, 404)

    app = FastAPI(lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_route("/v1/chat/completions", proxy.chat, methods=["POST"])
    app.add_route("/v1/moderations", apis.moderations, methods=["POST"])
    app.add_route("/beta/litellm_basic_guardrail_api", apis.guardrail, methods=["POST"])
    app.add_route("/v1/models", models, methods=["GET"])
    app.add_route("/health", health, methods=["GET"])
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app.add_route("/{path:path}", other, methods=everything)
    return app
