"""Access tokens for programs: shown once, expiring, revocable at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.signals import Signals
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict, NotFound
from aidecamp.identity import keys
from aidecamp.identity.models import Token
from aidecamp.identity.revocation import tell
from aidecamp.identity.store import directory
from aidecamp.identity.store import tokens as store

MOST_PER_USER = 100
DEFAULT_DAYS, LONGEST_DAYS = 90, 365
LIVES = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "A year"))


class TooManyTokens(Conflict):
    title = "You have too many access tokens"
    help = "Revoke one that you no longer use."


async def issue(tx: Transaction, actor: Actor, name: str, days: int = DEFAULT_DAYS) -> tuple[Token, str]:
    """A token of the actor's own, and its text, which is kept nowhere."""
    if await store.count_of_user(tx, actor.person) >= MOST_PER_USER:
        raise TooManyTokens(f"A user can have {MOST_PER_USER} access tokens at most.")
    key = keys.new_token()
    key_hash = keys.digest(key)
    token = await store.insert(
        tx, new_id(), actor.customer_id, actor.person, name, key_hash, timedelta(days=days)
    )
    await directory.enrol(
        tx,
        key_hash,
        "token",
        customer_id=actor.customer_id,
        user_id=actor.person,
        object_id=token.id,
        expires_at=token.expires_at,
    )
    await audit.record(tx, actor, "token.create", "token", token.id, days=days)
    return token, key


async def revoke(tx: Transaction, signals: Signals, actor: Actor, token_id: UUID) -> None:
    """The actor's own only; anybody else's is not there."""
    if not await store.delete(tx, actor.person, token_id):
        raise NotFound("There is no such access token.")
    await directory.strike(tx, "token", actor.customer_id, token_id)
    await audit.record(tx, actor, "token.revoke", "token", token_id)
    await tell(signals, tx, actor.customer_id, actor.person)
