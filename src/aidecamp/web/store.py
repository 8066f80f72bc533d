"""The SQL of the toolkit: remembered answers of requests with an Idempotency-Key."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Remembered:
    request_hash: bytes
    status: int | None
    answer: bytes | None
    reference: UUID | None


async def claim_key(
    tx: Transaction, *, customer_id: UUID, user_id: UUID, key_hash: bytes, request_hash: bytes
) -> bool:
    """True for the one request that takes the key; the others find the row."""
    await tx.run(
        """
        delete from idempotency_keys
        where customer_id = %(customer_id)s and user_id = %(user_id)s and expires_at < now()
        """,
        customer_id=customer_id,
        user_id=user_id,
    )
    taken = await tx.run(
        """
        insert into idempotency_keys (customer_id, user_id, key_hash, request_hash)
        values (%(customer_id)s, %(user_id)s, %(key_hash)s, %(request_hash)s)
        on conflict do nothing
        """,
        customer_id=customer_id,
        user_id=user_id,
        key_hash=key_hash,
        request_hash=request_hash,
    )
    return taken == 1


async def remembered(
    tx: Transaction, *, customer_id: UUID, user_id: UUID, key_hash: bytes
) -> Remembered | None:
    return await tx.maybe(
        Remembered,
        """
        select request_hash, status, answer, reference from idempotency_keys
        where customer_id = %(customer_id)s and user_id = %(user_id)s and key_hash = %(key_hash)s
        """,
        customer_id=customer_id,
        user_id=user_id,
        key_hash=key_hash,
    )


async def remember(
    tx: Transaction,
    *,
    customer_id: UUID,
    user_id: UUID,
    key_hash: bytes,
    status: int,
    answer: bytes | None,
) -> None:
    await tx.run(
        """
        update idempotency_keys set status = %(status)s, answer = %(answer)s
        where customer_id = %(customer_id)s and user_id = %(user_id)s and key_hash = %(key_hash)s
        """,
        customer_id=customer_id,
        user_id=user_id,
        key_hash=key_hash,
        status=status,
        answer=answer,
    )


async def refer(
    tx: Transaction, *, customer_id: UUID, user_id: UUID, key_hash: bytes, reference: UUID
) -> None:
    await tx.run(
        """
        update idempotency_keys set reference = %(reference)s
        where customer_id = %(customer_id)s and user_id = %(user_id)s and key_hash = %(key_hash)s
        """,
        customer_id=customer_id,
        user_id=user_id,
        key_hash=key_hash,
        reference=reference,
    )


async def release_key(tx: Transaction, *, customer_id: UUID, user_id: UUID, key_hash: bytes) -> None:
    """A refused or crashed request leaves no answer to repeat, unless it already refers to a deed."""
    await tx.run(
        """
        delete from idempotency_keys
        where customer_id = %(customer_id)s and user_id = %(user_id)s and key_hash = %(key_hash)s
          and reference is null
        """,
        customer_id=customer_id,
        user_id=user_id,
        key_hash=key_hash,
    )
