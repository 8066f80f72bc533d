"""Suggestions over HTTP: list, read, change, accept, reject, apply, undo."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from aidecamp.errors import Conflict, Forbidden, NotFound, Unauthenticated
from aidecamp.host.port import Host
from aidecamp.identity.guards import Caller
from aidecamp.suggestions import access, review, store
from aidecamp.suggestions.models import Filter, Status
from aidecamp.suggestions.review import ChecksFailed
from aidecamp.suggestions.wire import AppliedOut, ApplyIn, SuggestionChange, SuggestionOut, applied_out, out
from aidecamp.web.listing import DEFAULT_LIMIT, After, Limit, Page, page
from aidecamp.web.patience import PatientRoute
from aidecamp.web.problems import responses
from aidecamp.web.state import Db

router = APIRouter(
    prefix="/api/v1", tags=["suggestions"], responses=responses(Unauthenticated), route_class=PatientRoute
)


def host(request: Request) -> Host:
    return cast(Host, request.app.state.host)


async def own(suggestion_id: UUID, actor: Caller, db: Db) -> None:
    """Found before the body is judged: what is foreign is absent, whatever was sent."""
    async with db.customer(actor) as tx:
        await access.changeable(tx, actor, suggestion_id)


Hosted = Annotated[Host, Depends(host)]
TypeName = Annotated[str, Query(pattern="^[a-z_]{1,50}$")]


@router.get("/suggestions")
async def list_suggestions(
    actor: Caller,
    db: Db,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
    status: Status | None = None,
    suggestion_type: TypeName | None = None,
    conversation_id: UUID | None = None,
) -> Page[SuggestionOut]:
    """Your own suggestions, newest first, and those that colleagues applied."""
    wish = Filter(status, suggestion_type, conversation_id)
    async with db.customer(actor) as tx:
        rows = await store.listed(tx, actor, wish, after=after, limit=limit + 1)
    return page(rows, limit, out, lambda row: row.id)


@router.get("/suggestions/{suggestion_id}", responses=responses(NotFound))
async def read_suggestion(suggestion_id: UUID, actor: Caller, db: Db) -> SuggestionOut:
    async with db.customer(actor) as tx:
        return out(await access.visible(tx, actor, suggestion_id))


@router.patch(
    "/suggestions/{suggestion_id}",
    responses=responses(Forbidden, NotFound, Conflict),
    dependencies=[Depends(own)],
)
async def change_suggestion(
    suggestion_id: UUID, change: SuggestionChange, actor: Caller, db: Db, host: Hosted
) -> SuggestionOut:
    """Change its title or fields of its content; the checks run again."""
    async with db.customer(actor) as tx:
        edited = await review.edit(tx, actor, host, suggestion_id, title=change.title, content=change.content)
    return out(edited)


@router.post("/suggestions/{suggestion_id}/accept", responses=responses(Forbidden, NotFound, Conflict))
async def accept_suggestion(suggestion_id: UUID, actor: Caller, db: Db) -> SuggestionOut:
    async with db.customer(actor) as tx:
        return out(await review.accept(tx, actor, suggestion_id))


@router.post("/suggestions/{suggestion_id}/reject", responses=responses(Forbidden, NotFound, Conflict))
async def reject_suggestion(suggestion_id: UUID, actor: Caller, db: Db) -> SuggestionOut:
    async with db.customer(actor) as tx:
        return out(await review.reject(tx, actor, suggestion_id))


@router.post(
    "/suggestions/{suggestion_id}/apply",
    responses=responses(Forbidden, NotFound, Conflict, ChecksFailed),
    dependencies=[Depends(own)],
)
async def apply_suggestion(
    suggestion_id: UUID, actor: Caller, db: Db, host: Hosted, choice: ApplyIn | None = None
) -> AppliedOut:
    """Make it a draft, or the content of the draft named by `campaign_id`; again gives the same target."""
    async with db.customer(actor) as tx:
        campaign_id = choice.campaign_id if choice else None
        applied = await review.apply(tx, actor, host, suggestion_id, campaign_id)
    return applied_out(applied, host)


@router.post("/suggestions/{suggestion_id}/undo", responses=responses(Forbidden, NotFound, Conflict))
async def undo_suggestion(suggestion_id: UUID, actor: Caller, db: Db, host: Hosted) -> SuggestionOut:
    """Remove the drafts that apply made, or restore what it changed."""
    async with db.customer(actor) as tx:
        return out(await review.undo(tx, actor, host, suggestion_id))
