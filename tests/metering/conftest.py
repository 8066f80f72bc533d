"""A ledger without rate limits, since most tests ask many questions at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import httpx2
import pytest

from aidecamp.app import build
from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger
from aidecamp.settings import Settings
from tests.door import Door
from tests.people import Person

Browse = Callable[[Person], Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    ledger = Ledger(database, rate_per_minute=0, streams_per_user=0)
    yield ledger
    await ledger.close()


@pytest.fixture
async def browse(database: Database) -> AsyncIterator[Browse]:
    """`await browse(person)`: a signed-in browser of that person, over the whole application."""
    app = build(Settings())
    app.state.database = database
    door = Door(app)
    yield partial(door, via="session")
    await door.close()
