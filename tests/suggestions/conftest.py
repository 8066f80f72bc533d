"""Signed-in browsers over the whole application, with the embedded workspace as its host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import httpx2
import pytest

from aidecamp.app import build
from aidecamp.db.pool import Database
from aidecamp.settings import Settings
from aidecamp.workspace.adapter import WorkspaceHost
from tests.door import Door
from tests.people import Person

Browse = Callable[[Person], Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def browse(database: Database) -> AsyncIterator[Browse]:
    app = build(Settings())
    app.state.database, app.state.host = database, WorkspaceHost()
    door = Door(app)
    yield partial(door, via="session")
    await door.close()
