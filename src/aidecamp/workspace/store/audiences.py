"""Audiences and who is in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.workspace.models import Audience

COLUMNS = """
    id, name, description, rules,
    (select count(*) from audience_members m
     where m.customer_id = audiences.customer_id and m.audience_id = audiences.id) as size,
    version, created_by, created_at, updated_at
"""


async def find(tx: Transaction, audience_id: UUID) -> Audience | None:
    return await tx.maybe(Audience, f"select {COLUMNS} from audiences where id = %(id)s", id=audience_id)


async def listed(tx: Transaction, *, before: UUID | None = None, limit: int = 50) -> list[Audience]:
    return await tx.all(
        Audience,
        f"""
        select {COLUMNS} from audiences where (%(before)s::uuid is null or id < %(before)s)
        order by id desc limit %(limit)s
        """,
        before=before,
        limit=limit,
    )


async def insert(
    tx: Transaction,
    actor: Actor,
    *,
    id: UUID,
    name: str,
    description: str,
    rules: dict[str, Any] | None,
) -> bool:
    """False where the customer has an audience of that name."""
    made = await tx.run(
        """
        insert into audiences (customer_id, id, name, description, rules, created_by)
        values (%(customer_id)s, %(id)s, %(name)s, %(description)s, %(rules)s, %(user_id)s)
        on conflict (customer_id, name) do nothing
        """,
        customer_id=actor.customer_id,
        id=id,
        name=name,
        description=description,
        rules=Jsonb(rules) if rules is not None else None,
        user_id=actor.user_id,
    )
    return made == 1


async def name_taken(tx: Transaction, name: str, *, other_than: UUID) -> bool:
    return bool(
        await tx.value(
            "select exists (select from audiences where name = %(name)s and id <> %(id)s)",
            name=name,
            id=other_than,
        )
    )


async def update(tx: Transaction, audience_id: UUID, *, name: str, description: str) -> None:
    await tx.run(
        """
        update audiences set name = %(name)s, description = %(description)s,
               version = version + 1, updated_at = now()
        where id = %(id)s
        """,
        id=audience_id,
        name=name,
        description=description,
    )


async def delete(tx: Transaction, audience_id: UUID) -> None:
    await tx.run("delete from audiences where id = %(id)s", id=audience_id)


async def add_members(tx: Transaction, audience_id: UUID, contact_keys: list[str]) -> int:
    """Contacts by their key; unknown keys are left out."""
    return await tx.run(
        """
        insert into audience_members (customer_id, audience_id, contact_id)
        select customer_id, %(audience_id)s, id from contacts where key = any(%(keys)s)
        on conflict do nothing
        """,
        audience_id=audience_id,
        keys=contact_keys,
    )


async def add_contacts(tx: Transaction, audience_id: UUID, contact_ids: list[UUID]) -> int:
    return await tx.run(
        """
        insert into audience_members (customer_id, audience_id, contact_id)
        select customer_id, %(audience_id)s, id from contacts where id = any(%(ids)s)
        on conflict do nothing
        """,
        audience_id=audience_id,
        ids=contact_ids,
    )
