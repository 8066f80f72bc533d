"""Conversations and turns as JSON and as event streams."""

from __future__ import annotations

from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from aidecamp.actor import Actor
from aidecamp.chat import access, threads
from aidecamp.chat.models import Conversation, Message
from aidecamp.chat.store import conversations as store
from aidecamp.chat.store import messages
from aidecamp.chat.streaming import frames, whole
from aidecamp.chat.turn import Turns
from aidecamp.chat.wire import (
    AnswerOut,
    ConversationChange,
    ConversationIn,
    ConversationOut,
    MessageOut,
    QuestionIn,
)
from aidecamp.errors import Conflict, Invalid, NotFound, RateLimited
from aidecamp.identity import guards
from aidecamp.identity.guards import Caller
from aidecamp.identity.rights import Right
from aidecamp.metering.admission import QuotaExceeded
from aidecamp.providers.failures import NoProvider, ProviderError, ProviderOverloaded, ProviderTimeout
from aidecamp.web import idempotency, listing
from aidecamp.web.listing import DEFAULT_LIMIT, After, Limit, Page
from aidecamp.web.patience import PatientRoute
from aidecamp.web.problems import responses
from aidecamp.web.sse import MEDIA_TYPE, EventStream, last_event_id
from aidecamp.web.state import Db

router = APIRouter(prefix="/api/v1", tags=["conversations"], route_class=PatientRoute)


def turns(request: Request) -> Turns:
    return cast(Turns, request.app.state.turns)


async def own(conversation_id: UUID, actor: Caller, db: Db) -> Conversation:
    """Found before the body is judged: what is foreign is absent, whatever was sent."""
    async with db.customer(actor) as tx:
        return await access.own(tx, actor, conversation_id)


async def own_answer(message_id: UUID, actor: Caller, db: Db) -> Message:
    async with db.customer(actor) as tx:
        message = await access.own_message(tx, actor, message_id)
    if message.role != "assistant":
        raise NotFound("Only answers have events.")
    return message


AllTurns = Annotated[Turns, Depends(turns)]
Assisted = Annotated[Actor, Depends(guards.allowed(Right.USE_ASSISTANT))]
Own = Annotated[Conversation, Depends(own)]
OwnAnswer = Annotated[Message, Depends(own_answer)]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)]

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer: as events while it is written, or whole when it is done",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: STREAM[200] | {"description": "The events of the answer, from `Last-Event-ID` on"}
}
FAILURES = responses(
    NotFound, NoProvider, Conflict, Invalid, QuotaExceeded, RateLimited, ProviderError, ProviderOverloaded,
    ProviderTimeout,
)  # fmt: skip


@router.get("/conversations")
async def list_conversations(
    actor: Caller,
    db: Db,
    before: After,
    limit: Limit = DEFAULT_LIMIT,
    is_archived: Annotated[bool | None, Query()] = None,
) -> Page[ConversationOut]:
    """Your own, newest first."""
    async with db.customer(actor) as tx:
        rows = await store.newest(tx, actor.person, before=before, limit=limit + 1, is_archived=is_archived)
    return listing.page(rows, limit, ConversationOut.of, lambda row: row.id)


@router.post("/conversations", status_code=201, responses=responses(NotFound, Conflict, Invalid))
async def start_conversation(
    actor: Assisted, db: Db, all_turns: AllTurns, wish: ConversationIn
) -> ConversationOut:
    async with db.customer(actor) as tx:
        begun = await threads.begin(
            tx,
            actor,
            all_turns.host,
            title=wish.title or "",
            context_type=wish.context_type,
            context_ref=wish.context_ref.stored() if wish.context_ref else None,
            provider_id=wish.ai_provider_id,
        )
    return ConversationOut.of(begun)


@router.get("/conversations/{conversation_id}", responses=responses(NotFound))
async def read_conversation(conversation: Own) -> ConversationOut:
    return ConversationOut.of(conversation)


@router.patch("/conversations/{conversation_id}", responses=responses(NotFound, Invalid))
async def change_conversation(
    conversation: Own, actor: Caller, db: Db, change: ConversationChange
) -> ConversationOut:
    async with db.customer(actor) as tx:
        changed = await threads.change(
            tx, actor, conversation.id, title=change.title, is_archived=change.is_archived
        )
    return ConversationOut.of(changed)


@router.delete("/conversations/{conversation_id}", status_code=204, responses=responses(NotFound))
async def delete_conversation(conversation: Own, actor: Caller, all_turns: AllTurns) -> None:
    """With its messages and suggestions; an answer that is being written is stopped and counted."""
    await threads.delete(all_turns, actor, conversation.id)


@router.get("/conversations/{conversation_id}/messages", responses=responses(NotFound))
async def list_messages(
    conversation: Own, actor: Caller, db: Db, after: After, limit: Limit = DEFAULT_LIMIT
) -> Page[MessageOut]:
    """Oldest first."""
    async with db.customer(actor) as tx:
        rows = await messages.listed(tx, conversation.id, after=after, limit=limit + 1)
    return listing.page(rows, limit, MessageOut.of, lambda row: row.id)


@router.post(
    "/conversations/{conversation_id}/messages", response_model=AnswerOut, responses=STREAM | FAILURES
)
async def ask(
    request: Request, conversation: Own, actor: Caller, all_turns: AllTurns, body: QuestionIn
) -> Response:
    """Ask. With `Accept: text/event-stream` the answer is streamed, else it is told when it is done."""
    message_id = idempotency.earlier(request)
    if message_id is None:

        async def remember(tx: Any, made: UUID) -> None:
            await idempotency.refer(request, tx, made)

        asked = await all_turns.ask(actor, body.question(conversation.id), remember)
        message_id = asked.message_id
    if wants_stream(request):
        return EventStream(frames(request, all_turns, actor, message_id))
    return await whole(request, all_turns, actor, message_id)


@router.get(
    "/messages/{message_id}/events",
    response_class=Response,
    responses=EVENTS | responses(NotFound),
)
async def follow(
    request: Request, message: OwnAnswer, actor: Caller, all_turns: AllTurns, last: LastEventId = None
) -> Response:
    """Pick a running answer up, from any worker; a finished one is told again."""
    return EventStream(frames(request, all_turns, actor, message.id, last_event_id(last)))


@router.post("/messages/{message_id}/stop", responses=responses(NotFound))
async def stop(message: OwnAnswer, actor: Caller, all_turns: AllTurns) -> MessageOut:
    """What was written and used so far is kept and counted. A finished answer stays as it is."""
    return MessageOut.of(await all_turns.stop(actor, message.id))


def wants_stream(request: Request) -> bool:
    return MEDIA_TYPE in request.headers.get("accept", "").lower()
