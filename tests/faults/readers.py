"""Readers of answers over HTTP, and what the faults do to the database under them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import psycopg

from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from tests.people import Cast


class Reader:
    """One tab: asks in a conversation of its own, and keeps what it was told."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.last_id = 0
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        room = await conversation(self.session)
        async with self.session.post(
            f"conversations/{room}/messages", json={"content": "How did we do?"}
        ) as answer:
            async for number, name, data in told(answer):
                self.last_id = number
                self.events.append((name, data))

    def words(self) -> str:
        return "".join(data["text"] for name, data in self.events if name == "delta")

    @property
    def message_id(self) -> str:
        return str(self.events[0][1]["message_id"])


async def conversation(session: aiohttp.ClientSession) -> str:
    as_json = {"Accept": "application/json"}
    async with session.post("conversations", json={"context_type": "analytics"}, headers=as_json) as made:
        return str((await made.json())["id"])


async def told(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[int, str, dict[str, Any]]]:
    """The events of a stream: number, name, data."""
    assert answer.status == 200, await answer.text()
    number, name = 0, ""
    async for line in answer.content:
        if line.startswith(b"id: "):
            number = int(line[4:])
        elif line.startswith(b"event: "):
            name = line[7:].decode().strip()
        elif line.startswith(b"data: "):
            yield number, name, json.loads(line[6:])


async def reading(session: aiohttp.ClientSession, count: int) -> list[Reader]:
    """So many readers, all with some words of their answer."""
    readers = [Reader(session) for _ in range(count)]
    for _ in range(600):
        if all(reader.words() for reader in readers):
            return readers
        await asyncio.sleep(0.05)
    raise AssertionError("not every answer began")


async def terminate_all(urls: Urls) -> None:
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as connection:
        await connection.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()"""
        )


async def let_leases_run_out(database: Database, cast: Cast) -> None:
    async with database.customer(cast.owner.actor) as tx:
        await tx.run("update ai_requests set lease_until = now() - interval '1 s' where state = 'reserved'")
    async with database.outside() as tx:
        await tx.run("update due set due_at = now() - interval '1 s' where kind in ('turn', 'lease')")


async def until_quiet(database: Database, cast: Cast, *, seconds: float) -> None:
    """No answer is being written and nothing is set aside."""
    left: list[int] = []
    for _ in range(int(seconds * 10) + 1):
        async with database.customer(cast.owner.actor) as tx:
            left = [
                await tx.value("select count(*) from ai_messages where status = 'streaming'"),
                await tx.value("select count(*) from ai_requests where state = 'reserved'"),
                await tx.value("select coalesce(sum(reserved), 0)::bigint from usage_windows"),
            ]
        if left == [0, 0, 0]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"left: streaming, reserved calls, reserved tokens = {left}")
