"""Bodies: none longer than its route allows, also when no length was announced."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aidecamp.errors import TooLarge
from aidecamp.web import problems

MIB = 1024 * 1024


class BodyLimit:
    """ASGI middleware. `larger` lists the few exact paths that take more than 1 MiB, with their limits."""

    def __init__(self, app: ASGIApp, *, limit: int = MIB, larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.limit = limit
        self.larger = dict(larger or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.larger.get(scope["path"], self.limit)
        if _announced(scope) > limit:
            await problems.answer(Request(scope), TooLarge())(scope, receive, send)
            return
        # The digest identifies the body for Idempotency-Key; it costs nothing where none is sent.
        hasher = hashlib.sha256() if _header(scope, b"idempotency-key") else None
        scope.setdefault("state", {})["body_hash"] = hasher
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            chunk = message.get("body", b"")
            seen += len(chunk)
            if seen > limit:
                raise HTTPException(413)
            if hasher and chunk:
                hasher.update(chunk)
            return message

        await self.app(scope, counted, send)


def _announced(scope: Scope) -> int:
    value = _header(scope, b"content-length")
    return int(value) if value.isdigit() and len(value) < 20 else 0


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
