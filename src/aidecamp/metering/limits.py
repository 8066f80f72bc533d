"""Who may spend how much: one document, read whole and changed in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aidecamp import audit
from aidecamp.actor import Actor, Role
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Invalid, NotFound
from aidecamp.identity.rights import Right, demand
from aidecamp.metering import store
from aidecamp.metering.store.limits import Cap, PersonLimit, RoleLimit


@dataclass(frozen=True, slots=True)
class Limits:
    """None = unlimited, everywhere. `roles` always names every role; `customer` None = no cap."""

    roles: Mapping[Role, RoleLimit]
    customer: Cap | None
    users: Sequence[PersonLimit]


@dataclass(frozen=True, slots=True)
class Change:
    """What is absent stays as it is. `users` is the whole list of overrides."""

    roles: Sequence[RoleLimit] = ()
    users: Sequence[PersonLimit] | None = None
    customer: Cap | None = None
    sets_customer: bool = False


async def current(tx: Transaction) -> Limits:
    roles = {Role(limit.role): limit for limit in await store.limits.of_roles(tx)}
    return Limits(
        roles={role: roles[role] for role in Role},
        customer=await store.limits.cap(tx),
        users=await store.limits.of_people(tx),
    )


async def change(tx: Transaction, actor: Actor, wish: Change) -> Limits:
    """All of it or nothing; it holds from the next request on. Owners' limits are theirs alone."""
    demand(actor, Right.MANAGE_LIMITS)
    await store.limits.lock(tx)
    before = await current(tx)
    changed = [limit for limit in wish.roles if limit != before.roles[Role(limit.role)]]
    _allow_roles(actor, changed)
    if wish.users is not None:
        await _allow_people(tx, actor, before.users, wish.users)
        await store.limits.put_people(tx, actor.customer_id, wish.users)
    for limit in changed:
        await store.limits.put_role(tx, actor.customer_id, limit)
    if wish.sets_customer:
        await store.limits.put_cap(tx, actor.customer_id, wish.customer)
    after = await current(tx)
    await _record(tx, actor, before, after)
    return after


def _allow_roles(actor: Actor, changed: Sequence[RoleLimit]) -> None:
    for limit in changed:
        if limit.role == Role.OWNER:
            demand(actor, Right.MANAGE_OWNERS)
        if limit.role == Role.VIEWER:
            raise Invalid(
                "A viewer has no AI tokens; give the person another role instead.",
                errors=[{"field": "roles.viewer", "message": "stays 0"}],
            )


async def _allow_people(
    tx: Transaction, actor: Actor, before: Sequence[PersonLimit], wished: Sequence[PersonLimit]
) -> None:
    ids = [limit.user_id for limit in wished]
    if len(set(ids)) < len(ids):
        raise Invalid(
            "A person can have one limit only.", errors=[{"field": "users", "message": "names someone twice"}]
        )
    touched = {limit.user_id for limit in {*before} ^ {*wished}}
    members = await store.limits.members(tx, [*touched, *ids])
    if any(id not in members for id in ids):
        raise NotFound("One of these users does not exist.")
    known = {limit.user_id: limit for limit in before}
    for place, limit in enumerate(wished):
        if limit.expires_at and limit.expires_at <= datetime.now(UTC) and known.get(limit.user_id) != limit:
            raise Invalid(
                "A limit can't end in the past.",
                errors=[{"field": f"users[{place}].expires_at", "message": "is in the past"}],
            )
    if any(members[id].role == Role.OWNER for id in touched if id in members):
        demand(actor, Right.MANAGE_OWNERS)


async def _record(tx: Transaction, actor: Actor, before: Limits, after: Limits) -> None:
    for role in Role:
        was, now = before.roles[role], after.roles[role]
        if was != now:
            await audit.record(
                tx, actor, "limits.role", "role", changed_role=role.value,
                daily_before=was.daily, monthly_before=was.monthly, daily=now.daily, monthly=now.monthly,
            )  # fmt: skip
    old = {limit.user_id: limit for limit in before.users}
    new = {limit.user_id: limit for limit in after.users}
    for user_id in sorted(old.keys() | new.keys()):
        if old.get(user_id) != new.get(user_id):
            limit = new.get(user_id)
            await audit.record(
                tx, actor, "limits.user", "user", user_id, removed=limit is None,
                daily=limit and limit.daily, monthly=limit and limit.monthly,
                expires_at=limit and limit.expires_at and limit.expires_at.isoformat(),
            )  # fmt: skip
    if before.customer != after.customer:
        cap = after.customer
        await audit.record(
            tx, actor, "limits.customer", "customer", actor.customer_id, removed=cap is None,
            daily=cap and cap.daily, monthly=cap and cap.monthly,
        )  # fmt: skip
