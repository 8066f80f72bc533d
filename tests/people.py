"""The cast: one customer with a person in each role and a colleague, and a stranger from another customer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from aidecamp.actor import Actor, Role
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database

PASSWORD = "correct horse battery staple"
ZONE = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Person:
    actor: Actor
    email: str
    password: str = PASSWORD

    @property
    def id(self) -> UUID:
        return self.actor.person


@dataclass(frozen=True, slots=True)
class Cast:
    customer: UUID
    viewer: Person
    user: Person
    support: Person
    manager: Person
    admin: Person
    owner: Person
    colleague: Person
    """A second person in the role `user`: may not see what is the first one's own."""
    stranger: Person
    """An admin, but of another customer: whatever is asked, there is nothing here."""

    @property
    def members(self) -> tuple[Person, ...]:
        return (self.viewer, self.user, self.support, self.manager, self.admin, self.owner)

    def __getitem__(self, role: str) -> Person:
        return next(person for person in self.members if person.actor.role == role)


async def gather(database: Database) -> Cast:
    """Write the cast into an empty database, without the product's own commands."""
    harbour = await _customer(database, "Harbour & Vine", ZONE)
    north = await _customer(database, "North Pole Supplies", "America/New_York")
    people = {role.value: await join(database, harbour, role.value, role) for role in Role}
    return Cast(
        customer=harbour,
        **people,
        colleague=await join(database, harbour, "colleague", Role.USER),
        stranger=await join(database, north, "stranger", Role.ADMIN, "America/New_York"),
    )


async def _customer(database: Database, name: str, zone: str) -> UUID:
    customer_id = new_id()
    async with database.of(customer_id) as tx:
        await tx.run(
            "insert into customers (customer_id, name, timezone) values (%(id)s, %(name)s, %(zone)s)",
            id=customer_id,
            name=name,
            zone=zone,
        )
    return customer_id


async def join(database: Database, customer_id: UUID, name: str, role: Role, zone: str = ZONE) -> Person:
    """One more person of a customer."""
    user_id, email = new_id(), f"{name}@example.org"
    async with database.of(customer_id) as tx:
        await tx.run(
            """insert into users (customer_id, id, email, name, role, password_hash)
               values (%(customer_id)s, %(id)s, %(email)s, %(name)s, %(role)s, %(hash)s)""",
            customer_id=customer_id,
            id=user_id,
            email=email,
            name=name.title(),
            role=role.value,
            hash=_hash(),
        )
        await tx.run(
            """insert into directory (key_hash, kind, customer_id, user_id, object_id)
               values (%(key)s, 'email', %(customer_id)s, %(user_id)s, %(user_id)s)""",
            key=hashlib.sha256(b"email:" + email.encode()).digest(),
            customer_id=customer_id,
            user_id=user_id,
        )
    return Person(Actor(customer_id, user_id, role, zone), email)


@lru_cache(maxsize=1)
def _hash() -> str:
    """One cheap hash for everybody: the cost of hashing is not what these tests are about."""
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(PASSWORD)
