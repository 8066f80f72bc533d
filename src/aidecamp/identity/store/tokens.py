"""Access tokens as rows."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from aidecamp.db.transaction import Transaction
from aidecamp.identity.models import Token
from aidecamp.identity.store.sessions import Bearer


async def bearer(tx: Transaction, token_id: UUID, key_hash: bytes) -> Bearer | None:
    return await tx.maybe(
        Bearer,
        """
        select t.customer_id, u.id as user_id, u.role, c.timezone,
               coalesce(t.last_used_at < now() - interval '1 minute', true) as is_stale
        from tokens t
        join users u on (u.customer_id, u.id) = (t.customer_id, t.user_id)
        join customers c on c.customer_id = t.customer_id
        where t.customer_id = current_customer() and t.id = %(token_id)s and t.key_hash = %(key_hash)s
          and t.expires_at > now() and u.is_active and c.is_active
        """,
        token_id=token_id,
        key_hash=key_hash,
    )


async def mark_used(tx: Transaction, token_id: UUID) -> None:
    """Skips a row that another request holds: a time stamp is never worth waiting for."""
    await tx.run(
        """
        update tokens set last_used_at = now() where (customer_id, id) in (
            select customer_id, id from tokens
            where customer_id = current_customer() and id = %(token_id)s for no key update skip locked)
        """,
        token_id=token_id,
    )


async def insert(
    tx: Transaction,
    token_id: UUID,
    customer_id: UUID,
    user_id: UUID,
    name: str,
    key_hash: bytes,
    life: timedelta,
) -> Token:
    return await tx.one(
        Token,
        """
        insert into tokens (customer_id, id, user_id, name, key_hash, expires_at)
        values (%(customer_id)s, %(token_id)s, %(user_id)s, %(name)s, %(key_hash)s, now() + %(life)s)
        returning id, name, created_at, expires_at, last_used_at
        """,
        customer_id=customer_id,
        token_id=token_id,
        user_id=user_id,
        name=name,
        key_hash=key_hash,
        life=life,
    )


async def count_of_user(tx: Transaction, user_id: UUID) -> int:
    """Locks the user's row, so that two requests can't both take the last place."""
    await tx.value("select 1 from users where id = %(user_id)s for no key update", user_id=user_id)
    count: int = await tx.value(
        "select count(*) from tokens where user_id = %(user_id)s and expires_at > now()", user_id=user_id
    )
    return count


async def list_of_user(tx: Transaction, user_id: UUID, limit: int, before: UUID | None) -> list[Token]:
    return await tx.all(
        Token,
        """
        select id, name, created_at, expires_at, last_used_at from tokens
        where user_id = %(user_id)s and expires_at > now() and (%(before)s::uuid is null or id < %(before)s)
        order by id desc limit %(limit)s
        """,
        user_id=user_id,
        limit=limit,
        before=before,
    )


async def delete(tx: Transaction, user_id: UUID, token_id: UUID) -> bool:
    changed = await tx.run(
        "delete from tokens where user_id = %(user_id)s and id = %(token_id)s",
        user_id=user_id,
        token_id=token_id,
    )
    return changed == 1


async def delete_expired(tx: Transaction, token_id: UUID) -> bool:
    return await tx.run("delete from tokens where id = %(token_id)s", token_id=token_id) == 1
