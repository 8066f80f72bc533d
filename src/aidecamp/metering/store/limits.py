"""Limits by role, by person, and over the whole customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RoleLimit:
    role: str
    daily: int | None
    monthly: int | None


@dataclass(frozen=True, slots=True)
class PersonLimit:
    user_id: UUID
    daily: int | None
    monthly: int | None
    reason: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cap:
    daily: int | None
    monthly: int | None


async def of_roles(tx: Transaction) -> list[RoleLimit]:
    """Every role with what holds: the customer's own figures, else the defaults."""
    return await tx.all(
        RoleLimit,
        """select d.role, case when r.role is null then d.daily else r.daily end as daily,
                  case when r.role is null then d.monthly else r.monthly end as monthly
             from default_limits() d left join role_limits r on r.role = d.role""",
    )


async def of_people(tx: Transaction) -> list[PersonLimit]:
    """Overrides that hold now; a grant that ran out is no longer one."""
    return await tx.all(
        PersonLimit,
        """select user_id, daily, monthly, reason, expires_at from user_limits
            where expires_at is null or expires_at > now() order by user_id""",
    )


async def cap(tx: Transaction) -> Cap | None:
    return await tx.maybe(Cap, "select daily, monthly from customer_limits")


async def lock(tx: Transaction) -> None:
    """Two admins change limits one after the other."""
    await tx.run("select from customers for no key update")


async def put_role(tx: Transaction, customer_id: UUID, limit: RoleLimit) -> None:
    await tx.run(
        """insert into role_limits (customer_id, role, daily, monthly)
           values (%(customer_id)s, %(role)s, %(daily)s, %(monthly)s)
               on conflict (customer_id, role) do update
              set daily = excluded.daily, monthly = excluded.monthly""",
        customer_id=customer_id,
        role=limit.role,
        daily=limit.daily,
        monthly=limit.monthly,
    )


async def put_people(tx: Transaction, customer_id: UUID, limits: Sequence[PersonLimit]) -> None:
    """Exactly these overrides, no other."""
    await tx.run(
        "delete from user_limits where not user_id = any(%(kept)s)", kept=[p.user_id for p in limits]
    )
    await tx.run_many(
        """insert into user_limits (customer_id, user_id, daily, monthly, reason, expires_at)
           values (%(customer_id)s, %(user_id)s, %(daily)s, %(monthly)s, %(reason)s, %(expires_at)s)
               on conflict (customer_id, user_id) do update
              set daily = excluded.daily, monthly = excluded.monthly, reason = excluded.reason,
                  expires_at = excluded.expires_at""",
        [
            {
                "customer_id": customer_id,
                "user_id": p.user_id,
                "daily": p.daily,
                "monthly": p.monthly,
                "reason": p.reason,
                "expires_at": p.expires_at,
            }
            for p in limits
        ],
    )


async def put_cap(tx: Transaction, customer_id: UUID, limit: Cap | None) -> None:
    if limit is None:
        await tx.run("delete from customer_limits")
        return
    await tx.run(
        """insert into customer_limits (customer_id, daily, monthly)
           values (%(customer_id)s, %(daily)s, %(monthly)s)
               on conflict (customer_id) do update set daily = excluded.daily, monthly = excluded.monthly""",
        customer_id=customer_id,
        daily=limit.daily,
        monthly=limit.monthly,
    )


@dataclass(frozen=True, slots=True)
class Member:
    id: UUID
    role: str
    email: str
    name: str


async def members(tx: Transaction, ids: Sequence[UUID]) -> Mapping[UUID, Member]:
    found = await tx.all(
        Member, "select id, role, email, name from users where id = any(%(ids)s)", ids=list(ids)
    )
    return {member.id: member for member in found}


async def everybody(tx: Transaction, most: int = 500) -> list[Member]:
    return await tx.all(
        Member,
        "select id, role, email, name from users where is_active order by email limit %(most)s",
        most=most,
    )
