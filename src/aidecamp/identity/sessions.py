"""Browser sessions: opened by a password, ended at once by sign-out, suspension or a new password."""

from __future__ import annotations

from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.identity import keys
from aidecamp.identity.models import Opened, Recognised
from aidecamp.identity.recognition import SESSION_LIFE
from aidecamp.identity.store import directory
from aidecamp.identity.store import sessions as store


async def begin(tx: Transaction, actor: Actor) -> Opened:
    """A session of its own for every sign-in: a key from before it is never promoted."""
    session_id, key = new_id(), keys.new_session_key()
    key_hash = keys.digest(key)
    expires_at = await store.insert(tx, session_id, actor.customer_id, actor.person, key_hash, SESSION_LIFE)
    await directory.enrol(
        tx,
        key_hash,
        "session",
        customer_id=actor.customer_id,
        user_id=actor.person,
        object_id=session_id,
        expires_at=expires_at,
    )
    return Opened(Recognised(actor, "session", session_id), key, expires_at)


async def end(tx: Transaction, actor: Actor, session_id: UUID) -> None:
    await store.delete(tx, session_id)
    await directory.strike(tx, "session", actor.customer_id, session_id)


async def end_all(tx: Transaction, customer_id: UUID, user_id: UUID, keep: UUID | None = None) -> int:
    """Every session of the user but `keep`; how many there were."""
    await directory.strike_sessions(tx, customer_id, user_id, keep)
    return await store.delete_of_user(tx, user_id, keep)
