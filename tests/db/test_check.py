"""The start-up check finds every way in which isolation could be lost (SAFETY rules 7 and 8)."""

from __future__ import annotations

import psycopg
import pytest

from aidecamp.db import check
from aidecamp.db.address import OWNER
from aidecamp.db.cluster import Urls

# The reviewed list: whoever adds a table here has a reason that people read.
OUTSIDE = {
    "serving_rights", "migrations", "directory", "due", "sign_in_throttle", "signals", "audit_heads",
    "prices", "master_key_checks", "erasure_ledger",
    "procrastinate_workers", "procrastinate_jobs", "procrastinate_periodic_defers", "procrastinate_events",
}  # fmt: skip

BREAKS = [
    ("create table loose (id int)", "Table loose has no row-level security."),
    (
        "create table loose (customer_id uuid not null); alter table loose enable row level security",
        "Table loose does not force row-level security on its owner.",
    ),
    (
        "create table loose (customer_id uuid); call isolate('loose')",
        "Table loose has no customer_id that is never null.",
    ),
    (
        "create table loose (customer_id uuid not null); call isolate('loose');"
        " create policy open_door on loose using (true)",
        "Table loose has a policy that does not ask for the customer.",
    ),
    (
        "create table loose (customer_id uuid not null, id uuid primary key); call isolate('loose')",
        "Unique index loose_pkey does not begin with customer_id.",
    ),
    (
        "create table loose (customer_id uuid not null, name text, unique (name, customer_id));"
        " call isolate('loose')",
        "Unique index loose_name_customer_id_key does not begin with customer_id.",
    ),
    (
        "create unique index loose_email on users (lower(email))",
        "Unique index loose_email does not begin with customer_id.",
    ),
    (
        "create table parent (customer_id uuid not null, id uuid, unique (customer_id, id), unique (id));"
        " call isolate('parent');"
        " create table loose (customer_id uuid not null, parent_id uuid references parent (id));"
        " call isolate('loose')",
        "Foreign key loose_parent_id_fkey of loose does not begin with customer_id.",
    ),
    (
        "create function escape() returns bigint language sql security definer"
        " as 'select count(*) from public.users'",
        "Function escape() runs with its definer's rights.",
    ),
    (
        "create materialized view loose as select 1 as one",
        "Materialised view loose would show every customer's rows.",
    ),
    ("create view loose as select 1 as one", "View loose is not security_invoker."),
    ("grant truncate on users to aidecamp_app", "The serving role may truncate users."),
    ("grant references on users to public", "The serving role may references users."),
    ("grant trigger on users to aidecamp_app", "The serving role may trigger users."),
    (
        "grant create on schema public to aidecamp_app",
        "The serving role may create objects in schema public.",
    ),
    (
        "alter table users no force row level security",
        "Table users does not force row-level security on its owner.",
    ),
]


@pytest.mark.parametrize(("statements", "finding"), BREAKS, ids=[b[1][:60] for b in BREAKS])
async def test_every_hole_is_found(urls: Urls, statements: str, finding: str) -> None:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(statements)  # type: ignore[arg-type]
    assert finding in await check.findings(urls.serving)
    with pytest.raises(check.UnsafeDatabase):
        await check.require(urls.serving)


async def test_iso_02_owner_and_superuser_are_refused(urls: Urls) -> None:
    for url in (urls.owner, urls.superuser):
        with pytest.raises(check.UnsafeDatabase, match="serving role"):
            await check.require(url)


@pytest.mark.parametrize("power", ["superuser", "bypassrls", "createrole"])
async def test_iso_02_powerful_role_is_refused(urls: Urls, power: str) -> None:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(f"create role mighty_{power} login {power}")  # type: ignore[arg-type]
        connection.execute(f"grant aidecamp_app to mighty_{power}")  # type: ignore[arg-type]
    try:
        url = urls.serving.replace("aidecamp_app@", f"mighty_{power}@")
        assert any(
            power[:5] in finding or "roles" in finding or "bypass" in finding
            for finding in await check.findings(url)
        )
    finally:
        with psycopg.connect(urls.superuser, autocommit=True) as connection:
            connection.execute(f"drop role mighty_{power}")  # type: ignore[arg-type]


async def test_member_of_the_owner_is_refused(urls: Urls) -> None:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(f"create role sly login; grant {OWNER} to sly")  # type: ignore[arg-type]
    try:
        found = await check.findings(urls.serving.replace("aidecamp_app@", "sly@"))
        assert any("owns" in finding for finding in found)
    finally:
        with psycopg.connect(urls.superuser, autocommit=True) as connection:
            connection.execute("drop role sly")


async def test_unmigrated_database_is_refused_with_a_sentence(urls: Urls) -> None:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("drop table serving_rights cascade")
    with pytest.raises(check.UnsafeDatabase, match="aidecamp migrate"):
        await check.require(urls.serving)


async def test_only_reviewed_tables_are_outside(urls: Urls) -> None:
    with psycopg.connect(urls.superuser) as connection:
        rows = connection.execute("select relation, reason from serving_rights where outside").fetchall()
    assert {row[0] for row in rows} <= OUTSIDE
    assert all(len(row[1]) > 10 for row in rows)


async def test_dos_15_timeouts_hold_on_served_connections(database) -> None:  # type: ignore[no-untyped-def]
    async with database.outside() as tx:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert await tx.value("select current_setting(%(name)s)", name=name) not in ("0", "")
