"""Who may see or change one object: the object, or the same refusal as if it were not there."""

from __future__ import annotations

from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict, Forbidden, NotFound
from aidecamp.identity.rights import Right, demand, may
from aidecamp.workspace.models import Audience, Campaign, Contact, Import, Plan
from aidecamp.workspace.store import audiences, campaigns, contacts, drafts, imports


async def visible_campaign(tx: Transaction, actor: Actor, campaign_id: UUID) -> Campaign:
    campaign = await campaigns.find(tx, actor, campaign_id)
    if campaign is None:
        raise NotFound("There is no such campaign.")
    return campaign


async def changeable_draft(tx: Transaction, actor: Actor, campaign_id: UUID) -> Campaign:
    """The draft, locked. Unseen is NotFound; seen but not one's own is Forbidden; no draft is Conflict."""
    campaign = await campaigns.lock(tx, actor, campaign_id)
    if campaign is None:
        raise NotFound("There is no such campaign.")
    if not may_change(actor, campaign):
        raise Forbidden("You may change drafts of your own.", help="Ask a manager of your team to change it.")
    if campaign.status != "draft":
        raise Conflict(
            f"This campaign is {campaign.status}; only a draft can be changed.",
            help="Make a new draft from it instead.",
        )
    return campaign


def may_change(actor: Actor, campaign: Campaign) -> bool:
    own = campaign.created_by == actor.user_id and may(actor, Right.EDIT_OWN_DRAFTS)
    return own or may(actor, Right.EDIT_WORKSPACE)


async def visible_plan(tx: Transaction, actor: Actor, plan_id: UUID) -> Plan:
    plan = await drafts.plan(tx, actor, plan_id)
    if plan is None:
        raise NotFound("There is no such plan.")
    return plan


async def visible_audience(tx: Transaction, audience_id: UUID) -> Audience:
    audience = await audiences.find(tx, audience_id)
    if audience is None:
        raise NotFound("There is no such audience.")
    return audience


async def changeable_audience(tx: Transaction, actor: Actor, audience_id: UUID) -> Audience:
    audience = await visible_audience(tx, audience_id)
    demand(actor, Right.EDIT_WORKSPACE)
    return audience


async def visible_contact(tx: Transaction, actor: Actor, contact_id: UUID) -> Contact:
    contact = await contacts.find(tx, contact_id)
    if contact is None:
        raise NotFound("There is no such contact.")
    demand(actor, Right.EDIT_WORKSPACE)
    return contact


async def visible_import(tx: Transaction, actor: Actor, import_id: UUID) -> Import:
    found = await imports.find(tx, import_id)
    if found is None:
        raise NotFound("There is no such import.")
    demand(actor, Right.IMPORT)
    return found
