"""Putting a suggestion to work as drafts, once per key, and taking it back exactly."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import msgspec

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict
from aidecamp.host.drafts import CampaignDraft, Draft, Effect, PlanDraft, Target
from aidecamp.identity.rights import Right, demand, may
from aidecamp.workspace import access
from aidecamp.workspace.models import Campaign
from aidecamp.workspace.store import campaigns, drafts

NAME_LIMIT = 200


class WorkspaceDrafts:
    """The port's `Drafts` over the embedded workspace."""

    async def may_apply(self, tx: Transaction, actor: Actor) -> bool:
        return may(actor, Right.EDIT_OWN_DRAFTS)

    async def apply(
        self, tx: Transaction, actor: Actor, draft: Draft, key: UUID, campaign_id: UUID | None = None
    ) -> tuple[Target, Effect]:
        demand(actor, Right.EDIT_OWN_DRAFTS)
        if not await drafts.claim(tx, actor, key):
            effect = _effect_of(await drafts.effect_of(tx, key))
            return effect.target, effect
        if isinstance(draft, PlanDraft):
            effect = await _make_plan(tx, actor, draft, key)
        elif campaign_id is None:
            effect = await _make_campaign(tx, actor, draft, key)
        else:
            effect = await _replace_content(tx, actor, draft, key, campaign_id)
        target = effect.target
        await drafts.record(
            tx,
            key,
            msgspec.to_builtins(effect),
            campaign_id=target.id if target.kind == "campaign" else None,
            plan_id=target.id if target.kind == "plan" else None,
        )
        return target, effect

    async def undo(self, tx: Transaction, actor: Actor, effect: Effect) -> None:
        demand(actor, Right.EDIT_OWN_DRAFTS)
        if effect.replaced is not None:
            await _restore_content(tx, actor, effect.replaced)
            return
        for made in effect.created:
            await _remove(tx, actor, made)


def _effect_of(stored: dict[str, Any]) -> Effect:
    return msgspec.convert(stored, Effect)


async def _make_campaign(tx: Transaction, actor: Actor, draft: CampaignDraft, key: UUID) -> Effect:
    audience_id, words = await _audience(tx, draft.audience)
    campaign = await campaigns.insert(
        tx,
        actor,
        id=new_id(),
        name=_name(draft.name),
        channel=draft.channel,
        content=draft.content,
        audience_id=audience_id,
        audience=words,
        send_time=draft.send_time,
        suggestion_id=key,
    )
    return Effect(Target("campaign", campaign.id), [_made(campaign)])


async def _make_plan(tx: Transaction, actor: Actor, draft: PlanDraft, key: UUID) -> Effect:
    plan_id = new_id()
    steps = [msgspec.to_builtins(step) for step in draft.steps]
    await drafts.insert_plan(tx, actor, id=plan_id, name=_name(draft.name), steps=steps, suggestion_id=key)
    created: list[dict[str, Any]] = []
    for number, step in enumerate(draft.steps, 1):
        campaign = await campaigns.insert(
            tx,
            actor,
            id=new_id(),
            name=_name(f"{number}. {step.action}"),
            channel=_channel(step.channel),
            content={},
            send_time=step.timeline or None,
            plan_id=plan_id,
            plan_step=number,
            suggestion_id=key,
        )
        created.append(_made(campaign))
    return Effect(Target("plan", plan_id), [*created, {"kind": "plan", "id": str(plan_id), "version": 1}])


async def _replace_content(
    tx: Transaction, actor: Actor, draft: CampaignDraft, key: UUID, campaign_id: UUID
) -> Effect:
    before = await access.changeable_draft(tx, actor, campaign_id)
    if before.channel != draft.channel:
        raise Conflict(
            f"That draft is for {before.channel}, this suggestion is for {draft.channel}.",
            help="Choose a draft of the same channel, or apply it as a new draft.",
        )
    audience_id, words = await _audience(tx, draft.audience)
    after = await campaigns.update_draft(
        tx,
        id=campaign_id,
        name=before.name,
        content=draft.content,
        audience_id=audience_id if draft.audience else before.audience_id,
        audience=words if draft.audience else before.audience,
        send_time=draft.send_time or before.send_time,
        suggestion_id=key,
    )
    replaced = _fields(before) | {"after": fingerprint(after), "key": str(key)}
    return Effect(Target("campaign", campaign_id), [], replaced)


async def _restore_content(tx: Transaction, actor: Actor, replaced: dict[str, Any]) -> None:
    campaign_id = UUID(replaced["id"])
    if await campaigns.find(tx, actor, campaign_id) is None:
        return  # a person removed it: there is nothing to restore, and the key went with it
    now = await access.changeable_draft(tx, actor, campaign_id)
    if fingerprint(now) != replaced["after"]:
        raise _changed(now)
    await campaigns.update_draft(
        tx,
        id=campaign_id,
        name=replaced["name"],
        content=replaced["content"],
        audience_id=_uuid(replaced["audience_id"]),
        audience=replaced["audience"],
        send_time=replaced["send_time"],
        suggestion_id=_uuid(replaced["suggestion_id"]),
    )
    await drafts.release(tx, key=UUID(replaced["key"]))


async def _remove(tx: Transaction, actor: Actor, made: dict[str, Any]) -> None:
    """What a person removed already is no obstacle; what they changed since is theirs and stays."""
    made_id = UUID(str(made["id"]))
    if made["kind"] == "plan":
        if await drafts.plan(tx, actor, made_id) is not None:
            await drafts.delete_plan(tx, made_id)
        return
    if await campaigns.find(tx, actor, made_id) is None:
        return
    campaign = await access.changeable_draft(tx, actor, made_id)
    if fingerprint(campaign) != made["fingerprint"]:
        raise _changed(campaign)
    await campaigns.delete(tx, made_id)


def _changed(campaign: Campaign) -> Conflict:
    return Conflict(
        f"“{campaign.name}” was changed since, so it stays as it is.",
        help="Delete or edit the draft by hand if you no longer want it.",
    )


def _made(campaign: Campaign) -> dict[str, Any]:
    return {
        "kind": "campaign",
        "id": str(campaign.id),
        "version": campaign.version,
        "fingerprint": fingerprint(campaign),
    }


def fingerprint(campaign: Campaign) -> str:
    """The same for the same words, whatever happened in between: a change taken back is no change."""
    fields = _fields(campaign)
    del fields["suggestion_id"]
    return hashlib.sha256(msgspec.json.encode(fields, order="deterministic")).hexdigest()[:32]


def _fields(campaign: Campaign) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": str(campaign.id),
        "name": campaign.name,
        "content": campaign.content,
        "audience_id": str(campaign.audience_id) if campaign.audience_id else None,
        "audience": campaign.audience,
        "send_time": campaign.send_time,
        "suggestion_id": str(campaign.suggestion_id) if campaign.suggestion_id else None,
    }
    return fields


async def _audience(tx: Transaction, words: str | None) -> tuple[UUID | None, str | None]:
    """A saved audience of exactly that name, else only the words."""
    if not words:
        return None, None
    named = await drafts.audience_named(tx, words)
    return (named.id if named else None), words


def _channel(words: str) -> str:
    told = words.lower()
    if "mail" in told:
        return "email"
    if "sms" in told or "text" in told:
        return "sms"
    return "social"


def _name(words: str) -> str:
    name = " ".join(words.split())
    return name if len(name) <= NAME_LIMIT else name[: NAME_LIMIT - 1] + "…"


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None
