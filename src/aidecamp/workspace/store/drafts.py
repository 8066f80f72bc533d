"""Plans, and which suggestion was put to work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from aidecamp.actor import Actor, Role
from aidecamp.db.transaction import Transaction
from aidecamp.workspace.models import Plan


async def claim(tx: Transaction, actor: Actor, key: UUID) -> bool:
    """Take the key for this transaction; a concurrent holder is waited for, an earlier one wins."""
    made = await tx.run(
        """
        insert into applied_drafts (customer_id, key) values (%(customer_id)s, %(key)s)
        on conflict (customer_id, key) do nothing
        """,
        customer_id=actor.customer_id,
        key=key,
    )
    return made == 1


async def effect_of(tx: Transaction, key: UUID) -> dict[str, Any]:
    effect: dict[str, Any] = await tx.value("select effect from applied_drafts where key = %(key)s", key=key)
    return effect


async def record(
    tx: Transaction, key: UUID, effect: dict[str, Any], *, campaign_id: UUID | None, plan_id: UUID | None
) -> None:
    await tx.run(
        """
        update applied_drafts
        set effect = %(effect)s, campaign_id = %(campaign_id)s, plan_id = %(plan_id)s
        where key = %(key)s
        """,
        key=key,
        effect=Jsonb(effect),
        campaign_id=campaign_id,
        plan_id=plan_id,
    )


async def release(tx: Transaction, *, key: UUID) -> None:
    await tx.run("delete from applied_drafts where key = %(key)s", key=key)


async def insert_plan(
    tx: Transaction, actor: Actor, *, id: UUID, name: str, steps: list[dict[str, Any]], suggestion_id: UUID
) -> None:
    await tx.run(
        """
        insert into plans (customer_id, id, name, steps, created_by, suggestion_id)
        values (%(customer_id)s, %(id)s, %(name)s, %(steps)s, %(user_id)s, %(suggestion_id)s)
        """,
        customer_id=actor.customer_id,
        id=id,
        name=name,
        steps=Jsonb(steps),
        user_id=actor.user_id,
        suggestion_id=suggestion_id,
    )


async def plan(tx: Transaction, actor: Actor, plan_id: UUID) -> Plan | None:
    """A plan is seen by its author and by managers, like the drafts in it."""
    return await tx.maybe(
        Plan,
        """
        select id, name, steps, created_by, suggestion_id, created_at from plans
        where id = %(id)s and (%(everything)s or created_by = %(user_id)s)
        """,
        id=plan_id,
        everything=actor.role.at_least(Role.MANAGER),
        user_id=actor.user_id,
    )


async def delete_plan(tx: Transaction, plan_id: UUID) -> int:
    return await tx.run("delete from plans where id = %(id)s", id=plan_id)


@dataclass(frozen=True, slots=True)
class Named:
    id: UUID
    name: str


async def audience_named(tx: Transaction, name: str) -> Named | None:
    return await tx.maybe(Named, "select id, name from audiences where name = %(name)s", name=name)
