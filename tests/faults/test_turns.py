"""Turns when processes are killed or ended, and readers leave: nothing is stuck, every token is booked."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
import pytest

from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from tests.doubles import ScriptedProvider, openai_stream
from tests.faults.readers import let_leases_run_out, reading, terminate_all, until_quiet
from tests.faults.server import Server
from tests.metering.books import disagreements
from tests.people import Cast

pytestmark = pytest.mark.slow
TURNS = 20
SLOW = openai_stream([f"word {n} " for n in range(600)], gap=0.05, usage=(77, 1200))


async def test_crash_02_kill_9_in_mid_stream_leaves_no_turn_stuck_and_every_token_booked(
    server: Server, session: aiohttp.ClientSession, provider: ScriptedProvider, database: Database, cast: Cast
) -> None:
    provider.always(SLOW)
    readers = await reading(session, TURNS)
    await asyncio.sleep(1)
    await server.kill()
    for reader in readers:
        with contextlib.suppress(aiohttp.ClientError):
            await reader.task
    await let_leases_run_out(database, cast)
    await server.start()
    await until_quiet(database, cast, seconds=60)
    async with database.customer(cast.owner.actor) as tx:
        rows = await tx.values(
            """select jsonb_build_array(m.status, m.content, r.state, r.tokens_output, r.is_estimated,
                   r.charged_input + r.charged_output)
               from ai_messages m join ai_requests r on r.id = m.request_id where m.role = 'assistant'"""
        )
    assert len(rows) == TURNS
    longest = sorted(len(reader.words()) for reader in readers)
    for status, content, state, tokens_output, is_estimated, charged in rows:
        assert status == "interrupted"
        assert content.startswith("word 0 ")
        assert state in ("settled", "expired")
        assert is_estimated
        assert tokens_output > 0
        assert charged > 0
    # At most what came between two flushes is missing from the journal.
    assert min(len(row[1]) for row in rows) > longest[0] * 0.4
    assert (await server.command("usage", "verify"))[0] == 0
    assert (await server.command("audit", "verify"))[0] == 0
    assert not await disagreements(database, cast.customer)
    again = await reading(session, 1)
    again[0].task.cancel()


async def test_crash_05_sigterm_tells_every_reader_and_settles_every_turn(
    server: Server, session: aiohttp.ClientSession, provider: ScriptedProvider, database: Database, cast: Cast
) -> None:
    provider.always(SLOW)
    readers = await reading(session, TURNS)
    await server.end()
    for reader in readers:
        await asyncio.wait_for(reader.task, 5)
        name, data = reader.events[-1]
        assert (name, data["code"]) == ("error", "unavailable")
    await until_quiet(database, cast, seconds=1)
    assert not await disagreements(database, cast.customer)


async def test_quo_10_a_reader_that_stops_reading_does_not_keep_a_turn_from_its_books(
    server: Server, session: aiohttp.ClientSession, provider: ScriptedProvider, database: Database, cast: Cast
) -> None:
    provider.always(openai_stream(["x" * 4000] * 2000, gap=0.01, usage=(77, 99)))
    readers = await reading(session, 3)
    for reader in readers:
        reader.task.cancel()
    await server.end()
    await until_quiet(database, cast, seconds=1)
    assert not await disagreements(database, cast.customer)


async def test_quo_08_a_reader_that_leaves_does_not_stop_its_answer(
    server: Server, session: aiohttp.ClientSession, provider: ScriptedProvider, database: Database, cast: Cast
) -> None:
    provider.always(openai_stream([f"word {n} " for n in range(40)], gap=0.05, usage=(77, 80)))
    (reader,) = await reading(session, 1)
    reader.task.cancel()
    await until_quiet(database, cast, seconds=10)
    async with database.customer(cast.owner.actor) as tx:
        content = await tx.value("select content from ai_messages where role = 'assistant'")
        booked = await tx.value("select tokens_input + tokens_output from ai_requests")
    assert content == "".join(f"word {n} " for n in range(40))
    assert booked == 157


async def test_crash_07_the_database_loses_every_connection_in_mid_stream(
    session: aiohttp.ClientSession, provider: ScriptedProvider, cast: Cast, urls: Urls
) -> None:
    provider.always(openai_stream([f"word {n} " for n in range(60)], gap=0.05, usage=(77, 120)))
    readers = await reading(session, 5)
    for _ in range(8):
        await terminate_all(urls)
        await asyncio.sleep(0.3)
    for reader in readers:
        await asyncio.wait_for(reader.task, 40)
        assert reader.events[-1][0] == "end"
        assert reader.words() == "".join(f"word {n} " for n in range(60))
    fresh = Database(urls.serving)
    await fresh.open()
    try:
        await until_quiet(fresh, cast, seconds=10)
        assert not await disagreements(fresh, cast.customer)
        async with fresh.customer(cast.owner.actor) as tx:
            assert await tx.values("select distinct tokens_input + tokens_output from ai_requests") == [197]
    finally:
        await fresh.close()
