"""The audit trail as a page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import HTMLResponse

from aidecamp.actor import Actor
from aidecamp.identity.guards import page_allowed
from aidecamp.identity.rights import Right
from aidecamp.privacy import store, trail
from aidecamp.privacy.trail import Wanted
from aidecamp.web import listing
from aidecamp.web.render import page
from aidecamp.web.state import Db
from aidecamp.web.text import CleanName

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

Reader = Annotated[Actor, Depends(page_allowed(Right.READ_TRAIL))]
SHOWN = 50
Text = Annotated[CleanName, Query(max_length=80)]


@router.get("/trail", response_model=None)
async def trail_page(
    request: Request,
    reader: Reader,
    db: Db,
    actor: Text = "",
    action: Text = "",
    first: Annotated[str, Query(alias="from", max_length=10)] = "",
    last: Annotated[str, Query(alias="to", max_length=10)] = "",
    cursor: Text = "",
) -> Response:
    """A filter that can't be read is no filter: the form shows what holds."""
    zone = ZoneInfo(reader.timezone)
    wanted = Wanted(_id(actor), action.strip().lower() or None, _begin(first, zone), _end(last, zone))
    async with db.customer(reader) as tx:
        found = await trail.read(tx, wanted, listing.decode(cursor) if cursor else None, SHOWN)
        people = await store.everybody(tx)
    shown, more = found[:SHOWN], len(found) > SHOWN
    chosen = {"actor": actor, "action": action, "from": first, "to": last}
    return page(
        request,
        "privacy/trail.html",
        reader,
        told=shown,
        people=[("", "Everybody"), *((str(p.id), p.name or p.email) for p in people)],
        chosen=chosen,
        filtered=any(chosen.values()),
        base="/trail?" + urlencode({name: value for name, value in chosen.items() if value}),
        next_cursor=listing.encode(shown[-1].entry.id) if more else None,
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _begin(day: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day), time(), zone).astimezone(UTC) if day else None
    except (ValueError, OverflowError):
        return None


def _end(day: str, zone: ZoneInfo) -> datetime | None:
    """The last day is meant as a whole."""
    try:
        following = date.fromisoformat(day) + timedelta(days=1) if day else None
    except (ValueError, OverflowError):
        return None
    return _begin(following.isoformat(), zone) if following else None
