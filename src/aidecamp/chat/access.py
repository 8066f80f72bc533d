"""Who may see a conversation: the person whose it is, and nobody else."""

from __future__ import annotations

from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.chat.models import Conversation, Message
from aidecamp.chat.store import conversations, messages
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound


class NoConversation(NotFound):
    help = "It may have been deleted. Start a new conversation."


async def own(tx: Transaction, actor: Actor, conversation_id: UUID) -> Conversation:
    conversation = await conversations.one(tx, actor.person, conversation_id)
    if conversation is None:
        raise NoConversation("There is no such conversation.")
    return conversation


async def own_message(tx: Transaction, actor: Actor, message_id: UUID) -> Message:
    message = await messages.one(tx, actor.person, message_id)
    if message is None:
        raise NotFound("There is no such message.")
    return message
