"""The pages of the workspace: campaigns, plans, audiences, contacts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import ValidationError
from starlette.responses import HTMLResponse, RedirectResponse

from aidecamp.actor import Actor
from aidecamp.content.checks import Check, Facts
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Invalid, Refusal
from aidecamp.identity.guards import PageCaller, page_allowed
from aidecamp.identity.rights import Right, may
from aidecamp.web.listing import After, encode
from aidecamp.web.render import page
from aidecamp.web.state import Db
from aidecamp.web.text import CleanName
from aidecamp.web.validation import told
from aidecamp.workspace import access, authoring, forms, proof
from aidecamp.workspace.figures import WorkspaceFigures
from aidecamp.workspace.models import Campaign
from aidecamp.workspace.store import audiences, campaigns, contacts
from aidecamp.workspace.wire import NewAudience, NewCampaign

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

SHOWN = 50
FIGURES = WorkspaceFigures()
Manager = Annotated[Actor, Depends(page_allowed(Right.EDIT_WORKSPACE))]
Drafter = Annotated[Actor, Depends(page_allowed(Right.EDIT_OWN_DRAFTS))]


@router.get("/campaigns", response_model=None)
async def campaigns_page(
    request: Request, actor: PageCaller, db: Db, after: After, status: str = "", channel: str = ""
) -> Response:
    async with db.customer(actor) as tx:
        rows = await campaigns.drafts_first(
            tx,
            actor,
            status=status if status in forms.STATUSES else None,
            channel=channel if channel in forms.CHANNELS else None,
            before=after,
            limit=SHOWN + 1,
        )
    return page(
        request,
        "workspace/campaigns.html",
        actor,
        rows=rows[:SHOWN],
        next_cursor=encode(rows[SHOWN - 1].id) if len(rows) > SHOWN else None,
        filter=forms.CampaignFilter(status, channel),
        may_draft=may(actor, Right.EDIT_OWN_DRAFTS),
        may_import=may(actor, Right.IMPORT),
    )


@router.get("/campaigns/new", response_model=None)
async def new_campaign_page(request: Request, actor: Drafter) -> Response:
    return page(request, "workspace/new_campaign.html", actor, problem=None, typed=forms.NewDraft())


@router.post("/campaigns", response_model=None)
async def create(
    request: Request, form: Annotated[forms.NewDraft, Form()], actor: Drafter, db: Db
) -> Response:
    try:
        wish = _parsed(NewCampaign, {"name": form.name, "channel": form.channel})
        async with db.customer(actor) as tx:
            made = await authoring.create_draft(tx, actor, wish)
    except Invalid as problem:
        return page(
            request, "workspace/new_campaign.html", actor, problem.status, problem=problem, typed=form
        )
    return RedirectResponse(f"/campaigns/{made.id}", 303)


@router.get("/campaigns/{campaign_id}", response_model=None)
async def campaign_page(request: Request, campaign_id: UUID, actor: PageCaller, db: Db) -> Response:
    async with db.customer(actor) as tx:
        campaign = await access.visible_campaign(tx, actor, campaign_id)
        return await _shown(request, tx, actor, campaign)


@router.post("/campaigns/{campaign_id}", response_model=None)
async def save(
    request: Request,
    campaign_id: UUID,
    form: Annotated[forms.DraftForm, Form()],
    actor: PageCaller,
    db: Db,
) -> Response:
    """Save the draft; what can't be saved comes back as it was typed, with the reason."""
    try:
        async with db.customer(actor) as tx:
            now = await access.changeable_draft(tx, actor, campaign_id)
            await authoring.change_draft(tx, actor, campaign_id, form.change(now.channel))
    except Refusal as problem:
        if problem.status not in (409, 422):
            raise
        async with db.customer(actor) as tx:
            campaign = await access.visible_campaign(tx, actor, campaign_id)
            return await _shown(request, tx, actor, campaign, problem, form)
    return RedirectResponse(f"/campaigns/{campaign_id}", 303)


@router.post("/campaigns/{campaign_id}/delete", response_model=None)
async def delete(campaign_id: UUID, actor: PageCaller, db: Db) -> Response:
    async with db.customer(actor) as tx:
        await authoring.delete_draft(tx, actor, campaign_id)
    return RedirectResponse("/campaigns", 303)


@router.get("/plans/{plan_id}", response_model=None)
async def plan_page(request: Request, plan_id: UUID, actor: PageCaller, db: Db) -> Response:
    async with db.customer(actor) as tx:
        plan = await access.visible_plan(tx, actor, plan_id)
        drafts = await campaigns.listed(tx, actor, plan_id=plan_id, limit=200)
    by_step = {draft.plan_step: draft for draft in drafts}
    return page(request, "workspace/plan.html", actor, plan=plan, by_step=by_step)


@router.get("/audiences", response_model=None)
async def audiences_page(request: Request, actor: PageCaller, db: Db, after: After) -> Response:
    async with db.customer(actor) as tx:
        return await _audiences(request, tx, actor, after)


@router.post("/audiences", response_model=None)
async def create_audience(
    request: Request, form: Annotated[forms.AudienceForm, Form()], actor: Manager, db: Db
) -> Response:
    try:
        wish = _parsed(NewAudience, {"name": form.name, "description": form.description})
        async with db.customer(actor) as tx:
            await authoring.create_audience(tx, actor, wish)
    except Refusal as problem:
        async with db.customer(actor) as tx:
            return await _audiences(request, tx, actor, None, problem, form)
    return RedirectResponse("/audiences", 303)


@router.get("/audiences/{audience_id}", response_model=None)
async def audience_page(request: Request, audience_id: UUID, actor: PageCaller, db: Db) -> Response:
    async with db.customer(actor) as tx:
        audience = await access.visible_audience(tx, audience_id)
        using = await campaigns.of_audience(tx, actor, audience_id)
    return page(
        request,
        "workspace/audience.html",
        actor,
        audience=audience,
        campaigns=using,
        sees_contacts=may(actor, Right.EDIT_WORKSPACE),
    )


@router.get("/contacts", response_model=None)
async def contacts_page(
    request: Request,
    actor: Manager,
    db: Db,
    after: After,
    search: Annotated[CleanName, Query(max_length=200)] = "",
    audience_id: UUID | None = None,
) -> Response:
    async with db.customer(actor) as tx:
        rows = await contacts.listed(
            tx, search=search, audience_id=audience_id, before=after, limit=SHOWN + 1
        )
        audience = await access.visible_audience(tx, audience_id) if audience_id else None
    return page(
        request,
        "workspace/contacts.html",
        actor,
        rows=rows[:SHOWN],
        next_cursor=encode(rows[SHOWN - 1].id) if len(rows) > SHOWN else None,
        search=search,
        audience=audience,
    )


async def _shown(
    request: Request,
    tx: Transaction,
    actor: Actor,
    campaign: Campaign,
    problem: Refusal | None = None,
    form: forms.DraftForm | None = None,
) -> Response:
    figures = await FIGURES.campaign(tx, actor, campaign.id)
    may_change = campaign.status == "draft" and access.may_change(actor, campaign)
    return page(
        request,
        "workspace/campaign.html",
        actor,
        problem.status if problem else 200,
        campaign=campaign,
        preview=proof.preview(campaign),
        checks=await _checks(tx, actor, campaign) if may_change else [],
        counts=figures.counts,
        typed=form or forms.DraftForm.of(campaign),
        problem=problem,
        may_change=may_change,
    )


async def _checks(tx: Transaction, actor: Actor, campaign: Campaign) -> list[Check]:
    facts = Facts(frozenset(await FIGURES.merge_fields(tx, actor)), frozenset(await FIGURES.links(tx, actor)))
    return proof.findings(campaign, facts)


async def _audiences(
    request: Request,
    tx: Transaction,
    actor: Actor,
    after: UUID | None,
    problem: Refusal | None = None,
    form: forms.AudienceForm | None = None,
) -> Response:
    rows = await audiences.listed(tx, before=after, limit=SHOWN + 1)
    return page(
        request,
        "workspace/audiences.html",
        actor,
        problem.status if problem else 200,
        rows=rows[:SHOWN],
        next_cursor=encode(rows[SHOWN - 1].id) if len(rows) > SHOWN else None,
        problem=problem,
        typed=form or forms.AudienceForm(),
        may_change=may(actor, Right.EDIT_WORKSPACE),
    )


def _parsed(shape: type[Any], fields: dict[str, Any]) -> Any:
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        raise Invalid("Please check what you entered.", errors=told(error.errors())) from None
