"""All SQL of this room: the database's clock."""

from __future__ import annotations

from datetime import datetime

from aidecamp.db.transaction import Transaction


async def now(tx: Transaction) -> datetime:
    """When this transaction began: the moment that a snapshot shows."""
    moment: datetime = await tx.value("select now()")
    return moment
