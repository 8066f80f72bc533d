"""The workspace as a model is shown it: aggregates of the asking user's own customer, inside a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.context import store
from aidecamp.context.budget import Fitted, fit
from aidecamp.context.sections import Ask, daily, gather, head
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Invalid, NotFound
from aidecamp.host.port import AudienceFigures, CampaignFigures, Host

KINDS = ("campaign", "audience")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`text` goes to the model; `data` is kept in `context_data` and says exactly what left the building."""

    text: str
    data: dict[str, Any]
    taken_at: datetime
    tokens: int


async def take(
    tx: Transaction,
    actor: Actor,
    host: Host,
    context_type: str,
    context_ref: Mapping[str, Any] | None,
    budget_tokens: int,
) -> Snapshot:
    """Gather and minimise. NotFound where the reference is not the actor's to see."""
    campaign, audience = await referred(tx, actor, host, context_ref)
    overview = await host.figures.overview(tx, actor)
    ask = Ask(tx, actor, host, overview, await daily(tx, actor, host, overview.until), campaign, audience)
    fitted = fit([head(overview), *await gather(ask, context_type)], budget_tokens)
    taken_at = await store.now(tx)
    return Snapshot(
        fitted.text, _record(fitted, taken_at, context_type, context_ref), taken_at, fitted.tokens
    )


async def referred(
    tx: Transaction, actor: Actor, host: Host, context_ref: Mapping[str, Any] | None
) -> tuple[CampaignFigures | None, AudienceFigures | None]:
    """What the reference names, if the actor may see it; a foreign id is as absent as an invented one."""
    if context_ref is None:
        return None, None
    kind, ref_id = _parts(context_ref)
    if kind == "campaign":
        return await host.figures.campaign(tx, actor, ref_id), None
    for audience in await host.figures.audiences(tx, actor, limit=1000):
        if audience.id == ref_id:
            return None, audience
    raise NotFound("There is no such audience.")


def _parts(context_ref: Mapping[str, Any]) -> tuple[str, UUID]:
    kind = context_ref.get("kind")
    if kind not in KINDS:
        raise Invalid(f"A context can be one of: {', '.join(KINDS)}.")
    try:
        return kind, UUID(str(context_ref.get("id")))
    except ValueError as error:
        raise Invalid("The context's id is not a valid id.") from error


def _record(
    fitted: Fitted, taken_at: datetime, context_type: str, context_ref: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "taken_at": taken_at.isoformat(),
        "context_type": context_type,
        "context_ref": {name: str(value) for name, value in context_ref.items()} if context_ref else None,
        "sections": [
            {"name": section.name, "heading": section.heading, "rows": list(section.rows)}
            for section in fitted.sections
        ],
        "omitted": list(fitted.omitted),
        "tokens": fitted.tokens,
    }
