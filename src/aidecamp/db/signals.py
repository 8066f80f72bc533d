"""Word between workers, by LISTEN on a direct connection and by polling where that does not get through."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection, Notify
from psycopg.types.json import Jsonb

from aidecamp.db.connecting import Connection
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction

CHANNEL = "aidecamp"
PING = "ping"
POLL_LISTENING, POLL_DEAF = 5.0, 0.5
REMEMBERED_SECONDS, LOOK_BACK_SECONDS = 120.0, 30
KEPT_SECONDS = 600
RETRY_SECONDS = 1.0

Payload = Mapping[str, Any]
Callback = Callable[[Payload], Awaitable[None] | None]

log = structlog.get_logger()


class Signals:
    """Publish ids under a topic; every worker's subscribers of that topic hear it, usually within 10 ms.

    A signal is a hint, at least once while connected: whoever needs certainty reads its table. Behind a
    pooler that swallows LISTEN (PgBouncer in transaction mode) the table is polled twice a second.
    """

    def __init__(self, database: Database, url: str | None = None) -> None:
        self._database = database
        self._url = url or database.url
        self._subscribers: dict[str, list[Callback]] = {}
        self._heard: dict[UUID, float] = {}
        self._hears_itself = False
        self._task: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    def subscribe(self, topic: str, callback: Callback) -> Callable[[], None]:
        """Call back with each payload of the topic; returns how to end that."""
        self._subscribers.setdefault(topic, []).append(callback)
        return lambda: self._subscribers[topic].remove(callback)

    async def publish(self, topic: str, payload: Payload) -> None:
        """Tell every worker, in a short transaction of its own."""
        async with self._database.outside() as tx:
            await self.send(tx, topic, payload)

    async def send(self, tx: Transaction, topic: str, payload: Payload) -> None:
        """Tell every worker when, and only if, the transaction commits."""
        signal_id = new_id()
        await tx.run(
            """with kept as (insert into signals (id, topic, payload)
                             values (%(id)s, %(topic)s, %(payload)s))
               select pg_notify('aidecamp', %(message)s)""",
            id=signal_id,
            topic=topic,
            payload=Jsonb(_plain(payload)),
            message=json.dumps({"id": str(signal_id), "topic": topic, "payload": _plain(payload)}),
        )

    @property
    def is_listening(self) -> bool:
        """Whether notifications get through; otherwise the table is polled."""
        return self._hears_itself

    async def open(self) -> None:
        self._task = asyncio.create_task(self._run(), name="signals")

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for task in list(self._running):
            task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                async with await Connection.connect(
                    self._url, autocommit=True, application_name="aidecamp signals"
                ) as connection:
                    await self._listen(connection)
            except (psycopg.Error, OSError) as error:
                self._hears_itself = False
                log.warning("signals.reconnect", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self, connection: Connection) -> None:
        self._hears_itself = False
        if not connection.pooled:
            await connection.execute(f"listen {CHANNEL}")
            await connection.execute("select pg_notify('aidecamp', %s)", (json.dumps({"topic": PING}),))
        polled = float("-inf")
        while True:
            pause = POLL_LISTENING if self._hears_itself else POLL_DEAF
            if time.monotonic() - polled >= pause:
                polled = time.monotonic()
                await self._poll(connection)
            async for notify in connection.notifies(timeout=pause, stop_after=1):
                self._receive(notify)

    def _receive(self, notify: Notify) -> None:
        message = json.loads(notify.payload)
        if message["topic"] == PING:
            self._hears_itself = True
        else:
            self._dispatch(UUID(message["id"]), message["topic"], message["payload"])

    async def _poll(self, connection: AsyncConnection[Any]) -> None:
        rows = await connection.execute(
            "select id, topic, payload from signals where at > clock_timestamp() - make_interval(secs => %s)",
            (LOOK_BACK_SECONDS,),
        )
        async for signal_id, topic, payload in rows:
            self._dispatch(signal_id, topic, payload)
        horizon = time.monotonic() - REMEMBERED_SECONDS
        self._heard = {known: at for known, at in self._heard.items() if at > horizon}

    def _dispatch(self, signal_id: UUID, topic: str, payload: Payload) -> None:
        if signal_id in self._heard:
            return
        self._heard[signal_id] = time.monotonic()
        for callback in list(self._subscribers.get(topic, ())):
            task = asyncio.create_task(_call(topic, callback, payload))
            self._running.add(task)
            task.add_done_callback(self._running.discard)


async def forget_old(tx: Transaction) -> int:
    """Drop what every worker has heard long ago."""
    return await tx.run(
        "delete from signals where at < clock_timestamp() - make_interval(secs => %(kept)s)",
        kept=KEPT_SECONDS,
    )


async def _call(topic: str, callback: Callback, payload: Payload) -> None:
    try:
        outcome = callback(payload)
        if outcome is not None:
            await outcome
    except Exception:
        # The outermost edge of this little task: one subscriber's fault must not deafen the others.
        log.exception("signals.subscriber_failed", topic=topic)


def _plain(payload: Payload) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in payload.items()}
