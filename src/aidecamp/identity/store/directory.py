"""Finding whose address or key a hash is, before any customer is known."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from aidecamp.db.transaction import Transaction
from aidecamp.identity.models import Entry


async def find(tx: Transaction, key_hash: bytes) -> Entry | None:
    return await tx.maybe(
        Entry,
        """
        select kind, customer_id, user_id, object_id from directory
        where key_hash = %(key_hash)s and (expires_at is null or expires_at > now())
        """,
        key_hash=key_hash,
    )


async def enrol(
    tx: Transaction,
    key_hash: bytes,
    kind: Literal["email", "session", "token"],
    *,
    customer_id: UUID,
    user_id: UUID,
    object_id: UUID,
    expires_at: datetime | None = None,
) -> bool:
    """False where the hash is already somebody's."""
    changed = await tx.run(
        """
        insert into directory (key_hash, kind, customer_id, user_id, object_id, expires_at)
        values (%(key_hash)s, %(kind)s, %(customer_id)s, %(user_id)s, %(object_id)s, %(expires_at)s)
        on conflict (key_hash) do nothing
        """,
        key_hash=key_hash,
        kind=kind,
        customer_id=customer_id,
        user_id=user_id,
        object_id=object_id,
        expires_at=expires_at,
    )
    return changed == 1


async def strike(tx: Transaction, kind: str, customer_id: UUID, object_id: UUID) -> None:
    await tx.run(
        """
        delete from directory
        where kind = %(kind)s and customer_id = %(customer_id)s and object_id = %(object_id)s
        """,
        kind=kind,
        customer_id=customer_id,
        object_id=object_id,
    )


async def strike_sessions(tx: Transaction, customer_id: UUID, user_id: UUID, keep: UUID | None) -> None:
    await tx.run(
        """
        delete from directory
        where customer_id = %(customer_id)s and user_id = %(user_id)s and kind = 'session'
          and object_id is distinct from %(keep)s
        """,
        customer_id=customer_id,
        user_id=user_id,
        keep=keep,
    )


async def strike_user(tx: Transaction, customer_id: UUID, user_id: UUID) -> None:
    """Address, sessions and tokens of a user who is erased."""
    await tx.run(
        "delete from directory where customer_id = %(customer_id)s and user_id = %(user_id)s",
        customer_id=customer_id,
        user_id=user_id,
    )


async def expired(tx: Transaction, limit: int) -> list[Entry]:
    """Customer by customer, so that each can be cleaned in its own transaction."""
    return await tx.all(
        Entry,
        """
        select kind, customer_id, user_id, object_id from (
            select * from directory where expires_at < now() order by expires_at limit %(limit)s) oldest
        order by customer_id
        """,
        limit=limit,
    )
