"""The published price list: read whole, added to by edition, never changed."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.metering.pricing import Price


async def newest(tx: Transaction) -> list[Price]:
    """The edition that was brought in last (ids are made in the order of time)."""
    return await tx.all(
        Price,
        """select id, provider_type, position, model, match, starts_on, rates from prices
            where list = (select list from prices order by id desc limit 1)""",
    )


async def has_edition(tx: Transaction, edition: str) -> bool:
    return bool(await tx.value("select exists (select from prices where list = %(list)s)", list=edition))


async def add(tx: Transaction, edition: str, entries: list[dict[str, Any]]) -> None:
    await tx.run_many(
        """insert into prices (id, list, provider_type, position, model, match, starts_on, rates)
           values (%(id)s, %(list)s, %(provider_type)s, %(position)s, %(model)s, %(match)s, %(starts_on)s,
                   %(rates)s)
               on conflict do nothing""",
        [
            entry
            | {
                "id": new_id(),
                "list": edition,
                "match": Jsonb(entry["match"]),
                "rates": Jsonb(entry["rates"]),
            }
            for entry in entries
        ],
    )
