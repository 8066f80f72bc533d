"""Who I am, what I used, what the limits are."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from aidecamp.actor import Actor
from aidecamp.errors import Forbidden, Invalid, NotFound
from aidecamp.identity import guards
from aidecamp.identity.guards import Caller
from aidecamp.identity.rights import Right
from aidecamp.metering import limits, store, usage
from aidecamp.metering.quota import quota
from aidecamp.metering.wire import LimitsIn, LimitsOut, Me, UsageOut
from aidecamp.web.patience import PatientRoute
from aidecamp.web.problems import responses
from aidecamp.web.state import Db

router = APIRouter(prefix="/api/v1", tags=["usage"], route_class=PatientRoute)

LimitsAdmin = Annotated[Actor, Depends(guards.allowed(Right.MANAGE_LIMITS))]


@router.get("/me", responses=responses(NotFound))
async def me(actor: Caller, db: Db) -> Me:
    async with db.customer(actor) as tx:
        who = await store.usage.identity(tx, actor.person)
        if who is None:
            raise NotFound
        return Me.of(who, actor.customer_id, await quota(tx, actor))


@router.get("/usage", responses=responses(Forbidden, Invalid))
async def read_usage(
    actor: Caller,
    db: Db,
    period: Literal["month", "day"] = "month",
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
    scope: Literal["me", "customer"] = "me",
) -> UsageOut:
    """Days are the customer's local days. `scope=customer` is for manager and up."""
    async with db.customer(actor) as tx:
        return UsageOut.of(await usage.report(tx, actor, period=period, first=first, last=last, scope=scope))


@router.get("/limits", responses=responses(Forbidden))
async def read_limits(actor: LimitsAdmin, db: Db) -> LimitsOut:
    async with db.customer(actor) as tx:
        return LimitsOut.of(await limits.current(tx))


@router.put("/limits", responses=responses(Forbidden, NotFound, Invalid))
async def change_limits(actor: LimitsAdmin, db: Db, wish: LimitsIn) -> LimitsOut:
    """All of it or nothing; it holds from the next request on."""
    async with db.customer(actor) as tx:
        return LimitsOut.of(await limits.change(tx, actor, wish.change()))
