"""Several server processes on one database: an answer is read, stopped and swept from elsewhere."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from tests.doubles import ScriptedProvider, openai_stream
from tests.faults.readers import let_leases_run_out, reading, terminate_all, told, until_quiet
from tests.faults.server import Server, serving
from tests.metering.books import disagreements
from tests.people import Cast

pytestmark = pytest.mark.slow
WORDS = [f"word {n} " for n in range(80)]
ENDS = {"end", "error"}


@pytest.fixture
async def other(
    server: Server, urls: Urls, provider: ScriptedProvider, tmp_path: Path
) -> AsyncIterator[Server]:
    async with serving(urls, provider, tmp_path / "other") as other:
        yield other


@pytest.fixture
async def there(other: Server, session: aiohttp.ClientSession) -> AsyncIterator[aiohttp.ClientSession]:
    """The same person at the other server."""
    async with aiohttp.ClientSession(f"{other.url}/api/v1/", headers=session.headers) as there:
        yield there


async def test_an_answer_is_resumed_and_stopped_from_another_server(
    session: aiohttp.ClientSession,
    there: aiohttp.ClientSession,
    provider: ScriptedProvider,
    database: Database,
    cast: Cast,
) -> None:
    provider.always(openai_stream(WORDS * 10, gap=0.05, usage=(77, 1600)))
    (reader,) = await reading(session, 1)
    await asyncio.sleep(1)
    seen, last = reader.words(), str(reader.last_id)
    resumed = asyncio.create_task(_follow(there, reader.message_id, {"Last-Event-ID": last}))
    await asyncio.sleep(1)
    async with there.post(
        f"messages/{reader.message_id}/stop", headers={"Accept": "application/json"}
    ) as answer:
        stopped = await answer.json()
    await asyncio.wait_for(reader.task, 10)
    rest = await asyncio.wait_for(resumed, 10)
    assert stopped["status"] == "stopped"
    assert stopped["content"] == reader.words()
    assert seen + _words(rest) == stopped["content"]
    assert min(number for number, _, _ in rest) > int(last)
    assert [kind for _, kind, _ in rest if kind in ENDS] == ["end"]
    assert [kind for kind, _ in reader.events if kind in ENDS] == ["end"]
    await until_quiet(database, cast, seconds=5)
    assert not await disagreements(database, cast.customer)


async def test_a_reader_on_another_server_outlives_the_loss_of_every_database_connection(
    session: aiohttp.ClientSession, there: aiohttp.ClientSession, provider: ScriptedProvider, urls: Urls
) -> None:
    provider.always(openai_stream(WORDS, gap=0.05, usage=(77, 160)))
    (reader,) = await reading(session, 1)
    elsewhere = asyncio.create_task(_follow(there, reader.message_id, {}))
    await asyncio.sleep(0.5)
    for _ in range(5):
        await terminate_all(urls)
        await asyncio.sleep(0.3)
    heard = await asyncio.wait_for(elsewhere, 30)
    assert _words(heard) == "".join(WORDS)
    assert [kind for _, kind, _ in heard if kind in ENDS] == ["end"]


async def test_crash_16_a_server_that_was_paused_past_its_lease_corrects_what_another_swept(
    server: Server,
    other: Server,
    session: aiohttp.ClientSession,
    provider: ScriptedProvider,
    database: Database,
    cast: Cast,
) -> None:
    provider.always(openai_stream(WORDS, gap=0.05, usage=(77, 160)))
    readers = await reading(session, 5)
    server.signal(signal.SIGSTOP)
    try:
        await let_leases_run_out(database, cast)
        await until_quiet(database, cast, seconds=40)
        swept = await _books(database, cast)
    finally:
        server.signal(signal.SIGCONT)
    assert {(state, status) for state, status, *_ in swept} == {("expired", "interrupted")}
    for reader in readers:
        await asyncio.wait_for(reader.task, 30)
        assert len([kind for kind, _ in reader.events if kind in ENDS]) == 1
        assert reader.events[-1][0] in ENDS
    await asyncio.sleep(1)
    await until_quiet(database, cast, seconds=10)
    corrected = await _books(database, cast)
    # The provider's own report of the whole answer came with the late settlement: charged exactly, once.
    assert corrected == [["settled", "interrupted", 237, False]] * 5
    assert len(provider.posts) == 5
    assert not await disagreements(database, cast.customer)
    assert (await other.command("usage", "verify"))[0] == 0
    assert (await other.command("audit", "verify"))[0] == 0


async def _books(database: Database, cast: Cast) -> list[list[Any]]:
    async with database.customer(cast.owner.actor) as tx:
        return await tx.values(
            """select jsonb_build_array(r.state, m.status, r.charged_input + r.charged_output, r.is_estimated)
                 from ai_messages m join ai_requests r on r.id = m.request_id where m.role = 'assistant'"""
        )


async def _follow(
    session: aiohttp.ClientSession, message_id: str, headers: dict[str, str]
) -> list[tuple[int, str, dict[str, Any]]]:
    async with session.get(f"messages/{message_id}/events", headers=headers) as answer:
        return [event async for event in told(answer)]


def _words(events: list[tuple[int, str, dict[str, Any]]]) -> str:
    return "".join(data["text"] for _, kind, data in events if kind == "delta")
