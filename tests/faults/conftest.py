"""What the faults share: a server process whose owner has a provider, and a session with that server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from tests.chat.conftest import connect
from tests.doubles import ScriptedProvider, scripted
from tests.faults.server import Server, serving
from tests.people import Cast


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    async with scripted() as provider:
        yield provider


@pytest.fixture
async def server(
    urls: Urls, provider: ScriptedProvider, cast: Cast, database: Database, tmp_path: Path
) -> AsyncIterator[Server]:
    await connect(database, cast.owner.actor, provider)
    async with serving(urls, provider, tmp_path) as server:
        yield server


@pytest.fixture
async def session(server: Server, cast: Cast) -> AsyncIterator[aiohttp.ClientSession]:
    code, token = await server.command("tokens", "create", cast.owner.email)
    assert code == 0
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    async with aiohttp.ClientSession(f"{server.url}/api/v1/", headers=headers) as session:
        yield session
