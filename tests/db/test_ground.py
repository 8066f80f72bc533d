"""The migrated database as the serving role sees it."""

from __future__ import annotations

import psycopg
import pytest

from aidecamp import audit
from aidecamp.db import check
from aidecamp.db.address import SERVING
from aidecamp.db.cluster import Urls
from aidecamp.db.migrate import migrate, pending
from aidecamp.db.pool import Database
from aidecamp.errors import Unavailable
from tests.people import Cast


async def test_catalogue_has_no_findings(urls: Urls) -> None:
    assert await check.findings(urls.serving) == []


async def test_second_migration_run_applies_nothing(urls: Urls) -> None:
    assert await pending(urls.serving) == []
    assert await migrate(urls.owner, SERVING) == []


async def test_cast_is_seen_only_by_its_customer(database: Database, cast: Cast) -> None:
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select count(*) from users") == 7
    async with database.customer(cast.stranger.actor) as tx:
        assert await tx.value("select count(*) from users") == 1
    async with database.outside() as tx:
        assert await tx.value("select count(*) from users") == 0


async def test_trail_is_written_with_the_deed_and_never_changed(database: Database, cast: Cast) -> None:
    async with database.customer(cast.user.actor) as tx:
        await audit.record(tx, cast.user.actor, "test.deed", "thing", cast.user.id, count=3, note="see a@b.c")
    async with database.customer(cast.user.actor) as tx:
        facts = await tx.value("select facts from audit_entries")
        assert facts["count"] == 3
        assert facts["note"].startswith("sha256:")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.customer(cast.user.actor) as tx:
            await tx.run("update audit_entries set action = 'other'")


async def test_a_lock_that_is_not_given_in_time_is_unavailable(database: Database, cast: Cast) -> None:
    async with database.customer(cast.user.actor) as holding:
        await holding.run("select 1 from customers for update")
        with pytest.raises(Unavailable):
            async with database.customer(cast.user.actor) as tx:
                await tx.run("set local lock_timeout = '50ms'")
                await tx.run("select 1 from customers for update")
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select count(*) from customers") == 1
