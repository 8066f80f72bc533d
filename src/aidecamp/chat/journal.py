"""The journal of running answers: numbered events, read from memory here and from the database elsewhere."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

import msgspec
import psycopg
import structlog

from aidecamp.chat.models import Entry
from aidecamp.chat.store import journal as store
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Unavailable

FLUSH_SECONDS = 0.25
LEASE_SECONDS = 60
RENEW_SECONDS = 10.0
BEAT_SECONDS = 0.04
POLL_SECONDS = 0.3

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Feed:
    """The events of one running answer. `flushed` is the number of the last one that the database has."""

    customer_id: UUID
    message_id: UUID
    reservation_id: UUID
    entries: list[Entry] = field(default_factory=list)
    flushed: int = 0
    is_closed: bool = False
    renewed_at: float | None = None
    """When its leases were last renewed; None = with the next flush."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _is_waking: bool = False
    _woken_at: float = 0.0

    def append(self, kind: str, data: str) -> Entry:
        entry = Entry(len(self.entries) + 1, kind, data)
        self.entries.append(entry)
        self._wake()
        return entry

    def close(self) -> None:
        self.is_closed = True
        self._notify()

    def is_stale(self, now: float) -> bool:
        return self.renewed_at is None or now - self.renewed_at >= RENEW_SECONDS

    def pending(self) -> list[Entry]:
        return self.entries[self.flushed :]

    async def read(self, after: int) -> AsyncIterator[list[Entry]]:
        """Every event after that number, then those to come as they come together, until it is closed."""
        while True:
            changed, is_closed = self._changed, self.is_closed
            if fresh := self.entries[after:]:
                yield fresh
                after = fresh[-1].seq
            elif is_closed:
                return
            else:
                await changed.wait()

    def _wake(self) -> None:
        # Many small pieces a second wake each reader once per beat; the first piece after a pause at once.
        if self._is_waking:
            return
        wait = self._woken_at + BEAT_SECONDS - monotonic()
        if wait <= 0:
            self._notify()
        else:
            self._is_waking = True
            asyncio.get_running_loop().call_later(wait, self._notify)

    def _notify(self) -> None:
        self._is_waking = False
        self._woken_at = monotonic()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


Renewal = Callable[[Sequence[Feed]], Awaitable[None]]
"""Renews the leases of the calls that these feeds have open, and marks them as opened."""


class Journal:
    """All answers running on this worker. One flusher writes what is new of all of them together."""

    def __init__(self, database: Database, renew: Renewal) -> None:
        self._database = database
        self._renew = renew
        self._feeds: dict[UUID, Feed] = {}
        self._fresh = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self, customer_id: UUID, message_id: UUID, reservation_id: UUID) -> Feed:
        feed = Feed(customer_id, message_id, reservation_id)
        self._feeds[message_id] = feed
        self._fresh.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush_while_running())
        return feed

    def reopen(self, feed: Feed, reservation_id: UUID) -> None:
        """A further call of the same turn: its own reservation is marked as opened by the next flush."""
        feed.reservation_id = reservation_id
        feed.renewed_at = None
        self._fresh.set()

    def close(self, feed: Feed) -> None:
        """After the last event is stored: readers finish, and the flusher forgets the answer."""
        self._feeds.pop(feed.message_id, None)
        feed.close()

    def local(self, message_id: UUID) -> Feed | None:
        return self._feeds.get(message_id)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _flush_while_running(self) -> None:
        while self._feeds:
            self._fresh.clear()
            try:
                await self.flush()
            except (Unavailable, psycopg.Error) as error:
                # Nothing is lost: what could not be written stays pending, readers here go on from memory.
                log.warning("journal_flush_failed", error=type(error).__name__, turns=len(self._feeds))
            # A new turn does not wait for the beat: until it is marked as opened, a crash would release it.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._fresh.wait(), FLUSH_SECONDS)

    async def flush(self) -> None:
        """One pipelined transaction for all customers, then the leases that are due for renewal."""
        dirty = [(feed, feed.pending()) for feed in self._feeds.values()]
        dirty = [(feed, entries) for feed, entries in dirty if entries]
        if dirty:
            async with self._database.batch() as batch:
                for customer_id, rows in _by_customer(dirty).items():
                    await write(await batch.of(customer_id), customer_id, rows)
            for feed, entries in dirty:
                feed.flushed = max(feed.flushed, entries[-1].seq)
        await self._renew_leases()

    async def _renew_leases(self) -> None:
        now = monotonic()
        stale = [feed for feed in self._feeds.values() if feed.is_stale(now)]
        if not stale:
            return
        # Noted before and not after: a call that is opened meanwhile asks for a renewal of its own.
        for feed in stale:
            feed.renewed_at = now
        try:
            async with self._database.outside() as tx:
                await store.renew(tx, [feed.message_id for feed in stale], LEASE_SECONDS)
            await self._renew(stale)
        except BaseException:
            for feed in stale:
                feed.renewed_at = None
            raise


async def write(tx: Transaction, customer_id: UUID, rows: Sequence[tuple[Feed, list[Entry]]]) -> None:
    await store.append(
        tx,
        customer_id,
        [feed.message_id for feed, _ in rows],
        [entries[-1].seq for _, entries in rows],
        [pack(entries) for _, entries in rows],
    )


async def stored(database: Database, customer_id: UUID, message_id: UUID, after: int) -> list[Entry]:
    """What the database has after that number; a row that was written twice over is read once."""
    async with database.of(customer_id) as tx:
        rows = await store.after(tx, message_id, after)
    entries: list[Entry] = []
    for row in rows:
        for entry in unpack(row.events):
            if entry.seq > after:
                entries.append(entry)
                after = entry.seq
    return entries


def pack(entries: Sequence[Entry]) -> str:
    return msgspec.json.encode([(entry.seq, entry.kind, entry.data) for entry in entries]).decode()


def unpack(events: str) -> list[Entry]:
    return [Entry(*row) for row in msgspec.json.decode(events, type=list[tuple[int, str, str]])]


def _by_customer(
    dirty: Sequence[tuple[Feed, list[Entry]]],
) -> dict[UUID, list[tuple[Feed, list[Entry]]]]:
    grouped: dict[UUID, list[tuple[Feed, list[Entry]]]] = defaultdict(list)
    for feed, entries in dirty:
        grouped[feed.customer_id].append((feed, entries))
    return grouped
