"""Who may see or change one object: the object, or the same refusal as if it were not there."""

from __future__ import annotations

from uuid import UUID

from aidecamp.actor import Actor, Role
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict, Forbidden, NotFound
from aidecamp.workspace.models import Audience, Campaign, Contact, Import, Plan
from aidecamp.workspace.store import audiences, campaigns, contacts, drafts, imports


def may_draft(actor: Actor) -> bool:
    return actor.role.at_least(Role.USER)


def may_manage(actor: Actor) -> bool:
    """Every campaign and audience, contacts and imports."""
    return actor.role.at_least(Role.MANAGER)


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
    return may_manage(actor) or (may_draft(actor) and campaign.created_by == actor.user_id)


async def visible_plan(tx: Transaction, actor: Actor, plan_id: UUID) -> Plan:
    plan = await drafts.plan(tx, actor, plan_id)
    if plan is None:
        raise NotFound("There is no such plan.")
    return plan


async def visible_audience(tx: Transaction, actor: Actor, audience_id: UUID) -> Audience:
    audience = await audiences.find(tx, audience_id)
    if audience is None:
        raise NotFound("There is no such audience.")
    return audience


async def visible_contact(tx: Transaction, actor: Actor, contact_id: UUID) -> Contact:
    managing(actor)
    contact = await contacts.find(tx, contact_id)
    if contact is None:
        raise NotFound("There is no such contact.")
    return contact


async def visible_import(tx: Transaction, actor: Actor, import_id: UUID) -> Import:
    managing(actor)
    found = await imports.find(tx, import_id)
    if found is None:
        raise NotFound("There is no such import.")
    return found


def drafting(actor: Actor) -> None:
    if not may_draft(actor):
        raise Forbidden("Your role may read campaigns, not make them.")


def managing(actor: Actor) -> None:
    if not may_manage(actor):
        raise Forbidden("This needs the role manager or above.")
