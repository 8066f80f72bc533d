"""What the assistant's page shows: threads, exchanges, pickers, and what the model would be shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.chat import access, following, gathering
from aidecamp.chat.models import CONTEXT_TYPES, Choice, Conversation, Message, Question
from aidecamp.chat.refusals import explain
from aidecamp.chat.store import conversations, messages
from aidecamp.chat.turn import Turns
from aidecamp.context import disclosure
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Refusal
from aidecamp.host.port import Host
from aidecamp.providers.store import Row, listed
from aidecamp.suggestions.cards import Card, card
from aidecamp.suggestions.kinds import KINDS
from aidecamp.suggestions.store import of_messages

SHOWN_MESSAGES = 100
SHOWN_CAMPAIGNS = 20
SHOWN_AUDIENCES = 10
SHOWN_PROVIDERS = 50
ABOUT = {
    "analytics": "Results",
    "campaign": "Campaigns",
    "content": "Content",
    "strategy": "Strategy",
}


async def sheet(
    turns: Turns,
    actor: Actor,
    conversation_id: UUID | None = None,
    *,
    context: str = "",
    draft: str = "",
    want: Sequence[str] = (),
    is_archived: bool = False,
    problem: Refusal | None = None,
) -> dict[str, Any]:
    """All that the template is given; NotFound where the conversation is not the actor's."""
    async with turns.database.customer(actor) as tx:
        conversation = await access.own(tx, actor, conversation_id) if conversation_id else None
        said = await messages.latest(tx, conversation.id, limit=SHOWN_MESSAGES) if conversation else []
        connected = [
            row
            for row in await listed(tx, actor.customer_id, actor.person, SHOWN_PROVIDERS, None)
            if row.is_active
        ]
        given = {
            "conversations": await conversations.recent(tx, actor.person, is_archived=is_archived),
            "contexts": [] if conversation else await _contexts(tx, actor, turns.host, context),
            **await _next_question(tx, actor, turns, conversation),
        }
        cards = await _cards(tx, actor, turns.host, said)
    running = next((message.id for message in said if message.status == "streaming"), None)
    return given | {
        "conversation": conversation,
        "is_archived": is_archived,
        "about": ABOUT,
        "exchanges": [(await _so_far(turns, actor, message), cards.get(message.id, [])) for message in said],
        "running": running,
        "providers": _providers(connected, conversation),
        "kinds": [Choice(kind.name, kind.label, kind.name in want) for kind in KINDS.values()],
        "disclosure": _disclosure(connected, conversation),
        "is_for_trying_out": any(
            row.id == _picked(connected, conversation) and gathering.is_for_trying_out(row.model_name)
            for row in connected
        ),
        "draft": draft,
        "problem": problem,
        "explain": explain,
    }


async def exchange(turns: Turns, actor: Actor, message_id: UUID) -> dict[str, Any]:
    """One answer with its cards, as the thread shows it."""
    async with turns.database.customer(actor) as tx:
        message = await access.own_message(tx, actor, message_id)
        cards = await _cards(tx, actor, turns.host, [message])
    shown = await _so_far(turns, actor, message)
    return {"message": shown, "cards": cards.get(message.id, []), "explain": explain}


def context_of(value: str) -> tuple[str, dict[str, Any] | None]:
    """A picked context: its type, and the campaign or audience it is about."""
    kind, _, ref_id = value.partition(":")
    if ref_id and kind in ("campaign", "audience"):
        return ("campaign" if kind == "campaign" else "strategy"), {"kind": kind, "id": ref_id}
    return (kind if kind in CONTEXT_TYPES else "analytics"), None


async def _cards(
    tx: Transaction, actor: Actor, host: Host, said: Sequence[Message]
) -> dict[UUID | None, list[Card]]:
    found: dict[UUID | None, list[Card]] = {}
    for each in await of_messages(tx, actor, [message.id for message in said]):
        found.setdefault(each.message_id, []).append(card(each, actor, host))
    return found


async def _so_far(turns: Turns, actor: Actor, message: Message) -> Message:
    return await following.so_far(turns.database, turns.journal, actor, message)


async def _contexts(tx: Transaction, actor: Actor, host: Host, chosen: str) -> list[Choice]:
    named = [Choice(value, label, value == chosen) for value, label in ABOUT.items()]
    campaigns = await host.figures.campaigns(tx, actor, limit=SHOWN_CAMPAIGNS)
    audiences = await host.figures.audiences(tx, actor, limit=SHOWN_AUDIENCES)
    picks = [(f"campaign:{each.id}", f"Campaign: {each.name}") for each in campaigns]
    picks += [(f"audience:{each.id}", f"Audience: {each.name}") for each in audiences]
    return named + [Choice(value, label, value == chosen) for value, label in picks]


async def _next_question(
    tx: Transaction, actor: Actor, turns: Turns, conversation: Conversation | None
) -> dict[str, Any]:
    """What the next question would show to the chosen model, and its tokens before its own words."""
    if conversation is None:
        return {"snapshot": None, "estimate": None}
    try:
        material = await gathering.gather(tx, actor, turns.host, turns.models, Question(conversation.id, ""))
    except Refusal:
        return {"snapshot": None, "estimate": None}
    return {"snapshot": material.snapshot, "estimate": material.assembled.estimated_input}


def _disclosure(rows: Sequence[Row], conversation: Conversation | None) -> str:
    """What goes where with the next question; empty while there is nowhere for it to go."""
    picked = _picked(rows, conversation)
    about = conversation.context_type if conversation else "analytics"
    told = (disclosure.sentence(row.name, row.endpoint.host, about) for row in rows if row.id == picked)
    return next(told, "")


def _picked(rows: Sequence[Row], conversation: Conversation | None) -> UUID | None:
    picked = conversation.ai_provider_id if conversation else None
    if picked in {row.id for row in rows}:
        return picked
    return next((row.id for row in rows if row.is_default), None)


def _providers(rows: Sequence[Row], conversation: Conversation | None) -> list[Choice]:
    picked = _picked(rows, conversation)
    chosen = sorted(rows, key=lambda row: not row.is_default)
    return [Choice(str(row.id), f"{row.name} · {row.model_name}", row.id == picked) for row in chosen]
