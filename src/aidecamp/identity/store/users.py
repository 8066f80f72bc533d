"""Customers and users as rows."""

from __future__ import annotations

from uuid import UUID

from aidecamp.actor import Role
from aidecamp.db.transaction import Transaction
from aidecamp.identity.models import Account, User


async def insert_customer(tx: Transaction, customer_id: UUID, name: str, timezone: str) -> None:
    await tx.run(
        """
        insert into customers (customer_id, name, timezone)
        values (%(customer_id)s, %(name)s, %(timezone)s)
        """,
        customer_id=customer_id,
        name=name,
        timezone=timezone,
    )


async def customer_name(tx: Transaction) -> str:
    name: str = await tx.value("select name from customers where customer_id = current_customer()")
    return name


async def customer_zone(tx: Transaction) -> str | None:
    zone: str | None = await tx.value("select timezone from customers where customer_id = current_customer()")
    return zone


async def lock_customer(tx: Transaction) -> None:
    """Held while owners change, so that two who remove each other can't both succeed."""
    await tx.value("select 1 from customers where customer_id = current_customer() for no key update")


async def insert(
    tx: Transaction,
    user_id: UUID,
    *,
    customer_id: UUID,
    email: str,
    name: str,
    role: Role,
    password_hash: str | None,
) -> User:
    return await tx.one(
        User,
        """
        insert into users (customer_id, id, email, name, role, password_hash)
        values (%(customer_id)s, %(user_id)s, %(email)s, %(name)s, %(role)s, %(password_hash)s)
        returning id, email, name, role, is_active, created_at, updated_at
        """,
        customer_id=customer_id,
        user_id=user_id,
        email=email,
        name=name,
        role=role.value,
        password_hash=password_hash,
    )


async def account(tx: Transaction, user_id: UUID) -> Account | None:
    return await tx.maybe(
        Account,
        """
        select u.customer_id, u.id, u.role, c.timezone, u.password_hash,
               u.is_active and c.is_active as is_active
        from users u join customers c on c.customer_id = u.customer_id
        where u.customer_id = current_customer() and u.id = %(user_id)s
        """,
        user_id=user_id,
    )


async def get(tx: Transaction, user_id: UUID, *, lock: bool = False) -> User | None:
    if lock:
        await tx.value("select 1 from users where id = %(user_id)s for no key update", user_id=user_id)
    return await tx.maybe(
        User,
        """
        select id, email, name, role, is_active, created_at, updated_at
        from users where id = %(user_id)s
        """,
        user_id=user_id,
    )


async def list_all(tx: Transaction, limit: int, before: UUID | None) -> list[User]:
    return await tx.all(
        User,
        """
        select id, email, name, role, is_active, created_at, updated_at from users
        where %(before)s::uuid is null or id < %(before)s
        order by id desc limit %(limit)s
        """,
        limit=limit,
        before=before,
    )


async def update(
    tx: Transaction, user_id: UUID, *, email: str, name: str, role: Role, is_active: bool
) -> User:
    return await tx.one(
        User,
        """
        update users set email = %(email)s, name = %(name)s, role = %(role)s, is_active = %(is_active)s,
                         updated_at = now()
        where id = %(user_id)s
        returning id, email, name, role, is_active, created_at, updated_at
        """,
        user_id=user_id,
        email=email,
        name=name,
        role=role.value,
        is_active=is_active,
    )


async def set_password(tx: Transaction, user_id: UUID, password_hash: str) -> None:
    await tx.run(
        "update users set password_hash = %(password_hash)s, updated_at = now() where id = %(user_id)s",
        user_id=user_id,
        password_hash=password_hash,
    )


async def refresh_hash(tx: Transaction, user_id: UUID, old: str, new: str) -> None:
    """Only while the password is still the one that was verified."""
    await tx.run(
        "update users set password_hash = %(new)s where id = %(user_id)s and password_hash = %(old)s",
        user_id=user_id,
        old=old,
        new=new,
    )


async def other_owners(tx: Transaction, user_id: UUID) -> int:
    count: int = await tx.value(
        "select count(*) from users where role = 'owner' and is_active and id <> %(user_id)s",
        user_id=user_id,
    )
    return count


async def count(tx: Transaction) -> int:
    users: int = await tx.value("select count(*) from users")
    return users
