"""Reading an answer: from memory on the worker that writes it, from the database's journal on any other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from time import monotonic
from typing import ParamSpec, TypeVar
from uuid import UUID

import psycopg

from aidecamp.actor import Actor
from aidecamp.chat import access, events
from aidecamp.chat.journal import POLL_SECONDS, Journal, stored
from aidecamp.chat.models import Asked, Ending, Entry, Message
from aidecamp.chat.refusals import EndedEarly
from aidecamp.chat.store import messages
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound, Unavailable
from aidecamp.metering.quota import quota
from aidecamp.suggestions import wire
from aidecamp.suggestions.store import of_messages

PATIENCE_SECONDS = 60.0

Read = TypeVar("Read")
Place = ParamSpec("Place")


async def follow(
    database: Database, journal: Journal, actor: Actor, message_id: UUID, after: int
) -> AsyncIterator[list[Entry]]:
    """Every event after that number until the last one, as they come together.

    The caller has checked whose answer it is.
    """
    feed = journal.local(message_id)
    if feed is not None:
        async for entries in feed.read(after):
            yield entries
        return
    while True:
        is_running, entries = await patiently(_look, database, actor, message_id, after)
        if entries:
            yield entries
            after = entries[-1].seq
            if entries[-1].is_last:
                return
        if not is_running:
            break
        await asyncio.sleep(POLL_SECONDS)
    if entries := await patiently(_remembered, database, actor, message_id, after):
        yield entries


async def patiently(
    read: Callable[Place, Awaitable[Read]], *args: Place.args, **kwargs: Place.kwargs
) -> Read:
    """Again where the database is away for a moment: the answer is written meanwhile, its readers wait."""
    until = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await read(*args, **kwargs)
        except (Unavailable, psycopg.OperationalError):
            if monotonic() >= until:
                raise
            await asyncio.sleep(POLL_SECONDS)


async def so_far(database: Database, journal: Journal, actor: Actor, message: Message) -> Message:
    """A running answer with the text that it has now; any other as it is."""
    if message.status != "streaming":
        return message
    feed = journal.local(message.id)
    entries = list(feed.entries) if feed else await stored(database, actor.customer_id, message.id, 0)
    said = "".join(events.text_of(entry) for entry in entries if entry.kind == "delta")
    return replace(message, content=said)


async def _look(database: Database, actor: Actor, message_id: UUID, after: int) -> tuple[bool, list[Entry]]:
    # Asked before the journal is read: an answer that closes in between is read once more.
    is_running = await _is_running(database, actor, message_id)
    return is_running, await stored(database, actor.customer_id, message_id, after)


async def _is_running(database: Database, actor: Actor, message_id: UUID) -> bool:
    async with database.customer(actor) as tx:
        message = await messages.one(tx, actor.person, message_id)
    return message is not None and message.status == "streaming"


async def _remembered(database: Database, actor: Actor, message_id: UUID, after: int) -> list[Entry]:
    """An answer whose journal was forgotten, told again from its row; who saw some of it gets the end."""
    async with database.customer(actor) as tx:
        try:
            message = await access.own_message(tx, actor, message_id)
        except NotFound:
            return []
        told = [] if after else await _retold(tx, actor, message)
        if message.error_code:
            told.append(("error", events.error(EndedEarly(message))))
        else:
            told.append(("end", events.end(message, await quota(tx, actor))))
    return [Entry(after + number, kind, data) for number, (kind, data) in enumerate(told, 1)]


async def _retold(tx: Transaction, actor: Actor, message: Message) -> list[tuple[str, str]]:
    if message.question_id is None:
        return []
    asked = Asked(message.conversation_id, message.question_id, message.id)
    kept = await of_messages(tx, actor, [message.id])
    return [
        ("start", events.start(asked, message.model_used or "", await quota(tx, actor))),
        ("delta", events.delta(message.content)),
        *(("suggestion", wire.out(each).model_dump_json()) for each in kept),
        ("usage", events.usage(_ending(message))),
    ]


def _ending(message: Message) -> Ending:
    cost = message.estimated_cost
    return Ending(
        status=message.status,
        content=message.content,
        model_used=message.model_used or "",
        tokens_input=message.tokens_input,
        tokens_cached=message.tokens_cached,
        tokens_output=message.tokens_output,
        is_estimated=message.is_estimated,
        estimated_cost=None if cost is None else format(cost.normalize(), "f"),
        latency_ms=message.latency_ms,
        time_to_first_token_ms=message.time_to_first_token_ms,
    )
