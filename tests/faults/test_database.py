"""The database restarts or takes no writes: nothing is sent that can't be booked, what was sent is booked."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psycopg
import pytest

from aidecamp.db.address import SERVING
from aidecamp.db.cluster import Urls
from aidecamp.db.embedded import running
from aidecamp.db.migrate import migrate
from aidecamp.db.pool import Database
from tests.chat.conftest import connect
from tests.doubles import ScriptedProvider, openai_stream
from tests.faults.readers import conversation, reading, terminate_all, until_quiet
from tests.faults.server import Server, serving
from tests.metering.books import disagreements
from tests.people import Cast, gather

pytestmark = pytest.mark.slow
WORDS = [f"word {n} " for n in range(80)]
TURNS = 10


@pytest.fixture
def folder() -> Iterator[Path]:
    """A PostgreSQL of the test's own, since it is killed: short, for the path of a socket."""
    with tempfile.TemporaryDirectory(prefix="adc-fault-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@pytest.mark.parametrize("blow", [signal.SIGQUIT, signal.SIGKILL], ids=["immediate", "kill-9"])
async def test_crash_07_the_database_is_restarted_in_mid_stream(
    blow: signal.Signals, folder: Path, provider: ScriptedProvider
) -> None:
    """SIGQUIT is what `pg_ctl stop -m immediate` sends; the watcher of the folder starts it again."""
    provider.always(openai_stream(WORDS, gap=0.05, usage=(77, 160)))
    async with running(folder) as urls:
        await migrate(urls.owner, SERVING)
        database = Database(urls.serving)
        await database.open()
        try:
            cast = await gather(database)
            await connect(database, cast.owner.actor, provider)
            async with serving(urls, provider, folder / "server") as server:
                await _struck(blow, folder, server, database, cast)
                assert (await server.command("usage", "verify"))[0] == 0
                assert (await server.command("audit", "verify"))[0] == 0
            assert len(provider.posts) == TURNS
        finally:
            await database.close()


async def _struck(blow: signal.Signals, folder: Path, server: Server, database: Database, cast: Cast) -> None:
    _, token = await server.command("tokens", "create", cast.owner.email)
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    async with aiohttp.ClientSession(f"{server.url}/api/v1/", headers=headers) as session:
        readers = await reading(session, TURNS)
        postmaster = int((folder / "postgres/data/postmaster.pid").read_text().split()[0])
        os.kill(postmaster, blow)
        for reader in readers:
            await asyncio.wait_for(reader.task, 60)
            assert reader.words() == "".join(WORDS)
            assert [name for name, _ in reader.events if name in ("end", "error")] == ["end"]
    await until_quiet(database, cast, seconds=10)
    assert not await disagreements(database, cast.customer)
    async with database.customer(cast.owner.actor) as tx:
        booked = await tx.values(
            """select jsonb_build_array(m.status, r.state, r.charged_input + r.charged_output)
                 from ai_messages m join ai_requests r on r.id = m.request_id where m.role = 'assistant'"""
        )
    assert booked == [["complete", "settled", 237]] * TURNS


async def test_crash_11_a_database_that_takes_no_writes_means_503_and_no_call(
    server: Server, session: aiohttp.ClientSession, provider: ScriptedProvider, urls: Urls, cast: Cast
) -> None:
    as_json = {"Accept": "application/json"}
    asking = f"conversations/{await conversation(session)}/messages"
    question = {"content": "How did we do?"}
    await _writable(urls, "off")
    for headers in ({}, as_json, as_json | {"Idempotency-Key": "once"}):
        async with session.post(asking, json=question, headers=headers) as refused:
            problem = await refused.json(content_type=None)
            assert (refused.status, problem["code"]) == (503, "unavailable"), problem
    assert provider.posts == []
    await _writable(urls, "on")
    async with session.post(asking, json=question, headers=as_json | {"Idempotency-Key": "once"}) as answered:
        assert answered.status == 200, await answered.text()
    assert len(provider.posts) == 1
    assert server.process is not None
    assert server.process.returncode is None
    assert "Traceback" not in server.log.read_text()


async def _writable(urls: Urls, state: str) -> None:
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as connection:
        name = connection.info.dbname
        only = "off" if state == "on" else "on"
        await connection.execute("set default_transaction_read_only = off")
        await connection.execute(f'alter database "{name}" set default_transaction_read_only = {only}')
    await terminate_all(urls)
