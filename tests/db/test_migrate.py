"""Migrations: once, in order, by one process at a time, never changed, nothing half-applied."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from aidecamp.db.address import SERVING
from aidecamp.db.cluster import Urls
from aidecamp.db.migrate import Migration, MigrationError, known, migrate, pending
from tests.conftest import Server, to


@pytest.fixture
def empty(postgres: Server):
    """A database without a single table."""
    name = "empty_for_migrations"
    with psycopg.connect(to(postgres.urls.superuser, "postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} owner aidecamp_owner")
        try:
            yield Urls(*(to(url, name) for url in (postgres.urls.owner, postgres.urls.serving, "x://")))
        finally:
            connection.execute(f"drop database {name} with (force)")


async def test_many_at_once_apply_each_migration_once(empty: Urls) -> None:
    applied = await asyncio.gather(*(migrate(empty.owner, SERVING) for _ in range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, len(known())]
    assert await pending(empty.serving) == []


async def test_failing_migration_leaves_nothing_of_itself(urls: Urls) -> None:
    broken = Migration(9001, "9001_broken", "create table half (id int); select 1 / 0")
    with pytest.raises(MigrationError, match="9001_broken"):
        await migrate(urls.owner, SERVING, [*known(), broken])
    with psycopg.connect(urls.owner) as connection:
        assert connection.execute("select to_regclass('half')").fetchone() == (None,)
    assert await pending(urls.serving) == []


async def test_changed_migration_is_refused(urls: Urls) -> None:
    first, *others = known()
    changed = Migration(first.number, first.name, first.sql + "\n-- a later thought")
    with pytest.raises(MigrationError, match="another version"):
        await migrate(urls.owner, SERVING, [changed, *others])


async def test_newer_database_is_refused(urls: Urls) -> None:
    await migrate(urls.owner, SERVING, [*known(), Migration(9001, "9001_later", "select 1")])
    with pytest.raises(MigrationError, match="newer"):
        await pending(urls.serving)


async def test_crash_19_busy_table_makes_it_wait_shortly_and_give_up(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aidecamp.db.migrate.WAIT_FOR_TABLES", "300ms")
    with psycopg.connect(urls.owner) as busy:
        busy.execute("lock table users")
        step = Migration(9001, "9001_column", "alter table users add column nickname text")
        with pytest.raises(MigrationError, match="busy"):
            await migrate(urls.owner, SERVING, [*known(), step])


async def test_serving_role_can_not_migrate(urls: Urls) -> None:
    with pytest.raises((MigrationError, psycopg.errors.InsufficientPrivilege)):
        await migrate(urls.serving, SERVING, [*known(), Migration(9001, "9001_x", "create table x ()")])
