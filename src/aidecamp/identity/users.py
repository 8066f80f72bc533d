"""Customers and their users: who may make whom, and who may never be the last to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aidecamp import audit
from aidecamp.actor import Actor, Role
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.signals import Signals
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict, Forbidden, Invalid, NotFound
from aidecamp.identity import addresses, passwords, sessions
from aidecamp.identity.models import User
from aidecamp.identity.revocation import tell
from aidecamp.identity.rights import Right, demand
from aidecamp.identity.store import directory
from aidecamp.identity.store import users as store
from aidecamp.locale import is_zone

MOST_PER_CUSTOMER = 10_000


class AddressTaken(Conflict):
    title = "This e-mail address is already in use"
    help = "An address belongs to one user of one team."


class LastOwner(Conflict):
    title = "This is the last active owner"
    help = "Make somebody else an owner first."


class AboveOwnRole(Forbidden):
    title = "This is above your own role"
    help = "Ask an owner of your team."


class UnknownZone(Invalid):
    title = "This is not a time zone"
    help = "Use an IANA name such as Europe/Berlin."


class TooManyUsers(Conflict):
    title = "This team has too many users"


@dataclass(frozen=True, slots=True)
class Change:
    """What stays None stays as it is."""

    email: str | None = None
    name: str | None = None
    role: Role | None = None
    is_active: bool | None = None
    password: str | None = None


async def create_customer(database: Database, name: str, timezone: str) -> UUID:
    if not is_zone(timezone):
        raise UnknownZone(f"“{timezone[:60]}” is not an IANA time zone.")
    if not 1 <= len(name) <= 200:
        raise Invalid("A customer's name has 1 to 200 characters.")
    customer_id = new_id()
    actor = Actor.system(customer_id, timezone)
    async with database.customer(actor) as tx:
        await store.insert_customer(tx, customer_id, name, timezone)
        await audit.record(tx, actor, "customer.create", "customer", customer_id)
    return customer_id


async def create(
    database: Database, actor: Actor, email: str, role: Role, name: str = "", password: str | None = None
) -> User:
    """A new user, with no way to sign in while there is no password."""
    _within(actor, role)
    address = addresses.parse(email)
    password_hash = await _hash(password, address)
    user_id = new_id()
    async with database.customer(actor) as tx:
        if await store.count(tx) >= MOST_PER_CUSTOMER:
            raise TooManyUsers(f"A team can have {MOST_PER_CUSTOMER} users at most.")
        await _enrol(tx, actor.customer_id, user_id, address)
        user = await store.insert(
            tx,
            user_id,
            customer_id=actor.customer_id,
            email=address,
            name=name,
            role=role,
            password_hash=password_hash,
        )
        await audit.record(tx, actor, "user.create", "user", user_id, role=role.value)
    return user


async def change(
    database: Database,
    signals: Signals,
    actor: Actor,
    user_id: UUID,
    wish: Change,
    keep_session: UUID | None = None,
) -> User:
    """Role, suspension and address count from the user's next request on; a new password ends sessions."""
    async with database.customer(actor) as tx:
        user = await find(tx, user_id)
    password_hash = await _hash(wish.password, wish.email or user.email)
    async with database.customer(actor) as tx:
        user = await _changeable(tx, actor, user_id, wish)
        if wish.email is not None:
            await _move(tx, actor.customer_id, user, addresses.parse(wish.email))
        changed = await store.update(
            tx,
            user_id,
            email=user.email if wish.email is None else addresses.parse(wish.email),
            name=user.name if wish.name is None else wish.name,
            role=wish.role or user.role,
            is_active=user.is_active if wish.is_active is None else wish.is_active,
        )
        if password_hash:
            await store.set_password(tx, user_id, password_hash)
        if password_hash or not changed.is_active:
            await sessions.end_all(tx, actor.customer_id, user_id, keep_session)
            await tell(signals, tx, actor.customer_id, user_id)
        await _note(tx, actor, user, changed, password_hash is not None)
    return changed


async def find(tx: Transaction, user_id: UUID, *, lock: bool = False) -> User:
    user = await store.get(tx, user_id, lock=lock)
    if user is None:
        raise NotFound("There is no such user.")
    return user


async def _changeable(tx: Transaction, actor: Actor, user_id: UUID, wish: Change) -> User:
    # The customer's row first, in every path: two changes never wait for each other in a circle.
    await store.lock_customer(tx)
    user = await find(tx, user_id, lock=True)
    demand(actor, Right.MANAGE_USERS)
    _within(actor, user.role)
    _within(actor, wish.role or user.role)
    stays = (wish.role or user.role) is Role.OWNER and wish.is_active is not False
    was = user.role is Role.OWNER and user.is_active
    if was and not stays and await store.other_owners(tx, user_id) == 0:
        raise LastOwner("The last active owner can't be removed, suspended or given another role.")
    return user


def _within(actor: Actor, role: Role) -> None:
    if not actor.role.at_least(role):
        raise AboveOwnRole(f"Your role, {actor.role}, may not make or change an {role}.")


async def _hash(password: str | None, address: str) -> str | None:
    if password is None:
        return None
    passwords.check(password, address)
    return await passwords.hash_of(password)


async def _move(tx: Transaction, customer_id: UUID, user: User, address: str) -> None:
    if addresses.digest(address) != addresses.digest(user.email):
        await _enrol(tx, customer_id, user.id, address, replace=True)


async def _enrol(
    tx: Transaction, customer_id: UUID, user_id: UUID, address: str, *, replace: bool = False
) -> None:
    if replace:
        await directory.strike(tx, "email", customer_id, user_id)
    key = addresses.digest(address)
    if not await directory.enrol(
        tx, key, "email", customer_id=customer_id, user_id=user_id, object_id=user_id
    ):
        raise AddressTaken()


async def _note(tx: Transaction, actor: Actor, before: User, after: User, password: bool) -> None:
    facts: dict[str, Any] = {
        "role": after.role.value if after.role is not before.role else None,
        "is_active": after.is_active if after.is_active != before.is_active else None,
        "email_changed": True if after.email != before.email else None,
        "password_set": True if password else None,
    }
    told = {name: value for name, value in facts.items() if value is not None}
    await audit.record(tx, actor, "user.change", "user", after.id, **told)
