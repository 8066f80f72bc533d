"""Answers over HTTP: the journal as server-sent events, or waited for and told whole."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import Request
from starlette.responses import Response

from aidecamp.actor import Actor
from aidecamp.chat.models import Entry
from aidecamp.chat.refusals import Interrupted
from aidecamp.chat.turn import Turns
from aidecamp.errors import Refusal
from aidecamp.identity import guards
from aidecamp.identity.revocation import TOPIC as REVOKED
from aidecamp.web import problems

Item = TypeVar("Item")


async def frames(
    request: Request, turns: Turns, actor: Actor, message_id: UUID, after: int = 0
) -> AsyncGenerator[bytes, None]:
    """What comes together goes out together. Ends at once for a reader whose rights have ended."""
    async with aclosing(watched(request, turns, actor, turns.follow(actor, message_id, after))) as batches:
        async for entries in batches:
            yield b"".join(_frame(entry) for entry in entries)


async def watched(
    request: Request, turns: Turns, actor: Actor, source: AsyncIterator[Item]
) -> AsyncGenerator[Item, None]:
    """The source for as long as the guard would still let this reader in."""
    ended = asyncio.Event()

    async def ask_again(payload: Mapping[str, Any]) -> None:
        if str(payload.get("user_id")) == str(actor.user_id):
            try:
                await guards.recognised_now(request)
            except Refusal:
                ended.set()

    unsubscribe = turns.signals.subscribe(REVOKED, ask_again)
    try:
        async with aclosing(_until(source, ended)) as items:
            async for item in items:
                yield item
    finally:
        unsubscribe()


async def whole(request: Request, turns: Turns, actor: Actor, message_id: UUID) -> Response:
    """The answer when it is done; the task that writes it does not mind whether we still wait."""
    suggestions: list[msgspec.Raw] = []
    usage = msgspec.Raw(b"null")
    async for entries in turns.follow(actor, message_id):
        for entry in entries:
            data = msgspec.Raw(entry.data.encode())
            match entry.kind:
                case "suggestion":
                    suggestions.append(data)
                case "usage":
                    usage = data
                case "end":
                    end = msgspec.json.decode(entry.data, type=dict[str, msgspec.Raw])
                    body = {"message": end["message"], "suggestions": suggestions, "usage": usage}
                    return _json(body | {"quota": end["quota"]}, 200, "application/json")
                case "error":
                    return _problem(entry)
    return problems.answer(request, Interrupted("The answer is no longer there."))


def _problem(entry: Entry) -> Response:
    problem = msgspec.json.decode(entry.data, type=dict[str, Any])
    response = _json(problem, problem["status"], problems.MEDIA_TYPE)
    if "retry_after" in problem:
        response.headers["Retry-After"] = str(math.ceil(problem["retry_after"]))
    return response


def _json(body: Any, status: int, media_type: str) -> Response:
    return Response(msgspec.json.encode(body), status, media_type=media_type)


def _frame(entry: Entry) -> bytes:
    # JSON escapes every line break, so no text can end the frame or begin another.
    return f"id: {entry.seq}\nevent: {entry.kind}\ndata: {entry.data}\n\n".encode()


async def _until(source: AsyncIterator[Item], ended: asyncio.Event) -> AsyncGenerator[Item, None]:
    stop = asyncio.ensure_future(ended.wait())
    step: asyncio.Future[Item | None] | None = None
    try:
        while not ended.is_set():
            step = asyncio.ensure_future(_next(source))
            await asyncio.wait({step, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not step.done() or (item := step.result()) is None:
                return
            yield item
    finally:
        stop.cancel()
        if step is not None and not step.done():
            step.cancel()
            await asyncio.wait({step})


async def _next(source: AsyncIterator[Item]) -> Item | None:
    return await anext(source, None)
