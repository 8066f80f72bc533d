"""Who may see or change a suggestion: the suggestion, or the same refusal as if it were not there."""

from __future__ import annotations

from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound
from aidecamp.identity.rights import Right, demand
from aidecamp.suggestions import store
from aidecamp.suggestions.models import Suggestion


async def visible(tx: Transaction, actor: Actor, suggestion_id: UUID) -> Suggestion:
    """One's own; a colleague's only once it was applied, since then it is part of the workspace."""
    found = await store.find(tx, suggestion_id)
    if found is None or not (is_own(actor, found) or found.status == "applied"):
        raise _nothing()
    return found


async def changeable(tx: Transaction, actor: Actor, suggestion_id: UUID) -> Suggestion:
    """One's own, locked; a role that may no longer review is told so."""
    found = await store.lock(tx, suggestion_id)
    if found is None or not is_own(actor, found):
        raise _nothing()
    demand(actor, Right.REVIEW_SUGGESTIONS)
    return found


def is_own(actor: Actor, suggestion: Suggestion) -> bool:
    return suggestion.user_id == actor.user_id


def _nothing() -> NotFound:
    return NotFound("There is no such suggestion.")
