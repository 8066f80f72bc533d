"""The audit trail over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from aidecamp.actor import Actor
from aidecamp.errors import Forbidden, Invalid
from aidecamp.identity.guards import allowed
from aidecamp.identity.rights import Right
from aidecamp.privacy import trail
from aidecamp.privacy.trail import Told, Wanted
from aidecamp.web.listing import DEFAULT_LIMIT, After, Limit, Page, page
from aidecamp.web.problems import responses
from aidecamp.web.state import Db

router = APIRouter(prefix="/api/v1", tags=["audit"])

Reader = Annotated[Actor, Depends(allowed(Right.READ_TRAIL))]
Action = Annotated[str | None, Query(max_length=80, pattern=r"^[a-z_.]+$")]


class EntryOut(BaseModel):
    """One act. `actor_id` is null where the system acted; name and e-mail once a person is erased."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor_email: str | None
    actor_name: str | None
    role: str
    via: str
    action: str
    object_kind: str
    object_id: UUID | None
    outcome: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, told: Told) -> EntryOut:
        entry, who = told.entry, told.who
        return cls(
            id=entry.id, at=entry.at, actor_id=entry.actor_id, role=entry.role, via=entry.via,
            actor_email=who.email if who else None, actor_name=who.name if who else None,
            action=entry.action, object_kind=entry.object_kind, object_id=entry.object_id,
            outcome=entry.outcome, facts=entry.facts,
        )  # fmt: skip


@router.get("/audit", responses=responses(Forbidden, Invalid))
async def read_trail(
    reader: Reader,
    db: Db,
    after: After,
    actor: UUID | None = None,
    action: Action = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="exclusive")] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[EntryOut]:
    """Newest first. `action` is a whole name (`suggestion.apply`) or its first part (`suggestion`)."""
    async with db.customer(reader) as tx:
        found = await trail.read(tx, Wanted(actor, action, since, until), after, limit)
    return page(found, limit, EntryOut.of, lambda told: told.entry.id)
