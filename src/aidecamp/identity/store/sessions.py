"""Sessions as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aidecamp.actor import Role
from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Bearer:
    """The living user behind a living key. `is_stale` asks for the key's time stamp to be moved."""

    customer_id: UUID
    user_id: UUID
    role: Role
    timezone: str
    is_stale: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", Role(self.role))


async def bearer(
    tx: Transaction, session_id: UUID, key_hash: bytes, renew_within: timedelta
) -> Bearer | None:
    return await tx.maybe(
        Bearer,
        """
        select s.customer_id, u.id as user_id, u.role, c.timezone,
               s.expires_at < now() + %(renew_within)s as is_stale
        from sessions s
        join users u on (u.customer_id, u.id) = (s.customer_id, s.user_id)
        join customers c on c.customer_id = s.customer_id
        where s.customer_id = current_customer() and s.id = %(session_id)s and s.key_hash = %(key_hash)s
          and s.expires_at > now() and u.is_active and c.is_active
        """,
        session_id=session_id,
        key_hash=key_hash,
        renew_within=renew_within,
    )


async def insert(
    tx: Transaction, session_id: UUID, customer_id: UUID, user_id: UUID, key_hash: bytes, life: timedelta
) -> datetime:
    expires_at: datetime = await tx.value(
        """
        insert into sessions (customer_id, id, user_id, key_hash, expires_at)
        values (%(customer_id)s, %(session_id)s, %(user_id)s, %(key_hash)s, now() + %(life)s)
        returning expires_at
        """,
        customer_id=customer_id,
        session_id=session_id,
        user_id=user_id,
        key_hash=key_hash,
        life=life,
    )
    return expires_at


async def renew(tx: Transaction, session_id: UUID, life: timedelta, longest: timedelta) -> None:
    await tx.run(
        """
        with renewed as (
            update sessions set expires_at = least(now() + %(life)s, created_at + %(longest)s)
            where customer_id = current_customer() and id = %(session_id)s
            returning customer_id, id, expires_at)
        update directory d set expires_at = r.expires_at
        from renewed r where d.kind = 'session' and (d.customer_id, d.object_id) = (r.customer_id, r.id)
        """,
        session_id=session_id,
        life=life,
        longest=longest,
    )


async def delete(tx: Transaction, session_id: UUID) -> bool:
    return await tx.run("delete from sessions where id = %(session_id)s", session_id=session_id) == 1


async def delete_of_user(tx: Transaction, user_id: UUID, keep: UUID | None) -> int:
    return await tx.run(
        "delete from sessions where user_id = %(user_id)s and id is distinct from %(keep)s",
        user_id=user_id,
        keep=keep,
    )
