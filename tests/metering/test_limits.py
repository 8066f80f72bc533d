"""Limits are one document: changed in one step by those who may, told in the trail, true at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aidecamp.actor import Actor, Role
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.errors import Forbidden, Invalid, NotFound
from aidecamp.metering.admission import QuotaExceeded
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.limits import Change, Limits, change, current
from aidecamp.metering.store.limits import Cap, PersonLimit, RoleLimit
from tests.metering.books import admit
from tests.people import Cast

USER_LESS = Change(roles=[RoleLimit("user", 500, 900)])


async def put(database: Database, actor: Actor, wish: Change) -> Limits:
    async with database.customer(actor) as tx:
        return await change(tx, actor, wish)


async def test_the_defaults_are_the_specifications(database: Database, cast: Cast) -> None:
    async with database.customer(cast.admin.actor) as tx:
        found = await current(tx)
    assert {role: (limit.daily, limit.monthly) for role, limit in found.roles.items()} == {
        Role.VIEWER: (0, 0),
        Role.USER: (10_000, 100_000),
        Role.SUPPORT: (25_000, 250_000),
        Role.MANAGER: (50_000, 500_000),
        Role.ADMIN: (100_000, 1_000_000),
        Role.OWNER: (None, None),
    }
    assert (found.customer, list(found.users)) == (None, [])


async def test_a_change_holds_from_the_next_request(database: Database, cast: Cast, ledger: Ledger) -> None:
    await put(database, cast.admin.actor, USER_LESS)
    with pytest.raises(QuotaExceeded) as refused:
        await admit(ledger, cast.user.actor, 600, 100)
    assert refused.value.extra["limit"] == 500
    assert (await admit(ledger, cast.support.actor, 600, 100)).max_output == 100


async def test_what_is_absent_stays_and_users_are_the_whole_list(database: Database, cast: Cast) -> None:
    first = PersonLimit(cast.user.id, 1, 2, "campaign week", datetime.now(UTC) + timedelta(days=3))
    second = PersonLimit(cast.colleague.id, None, None, "", None)
    cap = Cap(10**6, None)
    await put(database, cast.admin.actor, Change(users=[first], customer=cap, sets_customer=True))
    after = await put(database, cast.admin.actor, USER_LESS)
    assert (list(after.users), after.customer) == ([first], cap)
    after = await put(database, cast.admin.actor, Change(users=[second], sets_customer=True))
    assert (list(after.users), after.customer) == ([second], None)
    assert after.roles[Role.USER].daily == 500


async def test_every_difference_is_told_in_the_trail(database: Database, cast: Cast) -> None:
    person = PersonLimit(cast.user.id, 1, 2, "secret reason", None)
    await put(database, cast.admin.actor, Change(users=[person], roles=USER_LESS.roles))
    await put(database, cast.admin.actor, Change(users=[person], roles=USER_LESS.roles))
    async with database.of(cast.customer) as tx:
        actions = await tx.values("select action from audit_entries order by action")
        facts = await tx.value("select string_agg(facts::text, '') from audit_entries")
    assert actions == ["limits.role", "limits.user"]
    assert "secret" not in facts


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (Change(roles=[RoleLimit("viewer", 1, 1)]), Invalid),
        (Change(roles=[RoleLimit("user", 1, 1), RoleLimit("owner", 1, 1)]), Forbidden),
        (Change(roles=USER_LESS.roles, users=[PersonLimit(new_id(), 1, 1, "", None)]), NotFound),
    ],
    ids=["viewer", "owner by an admin", "nobody"],
)
async def test_a_refused_change_changes_nothing(
    database: Database, cast: Cast, wish: Change, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await put(database, cast.admin.actor, wish)
    async with database.customer(cast.admin.actor) as tx:
        assert (await current(tx)).roles[Role.USER].daily == 10_000


async def test_people_elsewhere_owners_and_the_past_are_refused(database: Database, cast: Cast) -> None:
    def only(limit: PersonLimit) -> Change:
        return Change(users=[limit])

    past = datetime.now(UTC) - timedelta(seconds=1)
    with pytest.raises(NotFound):
        await put(database, cast.admin.actor, only(PersonLimit(cast.stranger.id, 1, 1, "", None)))
    with pytest.raises(Forbidden):
        await put(database, cast.admin.actor, only(PersonLimit(cast.owner.id, 1, 1, "", None)))
    with pytest.raises(Invalid):
        await put(database, cast.admin.actor, only(PersonLimit(cast.user.id, 1, 1, "", past)))
    with pytest.raises(Forbidden):
        await put(database, cast.manager.actor, USER_LESS)
    await put(database, cast.owner.actor, only(PersonLimit(cast.owner.id, 1, 1, "", None)))
    with pytest.raises(Forbidden):
        await put(database, cast.admin.actor, Change(users=[]))
