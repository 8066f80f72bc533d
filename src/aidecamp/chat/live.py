"""The stream of the page: the answer so far as safe HTML, then the finished one as the page would show it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

from fastapi import Request

from aidecamp.actor import Actor
from aidecamp.chat import events
from aidecamp.chat.models import Entry
from aidecamp.chat.sheet import exchange
from aidecamp.chat.streaming import watched
from aidecamp.chat.turn import Turns
from aidecamp.errors import NotFound
from aidecamp.metering.shell import quota_for_shell
from aidecamp.web import render, sse
from aidecamp.web.markdown import markdown
from aidecamp.web.shell import Meter, Shell

LEAST_PAUSE = 0.12
PAUSE_PER_WORK = 8
GONE = '<p class="soft">This answer is no longer there.</p>'


async def frames(
    request: Request, turns: Turns, actor: Actor, message_id: UUID
) -> AsyncGenerator[bytes, None]:
    """Always from the start: each frame holds the whole text, so that none can be missed or come twice."""
    said = ""
    async with aclosing(watched(request, turns, actor, turns.follow(actor, message_id))) as batches:
        async for entries in batches:
            fresh = "".join(events.text_of(entry) for entry in entries if entry.kind == "delta")
            last = entries[-1]
            if last.is_last:
                yield await _done(request, turns, actor, message_id, last)
                return
            if fresh:
                said += fresh
                began = time.monotonic()
                yield sse.frame(last.seq, "text", {"html": str(markdown(said))})
                # Rendering grows with the text; the pause grows with it, so that no answer takes the loop.
                await asyncio.sleep(max(LEAST_PAUSE, PAUSE_PER_WORK * (time.monotonic() - began)))


async def _done(request: Request, turns: Turns, actor: Actor, message_id: UUID, last: Entry) -> bytes:
    try:
        given = await exchange(turns, actor, message_id)
    except NotFound:
        return sse.frame(last.seq, "done", {"html": GONE, "quota": ""})
    async with turns.database.customer(actor) as tx:
        day = await quota_for_shell(tx, actor)
    shell = Shell((), "", "", "", actor.role, Meter(day.used, day.limit, day.resets_at))
    html = render.text(request, "chat/_message.html", actor, **given)
    quota = render.text(request, "web/_quota.html", actor, shell=shell)
    return sse.frame(last.seq, "done", {"html": html, "quota": quota})
