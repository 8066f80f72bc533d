"""Event streams: numbered frames of JSON, a comment in silence, and no bookkeeping.

A reader that vanishes or stops reading must cost nothing: what produces the answer runs in a task of its
own, this response only relays, and it may be dropped at any await.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SILENCE_SECONDS = 15.0
SEND_SECONDS = 30.0
COMMENT = b": still here\n\n"
MEDIA_TYPE = "text/event-stream"


def frame(number: int, event: str | None, data: Any) -> bytes:
    """One event. The data is JSON on one line, so no text in it can end the frame or start another."""
    name = f"event: {event}\n" if event else ""
    return f"id: {number}\n{name}data: {encode(data)}\n\n".encode()


def markup(number: int, html: str, event: str | None = None) -> bytes:
    """One event of HTML for htmx: each line prefixed, whatever characters end it."""
    name = f"event: {event}\n" if event else ""
    lines = html.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = "".join(f"data: {line}\n" for line in lines)
    return f"id: {number}\n{name}{body}\n".encode()


def encode(data: Any) -> str:
    if isinstance(data, str | bytes):
        raise TypeError("an event carries an object, not text")
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str)


def last_event_id(value: str | None) -> int:
    """Where a reader was: a `Last-Event-ID` that is no number begins at the start."""
    if value and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return 0


class EventStream(Response):
    """Relays frames until they end, the reader leaves, or a send takes longer than 30 s."""

    media_type = MEDIA_TYPE

    def __init__(self, frames: AsyncIterator[bytes], *, silence: float = SILENCE_SECONDS) -> None:
        self.frames = frames
        self.silence = silence
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        relay = asyncio.create_task(self._relay(send))
        leave = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({relay, leave}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (relay, leave):
                task.cancel()
            outcomes = await asyncio.gather(relay, leave, return_exceptions=True)
        if isinstance(outcomes[0], Exception) and not isinstance(outcomes[0], TimeoutError | OSError):
            raise outcomes[0]

    async def _relay(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with aclosing(_with_comments(self.frames, self.silence)) as chunks:
            async for chunk in chunks:
                await _send(send, chunk, more=True)
        await _send(send, b"", more=False)


async def _send(send: Send, body: bytes, *, more: bool) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(frames: AsyncIterator[bytes]) -> bytes | None:
    return await anext(frames, None)


async def _with_comments(frames: AsyncIterator[bytes], silence: float) -> AsyncGenerator[bytes, None]:
    pending: asyncio.Task[bytes | None] | None = None
    try:
        while True:
            pending = pending or asyncio.create_task(_next(frames))
            done, _ = await asyncio.wait({pending}, timeout=silence)
            if not done:
                yield COMMENT
                continue
            chunk, pending = pending.result(), None
            if chunk is None:
                return
            yield chunk
    finally:
        if pending is not None:
            pending.cancel()
            with suppress(asyncio.CancelledError):
                await pending
        if hasattr(frames, "aclose"):
            await frames.aclose()
