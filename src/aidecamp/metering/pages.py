"""The usage page and the page of limits."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from aidecamp.actor import Actor, Role
from aidecamp.errors import Refusal
from aidecamp.identity import users
from aidecamp.identity.guards import PageCaller, page_allowed
from aidecamp.identity.rights import Right, may
from aidecamp.metering import limits, store, usage
from aidecamp.metering.forms import PersonForm, TeamForm
from aidecamp.metering.limits import Change
from aidecamp.metering.quota import quota
from aidecamp.metering.views import UsageView, usage_view
from aidecamp.web.render import page
from aidecamp.web.state import Db

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

Admin = Annotated[Actor, Depends(page_allowed(Right.MANAGE_LIMITS))]


@router.get("/usage", response_model=None)
async def usage_page(
    request: Request,
    actor: PageCaller,
    db: Db,
    period: Literal["month", "day"] = "month",
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
    scope: Literal["me", "customer"] = "me",
) -> Response:
    refusal: Refusal | None = None
    async with db.customer(actor) as tx:
        try:
            report = await usage.report(tx, actor, period=period, first=first, last=last, scope=scope)
        except usage.NotASpan as error:
            refusal = error
            report = await usage.report(tx, actor, period=period, scope=scope)
        left = await quota(tx, actor)
    view: UsageView = usage_view(report, period, scope)
    return page(
        request,
        "metering/usage.html",
        actor,
        status=refusal.status if refusal else 200,
        view=view,
        report=report,
        quota=left,
        refusal=refusal,
        sees_customer=may(actor, Right.CUSTOMER_USAGE),
        sees_limits=may(actor, Right.MANAGE_LIMITS),
    )


@router.get("/team/limits", response_model=None)
async def limits_page(request: Request, actor: Admin, db: Db, saved: bool = False) -> Response:
    return await _limits(request, actor, db, saved=saved)


@router.post("/team/limits", response_model=None)
async def change_team_limits(
    request: Request, actor: Admin, form: Annotated[TeamForm, Form()], db: Db
) -> Response:
    """Roles and the cap over everybody."""
    try:
        async with db.customer(actor) as tx:
            await limits.change(tx, actor, form.change())
    except Refusal as refusal:
        return await _limits(request, actor, db, team_refusal=refusal)
    return RedirectResponse("/team/limits?saved=true", 303)


@router.post("/team/limits/people", response_model=None)
async def set_person_limit(
    request: Request, actor: Admin, form: Annotated[PersonForm, Form()], db: Db
) -> Response:
    """Give one person other limits than the role's, or change them."""
    try:
        async with db.customer(actor) as tx:
            wish = form.limit(actor.timezone)
            others = [p for p in (await limits.current(tx)).users if p.user_id != wish.user_id]
            await limits.change(tx, actor, Change(users=[*others, wish]))
    except Refusal as refusal:
        return await _limits(request, actor, db, person_refusal=refusal, wish=form)
    return RedirectResponse("/team/limits?saved=true", 303)


@router.post("/team/limits/people/{user_id}/remove", response_model=None)
async def remove_person_limit(user_id: UUID, actor: PageCaller, db: Db) -> Response:
    async with db.customer(actor) as tx:
        await users.find(tx, user_id)
        others = [p for p in (await limits.current(tx)).users if p.user_id != user_id]
        await limits.change(tx, actor, Change(users=others))
    return RedirectResponse("/team/limits?saved=true", 303)


async def _limits(
    request: Request,
    actor: Actor,
    db: Db,
    *,
    team_refusal: Refusal | None = None,
    person_refusal: Refusal | None = None,
    wish: PersonForm | None = None,
    saved: bool = False,
) -> Response:
    async with db.customer(actor) as tx:
        found = await limits.current(tx)
        people = await store.limits.everybody(tx)
        names = await store.limits.members(tx, [p.user_id for p in found.users])
    refusal = team_refusal or person_refusal
    return page(
        request,
        "metering/limits.html",
        actor,
        status=refusal.status if refusal else 200,
        limits=found,
        roles=[role for role in Role if role is not Role.VIEWER],
        overrides=[(limit, names[limit.user_id]) for limit in found.users],
        people=[p for p in people if p.role != Role.VIEWER],
        may_limit_owners=may(actor, Right.MANAGE_OWNERS),
        team_refusal=team_refusal,
        person_refusal=person_refusal,
        wish=wish,
        saved=saved,
    )
