"""Proof that what we keep beside the ledger can be recomputed from it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aidecamp.db.pool import Database
from aidecamp.errors import NotFound
from aidecamp.identity.store.users import customer_zone
from aidecamp.metering import store


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure that differs: the roll-up of a day, or a window; `None` where a side has nothing."""

    customer_id: UUID
    user_id: UUID
    what: str
    kept: str | None
    recomputed: str | None


async def verify(database: Database, customer: UUID | None = None) -> tuple[int, list[Finding]]:
    """How many customers were checked, and every difference. Safe while the product runs.

    NotFound where the named customer does not exist: nothing to differ is not agreement.
    """
    customers = [customer] if customer else await _all(database)
    findings = []
    for customer_id in customers:
        async with database.of(customer_id) as tx:
            if await customer_zone(tx) is None:
                raise NotFound(f"There is no customer {customer_id}.")
            async for d in store.books.differences(tx):
                findings.append(Finding(customer_id, d.user_id, d.what, d.kept, d.recomputed))
    return len(customers), findings


async def _all(database: Database) -> list[UUID]:
    async with database.outside() as tx:
        return await store.books.customers(tx)
