"""A ledger without rate limits, since most tests ask many questions at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from aidecamp.app import build
from aidecamp.db.pool import Database
from aidecamp.identity import csrf, sessions
from aidecamp.identity.guards import SESSION_COOKIE
from aidecamp.metering.ledger import Ledger
from aidecamp.settings import Settings
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
    opened: list[httpx2.AsyncClient] = []

    async def sign_in(person: Person) -> httpx2.AsyncClient:
        async with database.customer(person.actor) as tx:
            session = await sessions.begin(tx, person.actor)
        browser = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app),
            base_url="http://testserver",
            cookies={SESSION_COOKIE: session.key},
            headers={csrf.HEADER: csrf.token(session.key)},
        )
        opened.append(browser)
        return browser

    yield sign_in
    for browser in opened:
        await browser.aclose()
