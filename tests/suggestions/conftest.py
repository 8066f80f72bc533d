"""Signed-in browsers over the whole application, with the embedded workspace as its host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from aidecamp.app import build
from aidecamp.db.pool import Database
from aidecamp.identity import csrf, sessions
from aidecamp.identity.guards import SESSION_COOKIE
from aidecamp.settings import Settings
from aidecamp.workspace.adapter import WorkspaceHost
from tests.people import Person

Browse = Callable[[Person], Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def browse(database: Database) -> AsyncIterator[Browse]:
    app = build(Settings())
    app.state.database, app.state.host = database, WorkspaceHost()
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
