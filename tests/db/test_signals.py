"""Word between workers: heard by all, once, also after a lost connection and where LISTEN is swallowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from aidecamp.db import signals as module
from aidecamp.db.cluster import Urls
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.signals import Signals, forget_old


class Ear:
    def __init__(self, signals: Signals, topic: str = "stop") -> None:
        self.heard: list[Any] = []
        self.end = signals.subscribe(topic, self.heard.append)

    async def until(self, count: int, seconds: float = 5.0) -> list[Any]:
        for _ in range(int(seconds / 0.01)):
            if len(self.heard) >= count:
                break
            await asyncio.sleep(0.01)
        return self.heard


@asynccontextmanager
async def worker(database: Database) -> AsyncIterator[Signals]:
    signals = Signals(database)
    await signals.open()
    try:
        while not signals.is_listening:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        yield signals
    finally:
        await signals.close()


async def test_every_worker_hears_once(database: Database) -> None:
    async with worker(database) as one, worker(database) as two:
        ears = [Ear(one), Ear(two)]
        turn = new_id()
        await one.publish("stop", {"turn": turn})
        await one.publish("other", {"turn": turn})
        for ear in ears:
            assert await ear.until(1) == [{"turn": str(turn)}]
        await asyncio.sleep(0.7)
        assert [len(ear.heard) for ear in ears] == [1, 1]


async def test_is_heard_only_when_the_deed_is_committed(database: Database) -> None:
    async with worker(database) as signals:
        ear = Ear(signals)
        with pytest.raises(RuntimeError):
            async with database.outside() as tx:
                await signals.send(tx, "stop", {"n": 1})
                raise RuntimeError
        async with database.outside() as tx:
            await signals.send(tx, "stop", {"n": 2})
        assert await ear.until(1) == [{"n": 2}]


async def test_one_faulty_subscriber_deafens_nobody(database: Database) -> None:
    async with worker(database) as signals:
        signals.subscribe("stop", lambda _payload: 1 / 0)  # type: ignore[arg-type]
        ear = Ear(signals)
        await signals.publish("stop", {"n": 1})
        assert await ear.until(1) == [{"n": 1}]


async def test_ended_subscription_hears_nothing(database: Database) -> None:
    async with worker(database) as signals:
        ear = Ear(signals)
        ear.end()
        await signals.publish("stop", {"n": 1})
        assert await ear.until(1, seconds=0.3) == []


async def test_what_was_said_while_the_connection_was_lost_is_heard(
    database: Database, urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.3)
    async with worker(database) as signals:
        ear = Ear(signals)
        with psycopg.connect(urls.superuser, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'aidecamp signals' and datname = current_database()"
            )
        await signals.publish("stop", {"n": 1})
        assert await ear.until(1) == [{"n": 1}]


async def test_polling_where_listen_does_not_get_through(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Signals, "_receive", lambda *_: None)
    signals = Signals(database)
    await signals.open()
    try:
        ear = Ear(signals)
        await signals.publish("stop", {"n": 1})
        assert await ear.until(1) == [{"n": 1}]
        assert not signals.is_listening
    finally:
        await signals.close()


async def test_old_words_are_forgotten(database: Database, urls: Urls) -> None:
    async with worker(database) as signals:
        await signals.publish("stop", {"n": 1})
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("update signals set at = at - interval '1 hour'")
    async with database.outside() as tx:
        assert await forget_old(tx) == 1
