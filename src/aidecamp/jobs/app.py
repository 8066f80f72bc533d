"""The procrastinate app: rooms bring `tasks.py`, arguments are ids only, jobs may run twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from procrastinate import App, PsycopgConnector
from procrastinate.testing import InMemoryConnector

from aidecamp.db.connecting import Connection

POOL_SIZE = 4

# Replaced by `opened`; until then a job that somebody defers goes nowhere and waits for nobody.
app = App(connector=InMemoryConnector())


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[App]:
    """The app with a connection: needed to defer and to work.

    A job joins the deed's transaction by `task.configure(connection=tx.connection).defer_async(…)`.
    """
    connector = PsycopgConnector(
        conninfo=url,
        min_size=1,
        max_size=POOL_SIZE,
        connection_class=Connection,
        kwargs={"application_name": "aidecamp jobs"},
    )
    with app.replace_connector(connector):
        async with app.open_async():
            yield app
