"""Reading a request: its size and the time it may take are limited."""

import asyncio
import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from chiasm.guard.policy import Policy, RefusedError


async def received(request: Request, policy: Policy) -> dict[str, Any]:
    """The JSON object that a request carries.

    Raises:
        RefusedError: It is too large (413), too slow (408), or no JSON object (400).
    """
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(policy.receive_timeout):
            async for part in request.stream():
                size += len(part)
                if size > policy.max_body:
                    raise RefusedError(
                        413, "request_too_large", f"more than {policy.max_body:,} bytes"
                    )
                parts.append(part)
    except TimeoutError:
        raise RefusedError(408, "request_timeout", "the request took too long to arrive") from None
    except ClientDisconnect:
        raise RefusedError(400, "client_gone", "the client went away") from None
    try:
        found = await asyncio.to_thread(json.loads, b"".join(parts))
    except (ValueError, RecursionError):
        raise RefusedError(400, "invalid_request_error", "the body is no JSON") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "invalid_request_error", "the body has to be a JSON object")
    return found
