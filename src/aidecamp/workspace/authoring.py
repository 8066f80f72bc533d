"""Making and changing drafts and audiences by hand, with the trail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import ValidationError

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.content import email
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict, Invalid
from aidecamp.identity.rights import Right, demand
from aidecamp.web.validation import told
from aidecamp.workspace import access
from aidecamp.workspace.models import Audience, Campaign
from aidecamp.workspace.store import audiences, campaigns, drafts
from aidecamp.workspace.wire import CONTENT, AudienceChange, CampaignChange, NewAudience, NewCampaign


async def create_draft(tx: Transaction, actor: Actor, wish: NewCampaign) -> Campaign:
    demand(actor, Right.EDIT_OWN_DRAFTS)
    campaign = await campaigns.insert(
        tx,
        actor,
        id=new_id(),
        name=wish.name,
        channel=wish.channel,
        content=checked(wish.channel, wish.content),
        audience_id=await _audience_id(tx, wish.audience),
        audience=wish.audience or None,
        send_time=wish.send_time or None,
    )
    await audit.record(tx, actor, "campaign.create", "campaign", campaign.id)
    return campaign


async def change_draft(tx: Transaction, actor: Actor, campaign_id: UUID, change: CampaignChange) -> Campaign:
    """Two tabs that change one draft don't overwrite each other where they send the version they read."""
    now = await access.changeable_draft(tx, actor, campaign_id)
    if change.version is not None and change.version != now.version:
        raise Conflict(
            "The draft was changed meanwhile, in another tab or by somebody else.",
            help="Reload it, then make your change again.",
            version=now.version,
        )
    given = change.model_fields_set
    audience = change.audience if "audience" in given else now.audience
    content = now.content if change.content is None else checked(now.channel, change.content)
    campaign = await campaigns.update_draft(
        tx,
        id=campaign_id,
        name=change.name or now.name,
        content=content,
        audience_id=await _audience_id(tx, audience) if "audience" in given else now.audience_id,
        audience=audience or None,
        send_time=(change.send_time if "send_time" in given else now.send_time) or None,
        suggestion_id=now.suggestion_id,
    )
    await audit.record(tx, actor, "campaign.change", "campaign", campaign_id, version=campaign.version)
    return campaign


async def delete_draft(tx: Transaction, actor: Actor, campaign_id: UUID) -> None:
    await access.changeable_draft(tx, actor, campaign_id)
    await campaigns.delete(tx, campaign_id)
    await audit.record(tx, actor, "campaign.delete", "campaign", campaign_id)


def checked(channel: str, content: dict[str, Any]) -> dict[str, Any]:
    """The channel's fields and no others; a body that a mail client would run is refused."""
    try:
        shape = CONTENT[channel].model_validate(content)
    except ValidationError as error:
        errors = [each | {"loc": ("body", "content", *each["loc"])} for each in error.errors()]
        raise Invalid("The content is not valid.", errors=told(errors)) from None
    clean = shape.model_dump(exclude_unset=True)
    for name, value in clean.items():
        if isinstance(value, str) and (found := email.unsafe(name, value)):
            raise Invalid(
                found[0].message, errors=[{"field": f"content.{name}", "message": found[0].message}]
            )
    return clean


async def create_audience(tx: Transaction, actor: Actor, wish: NewAudience) -> Audience:
    demand(actor, Right.EDIT_WORKSPACE)
    audience_id = new_id()
    made = await audiences.insert(
        tx, actor, id=audience_id, name=wish.name, description=wish.description, rules=None
    )
    if not made:
        raise _taken(wish.name)
    if wish.contact_ids:
        await audiences.add_contacts(tx, audience_id, wish.contact_ids)
    await audit.record(tx, actor, "audience.create", "audience", audience_id)
    return await access.visible_audience(tx, audience_id)


async def change_audience(
    tx: Transaction, actor: Actor, audience_id: UUID, change: AudienceChange
) -> Audience:
    now = await access.changeable_audience(tx, actor, audience_id)
    name = change.name or now.name
    if await audiences.name_taken(tx, name, other_than=audience_id):
        raise _taken(name)
    described = now.description if change.description is None else change.description
    await audiences.update(tx, audience_id, name=name, description=described)
    await audit.record(tx, actor, "audience.change", "audience", audience_id)
    return await access.visible_audience(tx, audience_id)


async def delete_audience(tx: Transaction, actor: Actor, audience_id: UUID) -> None:
    await access.changeable_audience(tx, actor, audience_id)
    await audiences.delete(tx, audience_id)
    await audit.record(tx, actor, "audience.delete", "audience", audience_id)


def _taken(name: str) -> Conflict:
    return Conflict(f"There is an audience named “{name}” already.", help="Choose another name.")


async def _audience_id(tx: Transaction, words: str | None) -> UUID | None:
    named = await drafts.audience_named(tx, words) if words else None
    return named.id if named else None
