"""The decision API over HTTP: an ASGI application of few lines over `request.answer`."""
from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from reporting.gate import request
from reporting.gate.decision import Gate

logger = logging.getLogger(__name__)

#: Bytes. A request about a hundred builds has 10 kB.
_BODY_LIMIT = 1024 * 1024

Message = MutableMapping[str, Any]
Application = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
                       Awaitable[None]]


def application(new_gate: Callable[[], Gate], version: str) -> Application:
    """Return the application. `new_gate` is called for each request: what a gate asks with serves one thread only."""

    async def serve(scope: Message, receive: Callable[[], Awaitable[Message]],
                    send: Callable[[Message], Awaitable[None]]) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more and len(body) <= _BODY_LIMIT:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if len(body) > _BODY_LIMIT:
            found = request.Answer(413, {"message": f"more than {_BODY_LIMIT} bytes"})
        else:
            found = await asyncio.to_thread(_answer, scope["method"], scope["path"], body, new_gate, version)
        content = json.dumps(found.data).encode() + b"\n"
        await send({"type": "http.response.start", "status": found.status, "headers": [
            (b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]})
        await send({"type": "http.response.body", "body": content})

    return serve


def _answer(method: str, path: str, body: bytes, new_gate: Callable[[], Gate], version: str) -> request.Answer:
    try:
        return request.answer(method, path, body, new_gate(), version)
    except Exception:  # a bug must not take the answer from the asker, nor its cause from the log
        logger.exception("bug: a decision could not be made")
        return request.Answer(500, {"message": "Internal Server Error"})
