"""From a presented key to the actor it stands for, asked anew on every request: nothing is cached."""

from __future__ import annotations

from datetime import timedelta

from aidecamp.actor import Actor
from aidecamp.db.pool import Database, enter
from aidecamp.db.transaction import Transaction
from aidecamp.identity import keys
from aidecamp.identity.models import Entry, KeyKind, Recognised
from aidecamp.identity.store import directory, sessions, tokens

SESSION_LIFE = timedelta(days=7)
LONGEST_SESSION = timedelta(days=30)
RENEW_WITHIN = SESSION_LIFE - timedelta(days=1)


async def recognise(database: Database, key: str, kind: KeyKind) -> Recognised | None:
    """The living user behind the key, or None. A database that can't say refuses (Unavailable)."""
    if not keys.is_key(key):
        return None
    key_hash = keys.digest(key)
    async with database.outside() as tx:
        entry = await directory.find(tx, key_hash)
        if entry is None or entry.kind != kind:
            return None
        await enter(tx.connection, entry.customer_id)
        return await _living(tx, entry, kind, key_hash)


async def _living(tx: Transaction, entry: Entry, kind: KeyKind, key_hash: bytes) -> Recognised | None:
    if kind == "session":
        bearer = await sessions.bearer(tx, entry.object_id, key_hash, RENEW_WITHIN)
    else:
        bearer = await tokens.bearer(tx, entry.object_id, key_hash)
    if bearer is None:
        return None
    if bearer.is_stale and kind == "session":
        await sessions.renew(tx, entry.object_id, SESSION_LIFE, LONGEST_SESSION)
    elif bearer.is_stale:
        await tokens.mark_used(tx, entry.object_id)
    actor = Actor(bearer.customer_id, bearer.user_id, bearer.role, bearer.timezone, kind)
    return Recognised(actor, kind, entry.object_id)
