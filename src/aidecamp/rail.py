"""The frame that every page stands in: the places this reader may see."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.errors import Refusal
from aidecamp.identity import guards
from aidecamp.identity.rights import Right, may
from aidecamp.identity.store import users
from aidecamp.metering.shell import quota_for_shell
from aidecamp.web import shell
from aidecamp.web.shell import Entry, Meter, Shell


@dataclass(frozen=True, slots=True)
class Place:
    entry: Entry
    right: Right


RAIL = (
    Place(Entry("Assistant", "/assistant", "assistant"), Right.USE_ASSISTANT),
    Place(Entry("Suggestions", "/suggestions", "suggestions"), Right.READ_WORKSPACE),
    Place(Entry("Campaigns", "/campaigns", "campaigns"), Right.READ_WORKSPACE),
    Place(Entry("Audiences", "/audiences", "audiences"), Right.READ_WORKSPACE),
    Place(Entry("Contacts", "/contacts", "contacts"), Right.EDIT_WORKSPACE),
    Place(Entry("Imports", "/imports", "imports"), Right.IMPORT),
    Place(Entry("Insights", "/insights", "insights"), Right.READ_WORKSPACE),
    Place(Entry("Usage", "/usage", "usage"), Right.READ_WORKSPACE),
    Place(Entry("Providers", "/providers", "providers"), Right.OWN_PROVIDERS),
    Place(Entry("Team", "/team", "team"), Right.MANAGE_USERS),
    Place(Entry("Privacy", "/privacy", "privacy"), Right.USER_PRIVACY),
    Place(Entry("Trail", "/trail", "trail"), Right.READ_TRAIL),
)


async def fill(request: Request) -> None:
    """A dependency of all pages: only whole pages of somebody who is signed in get the frame."""
    if "hx-request" in request.headers:
        return
    try:
        actor = (await guards.recognised(request)).actor
    except Refusal:
        return  # the page's own guard decides what that means
    database: Database = request.app.state.database
    async with database.customer(actor) as tx:
        person = await users.get(tx, actor.person)
        customer = await users.customer_name(tx)
        day = await quota_for_shell(tx, actor) if person is not None else None
    if person is not None and day is not None:
        meter = Meter(day.used, day.limit, day.resets_at)
        frame = Shell(_entries(request, actor), customer, person.name, person.email, person.role, meter)
        shell.fill(request, frame)


def _entries(request: Request, actor: Actor) -> tuple[Entry, ...]:
    """A room whose page does not exist is not shown: no link leads to nothing."""
    existing: frozenset[str] = request.app.state.places
    return tuple(p.entry for p in RAIL if p.entry.href in existing and may(actor, p.right))
