"""The trail: written with the deed, sealed soon after, and every later change is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from aidecamp import audit
from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from tests.people import Cast, Person


async def deeds(database: Database, person: Person, count: int) -> None:
    for number in range(count):
        async with database.customer(person.actor) as tx:
            await audit.record(tx, person.actor, "test.deed", "thing", person.id, number=number)


async def verdict(database: Database, cast: Cast) -> audit.Verdict:
    async with database.of(cast.customer) as tx:
        return await audit.verify(tx, cast.customer)


async def test_sealed_trail_is_whole(database: Database, cast: Cast) -> None:
    await deeds(database, cast.user, 5)
    assert await audit.seal(database) == 5
    await deeds(database, cast.admin, 2)
    assert (await verdict(database, cast)).unsealed == 2
    assert await audit.seal(database) == 2
    found = await verdict(database, cast)
    assert (found.sealed, found.unsealed, found.problem) == (7, 0, None)


async def test_sealing_during_a_walk_is_no_fault(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deeds(database, cast.user, 2)
    await audit.seal(database)
    walk = audit._chain

    async def interrupted(tx: Transaction) -> AsyncIterator[audit._Link]:
        async for link in walk(tx):
            yield link
        await deeds(database, cast.user, 1)
        await audit.seal(database)

    monkeypatch.setattr(audit, "_chain", interrupted)
    found = await verdict(database, cast)
    assert (found.sealed, found.problem) == (2, None)


async def test_deed_that_fails_leaves_no_entry(database: Database, cast: Cast) -> None:
    with pytest.raises(RuntimeError):
        async with database.customer(cast.user.actor) as tx:
            await audit.record(tx, cast.user.actor, "test.deed", "thing")
            raise RuntimeError
    assert await audit.seal(database) == 0


async def test_each_customer_has_a_chain_of_its_own(database: Database, cast: Cast) -> None:
    await deeds(database, cast.user, 2)
    await deeds(database, cast.stranger, 3)
    assert await audit.seal(database) == 5
    assert (await verdict(database, cast)).sealed == 2
    async with database.outside() as tx:
        assert set(await audit.customers(tx)) == {cast.customer, cast.stranger.actor.customer_id}


async def test_two_sealers_at_once_seal_each_entry_once(database: Database, cast: Cast) -> None:
    await deeds(database, cast.user, 20)
    counts = await asyncio.gather(*(audit.seal(database) for _ in range(4)))
    assert sum(counts) == 20
    found = await verdict(database, cast)
    assert (found.sealed, found.problem) == (20, None)


async def test_entry_that_commits_late_is_sealed_later(database: Database, cast: Cast) -> None:
    async with database.customer(cast.user.actor) as tx:
        await audit.record(tx, cast.user.actor, "test.early", "thing")
        await deeds(database, cast.user, 3)
        assert await audit.seal(database) == 3
    assert await audit.seal(database) == 1
    assert (await verdict(database, cast)).problem is None


@pytest.mark.parametrize(
    ("crime", "told"),
    [
        ("update audit_entries set facts = '{\"number\": 9}' where facts = '{\"number\": 1}'", "changed"),
        ("update audit_entries set actor_id = null where facts = '{\"number\": 2}'", "changed"),
        ("delete from audit_chain where seq = 2", "missing"),
        ("delete from audit_chain where seq = 3", "published was 3"),
        ("update audit_heads set hash = 'x'", "not the one that was published"),
        ("delete from audit_heads", "head is missing"),
        ("delete from audit_entries where facts = '{\"number\": 0}'", "missing"),
        ("update audit_entries set at = at - interval '1 day'", "changed"),
        (
            "insert into audit_entries select customer_id, gen_random_uuid(), at - interval '1 hour',"
            " actor_id, role, via, action, object_kind, object_id, outcome, facts from audit_entries limit 1",
            "not sealed",
        ),
    ],
)
async def test_later_change_is_found(
    database: Database, cast: Cast, urls: Urls, crime: str, told: str
) -> None:
    await deeds(database, cast.user, 3)
    await audit.seal(database)
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(crime)
    assert told in ((await verdict(database, cast)).problem or "")


async def test_serving_role_can_neither_change_nor_remove(database: Database, cast: Cast) -> None:
    await deeds(database, cast.user, 1)
    await audit.seal(database)
    for crime in (
        "update audit_entries set action = 'x'",
        "delete from audit_entries",
        "update audit_chain set seq = 9",
        "delete from audit_chain",
        "truncate audit_entries",
        "delete from audit_heads",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.customer(cast.user.actor) as tx:
                await tx.run(crime)


async def test_filters(database: Database, cast: Cast) -> None:
    await deeds(database, cast.user, 2)
    async with database.customer(cast.admin.actor) as tx:
        await audit.record(tx, cast.admin.actor, "user.invite", "user")
        assert len(await audit.entries(tx, actor_id=cast.user.id)) == 2
        assert [e.action for e in await audit.entries(tx, action="user")] == ["user.invite"]
        assert len(await audit.entries(tx, action="test.deed", limit=1)) == 1
        newest, *older = await audit.entries(tx)
        assert newest.action == "user.invite"
        assert await audit.entries(tx, before=newest.id) == older
        assert await audit.entries(tx, until=older[-1].at) == []
        assert len(await audit.entries(tx, since=newest.at)) == 1


async def test_facts_keep_no_text(database: Database, cast: Cast) -> None:
    async with database.customer(cast.user.actor) as tx:
        await audit.record(
            tx, cast.user.actor, "test.deed", "thing", model="gpt-4o (mini)", ids=[cast.user.id], ok=True,
            note="Dear Anna,\nwrite me at anna@example.org",
        )  # fmt: skip
        facts = (await audit.entries(tx))[0].facts
    assert facts["note"].startswith("sha256:")
    assert facts | {"note": ""} == {
        "model": "gpt-4o (mini)", "ids": [str(cast.user.id)], "ok": True, "note": "",
    }  # fmt: skip
