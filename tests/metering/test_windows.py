"""Day and month are the customer's own, from the database's clock, exact where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aidecamp.db.pool import Database
from aidecamp.locale import zones
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.quota import quota
from tests.metering.books import admit, limit, reported
from tests.people import Cast

CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29), 24),
    ("Europe/Berlin", date(2026, 3, 30), 23),
    ("Europe/Berlin", date(2026, 10, 26), 25),
    ("America/New_York", date(2026, 3, 9), 23),
    ("Atlantic/Azores", date(2026, 10, 25), 24),
    ("Atlantic/Azores", date(2026, 10, 26), 25),
    ("America/Havana", date(2026, 11, 2), 25),
    ("Africa/Cairo", date(2026, 4, 24), 24),
    ("Africa/Cairo", date(2026, 4, 25), 23),
    ("Asia/Kolkata", date(2024, 2, 29), 24),
    ("Asia/Kathmandu", date(2026, 1, 1), 24),
    ("Australia/Lord_Howe", date(2026, 10, 5), 23.5),
    ("Pacific/Kiritimati", date(2026, 12, 31), 24),
    ("Pacific/Pago_Pago", date(2026, 7, 1), 24),
]


def first_moment(day: date, zone: str) -> datetime:
    """By trying every quarter of an hour: the first instant at which the zone's clocks show the day."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    while moment.astimezone(ZoneInfo(zone)).date() < day:
        moment += timedelta(minutes=15)
    return moment


@pytest.mark.parametrize(("zone", "day", "hours"), CHANGES, ids=lambda value: str(value))
async def test_QUO_19_a_day_begins_at_its_first_moment(
    database: Database, zone: str, day: date, hours: float
) -> None:
    async with database.outside() as tx:
        start = await tx.value("select local_midnight(%(day)s, %(zone)s)", day=day, zone=zone)
        before = await tx.value(
            "select local_midnight(%(day)s, %(zone)s)", day=day - timedelta(days=1), zone=zone
        )
    assert start == first_moment(day, zone)
    assert start - before == timedelta(hours=hours)


async def test_QUO_19_every_zone_that_python_knows_has_its_midnight(database: Database) -> None:
    day = date(2026, 10, 25)
    async with database.outside() as tx:
        known = set(await tx.values("select name from pg_timezone_names"))
        assert zones() - known - {"localtime", "Factory"} == set()
        for zone in sorted(zones() & known)[::7]:
            start = await tx.value("select local_midnight(%(day)s, %(zone)s)", day=day, zone=zone)
            assert start == first_moment(day, zone), zone


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_the_quota_names_the_next_local_midnight_and_month(
    database: Database, cast: Cast, zone: str
) -> None:
    async with database.customer(cast.user.actor) as tx:
        await tx.run("update customers set timezone = %(zone)s", zone=zone)
        found = await quota(tx, cast.user.actor)
        now: datetime = await tx.value("select now()")
    today = now.astimezone(ZoneInfo(zone)).date()
    next_month = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    assert found.daily.resets_at == first_moment(today + timedelta(days=1), zone)
    assert found.monthly.resets_at == first_moment(next_month, zone)
    assert (found.daily.limit, found.monthly.limit) == (10_000, 100_000)


async def test_a_call_is_charged_to_the_window_in_which_it_was_admitted(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    reservation = await admit(ledger, cast.user.actor)
    async with database.customer(cast.user.actor) as tx:
        admitted = await tx.value("select day from ai_requests")
        now: datetime = await tx.value("select now()")
        # Where it is tomorrow (or still yesterday) at this hour: the customer moves while the call runs.
        far = "Pacific/Kiritimati" if now.astimezone(ZoneInfo("Europe/Berlin")).hour >= 13 else "Etc/GMT+12"
        await tx.run("update customers set timezone = %(far)s", far=far)
    await ledger.settle(reservation, reported(100, 50))
    async with database.customer(cast.user.actor) as tx:
        assert (await quota(tx, cast.user.actor)).daily.used in (0, 150)
        assert await tx.value("select date from ai_token_usage") == admitted
        assert (
            await tx.value(
                "select used from usage_windows where starts_on = %(d)s and period = 'day'", d=admitted
            )
            == 150
        )


async def test_QUO_22_a_limit_lowered_below_what_was_used_leaves_nothing(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    await ledger.settle(await admit(ledger, cast.user.actor), reported(500, 500))
    await limit(database, cast.user.actor, 300, 300)
    async with database.customer(cast.user.actor) as tx:
        found = await quota(tx, cast.user.actor)
    assert (found.daily.limit, found.daily.used, found.daily.remaining) == (300, 1000, 0)


async def test_an_owner_sees_no_limit_and_a_cap_where_there_is_one(database: Database, cast: Cast) -> None:
    async with database.customer(cast.owner.actor) as tx:
        found = await quota(tx, cast.owner.actor)
        assert (found.daily.limit, found.daily.remaining) == (None, None)
        await tx.run(
            "insert into customer_limits (customer_id, monthly) values (%(c)s, 700)", c=cast.customer
        )
        capped = await quota(tx, cast.owner.actor)
    assert (capped.daily.remaining, capped.monthly.limit, capped.monthly.remaining) == (None, None, 700)
    assert capped.wire()["daily"]["resets_at"].endswith("Z")
