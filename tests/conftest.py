"""PostgreSQL is always real: one embedded server per run, a template, and a fresh clone for each test."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from fastapi import FastAPI

from aidecamp.app import attached, build
from aidecamp.db import locks
from aidecamp.db.address import OWNER, SERVING
from aidecamp.db.cluster import Urls
from aidecamp.db.embedded import running
from aidecamp.db.ids import new_id
from aidecamp.db.migrate import migrate
from aidecamp.db.pool import Database
from aidecamp.metering.prices import Prices
from aidecamp.settings import Settings
from tests.door import Door
from tests.people import Cast, gather

# What only costs time where a power cut loses nothing.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}
TEMPLATE = "template_aidecamp"


@dataclass(frozen=True)
class Server:
    """The run's PostgreSQL. `clone()` gives the addresses of a fresh, migrated database."""

    urls: Urls

    @contextmanager
    def clone(self) -> Iterator[Urls]:
        name = f"test_{new_id().hex}"
        with psycopg.connect(to(self.urls.superuser, "postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name} template {TEMPLATE} owner {OWNER}")
            try:
                yield Urls(
                    *(to(url, name) for url in (self.urls.owner, self.urls.serving, self.urls.superuser))
                )
            finally:
                connection.execute(f"drop database {name} with (force)")


def to(url: str, database: str) -> str:
    """The same address, another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Iterator[Server]:
    """All workers of a run share one server: each attaches, the last one stops it."""
    home = Path(tempfile.gettempdir()) / f"aidecamp-tests-{os.getuid()}-{testrun_uid}"
    loop = asyncio.new_event_loop()
    try:
        server = running(home, settings=CARELESS)
        urls = loop.run_until_complete(server.__aenter__())
        try:
            with locks.held(home / "template.lock"):
                loop.run_until_complete(_template(urls))
            yield Server(urls)
        finally:
            loop.run_until_complete(server.__aexit__(None, None, None))
    finally:
        loop.close()
        if not any((home / "postgres" / "leases").iterdir()):
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def urls(postgres: Server) -> Iterator[Urls]:
    with postgres.clone() as urls:
        yield urls


@pytest.fixture
def owner_url(urls: Urls) -> str:
    return urls.owner


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    """A migrated database of the test's own, reached as the serving role."""
    database = Database(urls.serving)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def cast(database: Database) -> Cast:
    return await gather(database)


@pytest.fixture
async def application(urls: Urls, tmp_path: Path) -> AsyncIterator[FastAPI]:
    """The whole application over the test's own database, as its lifespan would set it up, without jobs."""
    application = build(Settings(home=tmp_path, jobs=False))
    async with attached(application, urls.serving):
        yield application


@pytest.fixture
async def client(application: FastAPI) -> AsyncIterator[Door]:
    """`await client(cast.user)`: an HTTP client of that person; without an argument, of nobody."""
    door = Door(application)
    try:
        yield door
    finally:
        await door.close()


async def _template(urls: Urls) -> None:
    with psycopg.connect(to(urls.superuser, "postgres"), autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", (TEMPLATE,)).fetchone():
            return
        connection.execute(f"create database making owner {OWNER}")
        await migrate(to(urls.owner, "making"), SERVING)
        await _prices(to(urls.serving, "making"))
        connection.execute(f"alter database making rename to {TEMPLATE}")


async def _prices(url: str) -> None:
    """Else every application under test would start a process to bring the same list in again."""
    database = Database(url)
    await database.open()
    try:
        await Prices(database).fill()
    finally:
        await database.close()


if "xdist" not in sys.modules:

    @pytest.fixture(scope="session")
    def testrun_uid() -> str:
        return new_id().hex
