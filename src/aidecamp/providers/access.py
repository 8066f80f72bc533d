"""Whose provider it is: a person's own, or the same refusal as if it were not there."""

from __future__ import annotations

from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound
from aidecamp.identity.rights import Right, demand
from aidecamp.providers import store
from aidecamp.providers.store import Row


async def own(tx: Transaction, actor: Actor, provider_id: UUID) -> Row:
    """The provider, locked against changes; 404 comes before 403."""
    row = await store.own(tx, actor.customer_id, actor.person, provider_id)
    if row is None:
        raise NotFound("There is no such provider.")
    demand(actor, Right.OWN_PROVIDERS)
    return row
