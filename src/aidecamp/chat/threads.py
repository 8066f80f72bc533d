"""Conversations as people keep them: begun, renamed, archived, deleted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.chat.access import NoConversation
from aidecamp.chat.models import ContextType, Conversation
from aidecamp.chat.store import conversations as store
from aidecamp.chat.store import messages
from aidecamp.chat.turn import STOP, Turns
from aidecamp.context.snapshot import referred
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict
from aidecamp.host.port import Host
from aidecamp.providers import access as providers

MOST_CONVERSATIONS = 10_000


class TooMany(Conflict):
    title = "You have too many conversations"
    help = "Delete some that you no longer need."


async def begin(
    tx: Transaction,
    actor: Actor,
    host: Host,
    *,
    context_type: ContextType,
    title: str = "",
    context_ref: dict[str, Any] | None = None,
    provider_id: UUID | None = None,
) -> Conversation:
    """NotFound where the context or the provider is not the actor's to use."""
    await demand_usable(tx, actor, host, context_ref, provider_id)
    if await store.count(tx, actor.person) >= MOST_CONVERSATIONS:
        raise TooMany()
    conversation = await store.insert(
        tx,
        customer_id=actor.customer_id,
        id=new_id(),
        user_id=actor.person,
        provider_id=provider_id,
        title=title,
        context_type=context_type,
        context_ref=context_ref,
    )
    await audit.record(tx, actor, "conversation.begin", "conversation", conversation.id, context=context_type)
    return conversation


async def demand_usable(
    tx: Transaction,
    actor: Actor,
    host: Host,
    context_ref: dict[str, Any] | None,
    provider_id: UUID | None,
) -> None:
    await referred(tx, actor, host, context_ref)
    if provider_id is not None:
        await providers.own(tx, actor, provider_id)


async def change(
    tx: Transaction, actor: Actor, id: UUID, *, title: str | None, is_archived: bool | None
) -> Conversation:
    changed = await store.change(tx, actor.person, id, title=title, is_archived=is_archived)
    if changed is None:
        raise NoConversation("There is no such conversation.")
    await audit.record(tx, actor, "conversation.change", "conversation", id)
    return changed


async def delete(turns: Turns, actor: Actor, id: UUID) -> None:
    """The row goes first: an answer that is still being written then finds no place and is only counted."""
    async with turns.database.customer(actor) as tx:
        running = await messages.running(tx, id)
        if not await store.delete(tx, actor.person, id):
            raise NoConversation("There is no such conversation.")
        await audit.record(tx, actor, "conversation.delete", "conversation", id)
        for message_id in running:
            await turns.signals.send(tx, STOP, {"message_id": message_id})
