"""Users: nobody raises above their own role, somebody always stays owner, an address has one user."""

from __future__ import annotations

import asyncio

import pytest

from aidecamp.actor import Actor, Role
from aidecamp.db.pool import Database
from aidecamp.db.signals import Signals
from aidecamp.errors import Forbidden, NotFound, Refusal
from aidecamp.identity import sign_in, tokens, users
from aidecamp.identity.passwords import WeakPassword
from aidecamp.identity.users import AboveOwnRole, AddressTaken, Change, LastOwner, UnknownZone
from tests.people import Cast


async def test_a_customer_needs_a_real_zone(database: Database) -> None:
    customer = await users.create_customer(database, "Lighthouse", "Pacific/Auckland")
    owner = await users.create(
        database, Actor.system(customer), "ana@lighthouse.example", Role.OWNER, "Ana", "open sesame"
    )
    opened = await sign_in.sign_in(database, "ana@lighthouse.example", "open sesame", "192.0.2.1")
    assert opened.recognised.actor == Actor(customer, owner.id, Role.OWNER, "Pacific/Auckland", "session")
    for zone in ("Berlin", "", "Europe/Berlin\0", "../etc/passwd"):
        with pytest.raises(UnknownZone):
            await users.create_customer(database, "Lighthouse", zone)


@pytest.mark.parametrize("role", list(Role))
async def test_nobody_makes_a_user_above_their_own_role(database: Database, cast: Cast, role: Role) -> None:
    if role is Role.OWNER:
        with pytest.raises(AboveOwnRole):
            await users.create(database, cast.admin.actor, "new@example.org", role)
    made = await users.create(database, cast.owner.actor, "new@example.org", role)
    assert made.role is role


async def test_an_address_belongs_to_one_user_of_one_customer(database: Database, cast: Cast) -> None:
    for address in (cast.user.email, cast.user.email.upper(), cast.stranger.email):
        with pytest.raises(AddressTaken):
            await users.create(database, cast.admin.actor, address, Role.USER)
        with pytest.raises(AddressTaken):
            await users.change(
                database, Signals(database), cast.admin.actor, cast.colleague.id, Change(email=address)
            )


async def test_a_changed_address_frees_the_old_one(database: Database, cast: Cast) -> None:
    await users.change(
        database, Signals(database), cast.admin.actor, cast.user.id, Change(email="New@Example.org")
    )
    await sign_in.sign_in(database, "new@example.org", cast.user.password, "192.0.2.1")
    again = await users.create(database, cast.admin.actor, cast.user.email, Role.VIEWER)
    assert again.email == cast.user.email
    respelt = await users.change(
        database, Signals(database), cast.admin.actor, again.id, Change(email="USER@example.org")
    )
    assert respelt.email == "user@example.org"


async def test_only_an_owner_changes_an_owner(database: Database, cast: Cast) -> None:
    for change in (Change(name="X"), Change(password="mine now, thanks"), Change(role=Role.USER)):
        with pytest.raises(AboveOwnRole):
            await users.change(database, Signals(database), cast.admin.actor, cast.owner.id, change)
    with pytest.raises(AboveOwnRole):
        await users.change(
            database, Signals(database), cast.admin.actor, cast.admin.id, Change(role=Role.OWNER)
        )
    with pytest.raises(Forbidden):
        await users.change(database, Signals(database), cast.manager.actor, cast.user.id, Change(name="X"))


async def test_a_stranger_finds_no_user_before_any_other_refusal(database: Database, cast: Cast) -> None:
    for change in (Change(name="X"), Change(role=Role.OWNER), Change(password="x"), Change(email="bad")):
        with pytest.raises(NotFound):
            await users.change(database, Signals(database), cast.stranger.actor, cast.user.id, change)


@pytest.mark.parametrize("change", [Change(role=Role.ADMIN), Change(is_active=False)])
async def test_the_last_active_owner_stays(database: Database, cast: Cast, change: Change) -> None:
    with pytest.raises(LastOwner):
        await users.change(database, Signals(database), cast.owner.actor, cast.owner.id, change)
    await users.create(database, cast.owner.actor, "second@example.org", Role.OWNER)
    changed = await users.change(database, Signals(database), cast.owner.actor, cast.owner.id, change)
    assert changed.role is not Role.OWNER or not changed.is_active


async def test_two_owners_who_remove_each_other_can_not_both_succeed(database: Database, cast: Cast) -> None:
    second = await users.create(database, cast.owner.actor, "second@example.org", Role.OWNER)
    other = Actor(cast.customer, second.id, Role.OWNER)
    outcomes = await asyncio.gather(
        users.change(database, Signals(database), cast.owner.actor, second.id, Change(is_active=False)),
        users.change(database, Signals(database), other, cast.owner.id, Change(is_active=False)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, LastOwner) for outcome in outcomes) == 1


async def test_tokens_of_a_user_are_bounded_and_personal(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST_PER_USER", 2)

    async def issue() -> tuple[object, str] | Refusal:
        try:
            async with database.customer(cast.user.actor) as tx:
                return await tokens.issue(tx, cast.user.actor, "laptop")
        except Refusal as refusal:
            return refusal

    outcomes = await asyncio.gather(*(issue() for _ in range(5)))
    assert sum(isinstance(outcome, tokens.TooManyTokens) for outcome in outcomes) == 3


async def test_auth_21_a_token_of_somebody_else_is_not_there(database: Database, cast: Cast) -> None:
    async with database.customer(cast.user.actor) as tx:
        token, _ = await tokens.issue(tx, cast.user.actor, "laptop")
    for person in (cast.colleague, cast.owner, cast.stranger):
        with pytest.raises(NotFound):
            async with database.customer(person.actor) as tx:
                await tokens.revoke(tx, Signals(database), person.actor, token.id)


async def test_a_reset_password_may_not_be_the_address_either(database: Database, cast: Cast) -> None:
    with pytest.raises(WeakPassword):
        await users.change(
            database, Signals(database), cast.admin.actor, cast.user.id, Change(password=cast.user.email)
        )
