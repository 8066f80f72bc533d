"""Readers that stop reading, and readers by the hundred: sockets, memory and slots come back."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from aidecamp.identity import tokens
from tests.chat.conftest import connect
from tests.doubles import ScriptedProvider, openai_stream
from tests.faults.readers import conversation, reading, until_quiet
from tests.faults.server import Server, serving
from tests.metering.books import disagreements
from tests.people import Cast, join

pytestmark = pytest.mark.slow
USERS, EACH, ROUNDS = 20, 5, 5
GRACEFUL_SECONDS = 25


async def test_quo_10_a_socket_that_is_never_read_is_booked_before_the_process_ends(
    server: Server, session: aiohttp.ClientSession, provider: ScriptedProvider, database: Database, cast: Cast
) -> None:
    async with database.customer(cast.owner.actor) as tx:
        await tx.run("update ai_providers set config = '{\"max_tokens\": 1000000}'")
    provider.always(openai_stream(["x" * 4000] * 95, gap=0.15, usage=(77, 99)))
    sockets = [await _ask_and_never_read(server, session) for _ in range(3)]
    try:
        await asyncio.sleep(3)
        assert len(provider.posts) == 3
        assert provider.open == 3
        began = time.monotonic()
        ending = asyncio.create_task(server.end())
        await until_quiet(database, cast, seconds=GRACEFUL_SECONDS)
        # The books are closed while the process still waits for its readers.
        assert not ending.done()
        await ending
        assert time.monotonic() - began < GRACEFUL_SECONDS
    finally:
        for each in sockets:
            each.close()
    await until_quiet(database, cast, seconds=0)
    assert not await disagreements(database, cast.customer)


async def _ask_and_never_read(server: Server, session: aiohttp.ClientSession) -> socket.socket:
    room = await conversation(session)
    body = b'{"content": "How did we do?"}'
    head = (
        f"POST /api/v1/conversations/{room}/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: {session.headers['Authorization']}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", server.port))
    deaf.sendall(head.encode() + body)
    return deaf


@pytest.fixture
async def crowd(
    urls: Urls, provider: ScriptedProvider, cast: Cast, database: Database, tmp_path: Path
) -> AsyncIterator[tuple[Server, list[aiohttp.ClientSession]]]:
    """A server that lets each user read so many answers at once, and twenty owners with a provider each."""
    async with serving(urls, provider, tmp_path, AIDECAMP_STREAMS_PER_USER=str(EACH)) as server:
        sessions = [await _signed_in(server, database, cast, provider, number) for number in range(USERS)]
        try:
            yield server, sessions
        finally:
            for session in sessions:
                await session.close()


async def _signed_in(
    server: Server, database: Database, cast: Cast, provider: ScriptedProvider, number: int
) -> aiohttp.ClientSession:
    person = await join(database, cast.customer, f"reader-{number}", cast.owner.actor.role)
    await connect(database, person.actor, provider)
    async with database.customer(person.actor) as tx:
        _, token = await tokens.issue(tx, person.actor, "reader")
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    return aiohttp.ClientSession(
        f"{server.url}/api/v1/", headers=headers, connector=aiohttp.TCPConnector(limit=0)
    )


async def test_dos_19_readers_that_come_and_go_leave_nothing_behind(
    crowd: tuple[Server, list[aiohttp.ClientSession]],
    provider: ScriptedProvider,
    database: Database,
    cast: Cast,
) -> None:
    server, sessions = crowd
    provider.always(openai_stream([f"word {n} " for n in range(60)], gap=0.05, usage=(10, 60)))
    await _come_and_go(sessions, database, cast)
    before = _descriptors(server), _resident(server)
    for _ in range(ROUNDS - 1):
        await _come_and_go(sessions, database, cast)
    await asyncio.sleep(1)
    descriptors, resident = _descriptors(server), _resident(server)
    assert descriptors <= before[0] + 5, (before, descriptors)
    assert resident <= before[1] * 1.25 + 10_000, (before, resident)
    assert len(provider.posts) == USERS * EACH * ROUNDS
    assert not await disagreements(database, cast.customer)


async def _come_and_go(sessions: list[aiohttp.ClientSession], database: Database, cast: Cast) -> None:
    """A hundred answers at once; a reader that found its slot taken would fail to begin."""
    readers = [
        reader for each in await asyncio.gather(*(reading(s, EACH) for s in sessions)) for reader in each
    ]
    for reader in readers:
        reader.task.cancel()
    await until_quiet(database, cast, seconds=40)


async def test_dos_01_a_user_with_all_slots_taken_is_told_to_wait(
    crowd: tuple[Server, list[aiohttp.ClientSession]],
    provider: ScriptedProvider,
    database: Database,
    cast: Cast,
) -> None:
    _, (session, colleague, *_) = crowd
    provider.always(openai_stream([f"word {n} " for n in range(200)], gap=0.5))
    readers = await reading(session, EACH)
    room = await conversation(session)
    async with session.post(f"conversations/{room}/messages", json={"content": "One more?"}) as refused:
        problem = await refused.json(content_type=None)
        assert (refused.status, problem["code"]) == (429, "rate_limited")
        assert int(refused.headers["Retry-After"]) >= 1
    assert len(provider.posts) == EACH
    await reading(colleague, 1)
    # A reader that leaves frees nothing, its answer goes on; one that is stopped does, at once.
    as_json = {"Accept": "application/json"}
    async with session.post(f"messages/{readers[0].message_id}/stop", headers=as_json) as stopped:
        assert stopped.status == 200
    await reading(session, 1)


def _descriptors(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def _resident(server: Server) -> int:
    """Kilobytes."""
    text = Path(f"/proc/{server.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])
