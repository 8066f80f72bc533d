"""The assistant's page; it works as plain forms, and streams where scripts run."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from aidecamp.actor import Actor
from aidecamp.chat import access, live, threads
from aidecamp.chat.api import AllTurns
from aidecamp.chat.models import MAX_QUESTION_CHARS, Asked, ContextType, Question
from aidecamp.chat.refusals import TooLong
from aidecamp.chat.sheet import context_of, exchange, sheet
from aidecamp.chat.store import conversations, messages
from aidecamp.chat.turn import Turns
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound, Refusal
from aidecamp.identity.guards import PageCaller
from aidecamp.identity.rights import Right, demand, may
from aidecamp.providers import access as providers
from aidecamp.web import render
from aidecamp.web.sse import EventStream
from aidecamp.web.text import clean, clean_name

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

Text = Annotated[str, Form()]
Names = Annotated[list[str], Form()]


@router.get("/")
async def start(actor: PageCaller) -> Response:
    return RedirectResponse("/assistant" if may(actor, Right.USE_ASSISTANT) else "/campaigns", 303)


@router.get("/assistant")
async def assistant(
    request: Request,
    actor: PageCaller,
    turns: AllTurns,
    context: Annotated[str, Query(max_length=60)] = "",
    draft: Annotated[str, Query(max_length=2000)] = "",
    is_archived: bool = False,
) -> Response:
    """A link may fill the composer; only a person's own click sends it."""
    demand(actor, Right.USE_ASSISTANT)
    given = await sheet(turns, actor, context=context, draft=clean(draft), is_archived=is_archived)
    return render.page(request, "chat/assistant.html", actor, **given)


@router.get("/assistant/{conversation_id}")
async def conversation(
    conversation_id: UUID,
    request: Request,
    actor: PageCaller,
    turns: AllTurns,
    draft: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    given = await sheet(turns, actor, conversation_id, draft=clean(draft))
    return render.page(request, "chat/assistant.html", actor, **given)


@router.post("/assistant/ask")
async def begin(
    request: Request,
    actor: PageCaller,
    turns: AllTurns,
    content: Text = "",
    context: Text = "",
    provider: Text = "",
    want: Names = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """The first question begins its conversation; one that is refused leaves none behind."""
    demand(actor, Right.USE_ASSISTANT)
    about, ref = context_of(context)
    async with turns.database.customer(actor) as tx:
        begun = await threads.begin(
            tx,
            actor,
            turns.host,
            context_type=cast(ContextType, about),
            context_ref=ref,
            provider_id=_id(provider),
        )
    try:
        await turns.ask(actor, _question(begun.id, content, want))
    except Refusal as refusal:
        await threads.delete(turns, actor, begun.id)
        given = await sheet(turns, actor, context=context, draft=content, want=want, problem=refusal)
        return render.page(request, "chat/assistant.html", actor, refusal.status, **given)
    return RedirectResponse(f"/assistant/{begun.id}", 303)


@router.post("/assistant/{conversation_id}/ask")
async def ask(
    conversation_id: UUID,
    request: Request,
    actor: PageCaller,
    turns: AllTurns,
    content: Text = "",
    provider: Text = "",
    want: Names = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    async with turns.database.customer(actor) as tx:
        await access.own(tx, actor, conversation_id)
        await _choose(tx, actor, conversation_id, _id(provider))
    try:
        asked = await turns.ask(actor, _question(conversation_id, content, want))
    except Refusal as refusal:
        if "hx-request" in request.headers:
            raise
        given = await sheet(turns, actor, conversation_id, draft=content, want=want, problem=refusal)
        return render.page(request, "chat/assistant.html", actor, refusal.status, **given)
    return await _shown(request, turns, actor, asked)


@router.post("/assistant/answers/{message_id}/retry")
async def retry(message_id: UUID, request: Request, actor: PageCaller, turns: AllTurns) -> Response:
    """The same question again, as a new one: what the first try used stays counted."""
    async with turns.database.customer(actor) as tx:
        answer = await access.own_message(tx, actor, message_id)
        if answer.question_id is None:
            raise NotFound("There is no question to ask again.")
        question = await access.own_message(tx, actor, answer.question_id)
    asked = await turns.ask(actor, Question(answer.conversation_id, question.content))
    return await _shown(request, turns, actor, asked)


@router.get("/assistant/answers/{message_id}/stream")
async def stream(message_id: UUID, request: Request, actor: PageCaller, turns: AllTurns) -> Response:
    async with turns.database.customer(actor) as tx:
        await access.own_message(tx, actor, message_id)
    return EventStream(live.frames(request, turns, actor, message_id))


@router.post("/assistant/answers/{message_id}/stop")
async def stop(message_id: UUID, request: Request, actor: PageCaller, turns: AllTurns) -> Response:
    message = await turns.stop(actor, message_id)
    if "hx-request" in request.headers:
        return Response(status_code=204)
    return RedirectResponse(f"/assistant/{message.conversation_id}", 303)


@router.post("/assistant/{conversation_id}/rename")
async def rename(conversation_id: UUID, actor: PageCaller, turns: AllTurns, title: Text = "") -> Response:
    async with turns.database.customer(actor) as tx:
        wish = clean_name(title)[:255] or None
        await threads.change(tx, actor, conversation_id, title=wish, is_archived=None)
    return RedirectResponse(f"/assistant/{conversation_id}", 303)


@router.post("/assistant/{conversation_id}/archive")
async def archive(conversation_id: UUID, actor: PageCaller, turns: AllTurns) -> Response:
    async with turns.database.customer(actor) as tx:
        now = await access.own(tx, actor, conversation_id)
        await threads.change(tx, actor, conversation_id, title=None, is_archived=not now.is_archived)
    return RedirectResponse("/assistant" if not now.is_archived else f"/assistant/{conversation_id}", 303)


@router.post("/assistant/{conversation_id}/delete")
async def delete(conversation_id: UUID, actor: PageCaller, turns: AllTurns) -> Response:
    await threads.delete(turns, actor, conversation_id)
    return RedirectResponse("/assistant", 303)


async def _shown(request: Request, turns: Turns, actor: Actor, asked: Asked) -> Response:
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/assistant/{asked.conversation_id}", 303)
    async with turns.database.customer(actor) as tx:
        question = await messages.one(tx, actor.person, asked.question_id)
    given = await exchange(turns, actor, asked.message_id)
    asking = given | {"message": question, "cards": []}
    parts = [render.text(request, "chat/_message.html", actor, **each) for each in (asking, given)]
    return HTMLResponse("".join(parts))


async def _choose(tx: Transaction, actor: Actor, conversation_id: UUID, provider_id: UUID | None) -> None:
    """Another provider from this question on, where the composer says so."""
    now = await access.own(tx, actor, conversation_id)
    if provider_id is None or provider_id == now.ai_provider_id:
        return
    await providers.own(tx, actor, provider_id)
    await conversations.rebind(tx, actor.person, conversation_id, provider_id=provider_id)


def _question(conversation_id: UUID, content: str, want: list[str]) -> Question:
    text = clean(content)
    if len(text) > MAX_QUESTION_CHARS:
        raise TooLong(f"A message may have {MAX_QUESTION_CHARS:,} characters; this one has {len(text):,}.")
    return Question(conversation_id, text, tuple(want))


def _id(value: str) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError as error:
        raise NotFound("There is no such provider.") from error
