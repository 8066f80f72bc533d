"""The suggestions' pages: the inbox, one suggestion, and what is done with it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Refusal
from aidecamp.host.port import CampaignFigures, Host
from aidecamp.identity.guards import PageCaller
from aidecamp.identity.rights import Right, may
from aidecamp.suggestions import access, forms, review, store
from aidecamp.suggestions.api import Hosted
from aidecamp.suggestions.cards import WORDS, card
from aidecamp.suggestions.kinds import KINDS
from aidecamp.suggestions.models import STATUSES, Filter, Status, Suggestion
from aidecamp.web.listing import DEFAULT_LIMIT, After, encode
from aidecamp.web.render import fragment, page
from aidecamp.web.state import Db

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

VIEWS = {"card": "suggestions/_card.html", "row": "suggestions/_row.html"}
DRAFTS_OFFERED = 100


@router.get("/suggestions")
async def inbox(
    request: Request,
    actor: PageCaller,
    db: Db,
    host: Hosted,
    after: After,
    status: Status | None = None,
    suggestion_type: Annotated[str, Query(pattern="^[a-z_]{0,50}$")] = "",
    everything: bool = False,
) -> HTMLResponse:
    """What is to review comes first; a role that can't review sees what was applied."""
    async with db.customer(actor) as tx:
        counts = await store.counts(tx, actor)
        first: Status = "pending" if may(actor, Right.REVIEW_SUGGESTIONS) else "applied"
        chosen = status or (None if everything else first)
        wish = Filter(chosen, suggestion_type or None)
        rows = await store.listed(tx, actor, wish, after=after, limit=DEFAULT_LIMIT + 1)
    shown = rows[:DEFAULT_LIMIT]
    return page(
        request,
        "suggestions/inbox.html",
        actor,
        cards=[card(row, actor, host) for row in shown],
        counts=counts,
        statuses=[(name, WORDS[name]) for name in STATUSES],
        kinds=[(kind.name, kind.label) for kind in KINDS.values()],
        chosen=chosen,
        suggestion_type=suggestion_type,
        next_cursor=encode(shown[-1].id) if len(rows) > DEFAULT_LIMIT else None,
    )


@router.get("/suggestions/{suggestion_id}")
async def one(suggestion_id: UUID, request: Request, actor: PageCaller, db: Db, host: Hosted) -> HTMLResponse:
    async with db.customer(actor) as tx:
        suggestion = await access.visible(tx, actor, suggestion_id)
        return await _details(request, tx, actor, host, suggestion)


@router.post("/suggestions/{suggestion_id}/accept")
async def accept(
    suggestion_id: UUID,
    request: Request,
    actor: PageCaller,
    db: Db,
    host: Hosted,
    view: Annotated[str, Form()] = "",
) -> Response:
    async with db.customer(actor) as tx:
        suggestion = await review.accept(tx, actor, suggestion_id)
    return _shown(request, actor, host, suggestion, view)


@router.post("/suggestions/{suggestion_id}/reject")
async def reject(
    suggestion_id: UUID,
    request: Request,
    actor: PageCaller,
    db: Db,
    host: Hosted,
    view: Annotated[str, Form()] = "",
) -> Response:
    async with db.customer(actor) as tx:
        suggestion = await review.reject(tx, actor, suggestion_id)
    return _shown(request, actor, host, suggestion, view)


@router.post("/suggestions/{suggestion_id}/apply")
async def apply(
    suggestion_id: UUID,
    request: Request,
    actor: PageCaller,
    db: Db,
    host: Hosted,
    view: Annotated[str, Form()] = "",
    campaign_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    async with db.customer(actor) as tx:
        applied = await review.apply(tx, actor, host, suggestion_id, campaign_id)
    return _shown(request, actor, host, applied.suggestion, view)


@router.post("/suggestions/{suggestion_id}/undo")
async def undo(
    suggestion_id: UUID,
    request: Request,
    actor: PageCaller,
    db: Db,
    host: Hosted,
    view: Annotated[str, Form()] = "",
) -> Response:
    async with db.customer(actor) as tx:
        suggestion = await review.undo(tx, actor, host, suggestion_id)
    return _shown(request, actor, host, suggestion, view)


@router.post("/suggestions/{suggestion_id}/mend")
async def mend(
    suggestion_id: UUID,
    request: Request,
    actor: PageCaller,
    db: Db,
    host: Hosted,
    code: Annotated[str, Form(max_length=60)],
    field: Annotated[str, Form(max_length=60)],
) -> Response:
    """Take the fix of one check."""
    async with db.customer(actor) as tx:
        suggestion = await review.mend(tx, actor, host, suggestion_id, code=code, field=field)
    return _shown(request, actor, host, suggestion, "")


@router.post("/suggestions/{suggestion_id}/edit")
async def edit(suggestion_id: UUID, request: Request, actor: PageCaller, db: Db, host: Hosted) -> Response:
    """Save the form; what can't be saved comes back with the reason and nothing typed is lost."""
    sent = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    async with db.customer(actor) as tx:
        suggestion = await access.changeable(tx, actor, suggestion_id)
        wanted = forms.content(suggestion.kind, sent)
        title = sent.get("title", suggestion.title)
        try:
            edited = await review.edit(tx, actor, host, suggestion_id, title=title, content=wanted)
        except Refusal as problem:
            return await _details(request, tx, actor, host, suggestion, problem, {**wanted, "title": title})
    return _shown(request, actor, host, edited, "")


async def _details(
    request: Request,
    tx: Transaction,
    actor: Actor,
    host: Host,
    suggestion: Suggestion,
    problem: Refusal | None = None,
    typed: dict[str, object] | None = None,
) -> HTMLResponse:
    drafts = await _drafts(tx, actor, host, suggestion)
    values = typed or {**suggestion.content, "title": suggestion.title}
    return page(
        request,
        "suggestions/suggestion.html",
        actor,
        status=problem.status if problem else 200,
        card=card(suggestion, actor, host),
        drafts=drafts,
        problem=problem,
        values=values,
        as_words=forms.words,
    )


async def _drafts(tx: Transaction, actor: Actor, host: Host, suggestion: Suggestion) -> list[CampaignFigures]:
    """Drafts of the same channel, that it could become the content of."""
    if suggestion.kind.channel is None:
        return []
    found = await host.figures.campaigns(tx, actor, status="draft", limit=DRAFTS_OFFERED)
    return [draft for draft in found if draft.channel == suggestion.kind.channel]


def _shown(request: Request, actor: Actor, host: Host, suggestion: Suggestion, view: str) -> Response:
    """The part of the page that changed, or without scripts the suggestion's own page."""
    if "hx-request" in request.headers and view in VIEWS:
        return fragment(request, VIEWS[view], actor, card=card(suggestion, actor, host))
    return RedirectResponse(f"/suggestions/{suggestion.id}", 303)
