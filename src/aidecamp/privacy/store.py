"""Who the ids of the trail belong to, as far as they are still known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Known:
    id: UUID
    email: str
    name: str


async def known(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Known]:
    rows = await tx.all(Known, "select id, email, name from users where id = any(%(ids)s)", ids=list(ids))
    return {row.id: row for row in rows}


async def everybody(tx: Transaction) -> list[Known]:
    return await tx.all(Known, "select id, email, name from users order by name, email, id limit 500")
