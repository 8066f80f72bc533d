"""A paper host: a campaign application in memory, for tests of the rooms that only know the port."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from aidecamp.actor import Actor, Role
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict, Forbidden, NotFound
from aidecamp.host.drafts import CampaignDraft, Draft, Effect, PlanDraft, Target
from aidecamp.host.port import AudienceFigures, CampaignFigures, Counts, Drafts, Figures, Overview, Slice


@dataclass
class PaperCampaign:
    id: UUID
    customer_id: UUID
    created_by: UUID | None
    draft: CampaignDraft
    status: str = "draft"
    version: int = 1


@dataclass
class PaperFigures:
    """Canned figures; set the fields a test needs."""

    overview_: Overview = field(
        default_factory=lambda: Overview(
            contacts=100,
            reachable={"email": 80, "sms": 40},
            campaigns={"sent": 2},
            since=date(2026, 1, 1),
            until=date(2026, 3, 31),
            simulated=False,
        )
    )
    counts: Counts = field(default_factory=lambda: Counts(sent=1000, delivered=990, opened=400, clicked=50))
    campaigns_: list[CampaignFigures] = field(default_factory=list)
    audiences_: list[AudienceFigures] = field(default_factory=list)
    fields: list[str] = field(default_factory=lambda: ["first_name", "last_name", "email", "phone"])
    links_: list[str] = field(default_factory=lambda: ["shop.example.com"])

    async def overview(self, tx: Transaction, actor: Actor) -> Overview:
        return self.overview_

    async def totals(self, tx: Transaction, actor: Actor, *, days: int, until: date | None) -> Counts:
        return self.counts

    async def by_day(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None, channel: str | None = None
    ) -> list[Slice]:
        end = until or self.overview_.until
        if end is None:
            return []
        return [
            Slice((end - timedelta(days=back)).isoformat(), self.counts) for back in reversed(range(days))
        ]

    async def by_channel(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None
    ) -> list[Slice]:
        return [Slice(name, self.counts, channel=name) for name in ("email", "sms")]

    async def by_weekday_hour(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None, channel: str | None = None
    ) -> list[Slice]:
        return [Slice("1-14", self.counts), Slice("3-9", self.counts)]

    async def campaigns(
        self, tx: Transaction, actor: Actor, *, status: str | None = None, limit: int = 50
    ) -> list[CampaignFigures]:
        return [c for c in self.campaigns_ if status in (None, c.status)][:limit]

    async def campaign(self, tx: Transaction, actor: Actor, campaign_id: UUID) -> CampaignFigures:
        for campaign in self.campaigns_:
            if campaign.id == campaign_id:
                return campaign
        raise NotFound("There is no such campaign.")

    async def audiences(self, tx: Transaction, actor: Actor, *, limit: int = 20) -> list[AudienceFigures]:
        return self.audiences_[:limit]

    async def merge_fields(self, tx: Transaction, actor: Actor) -> list[str]:
        return self.fields

    async def links(self, tx: Transaction, actor: Actor) -> list[str]:
        return self.links_


@dataclass
class PaperDrafts:
    """Drafts by id, and effects by key; the same promises as the real host's, without a database."""

    campaigns: dict[UUID, PaperCampaign] = field(default_factory=dict)
    plans: dict[UUID, PlanDraft] = field(default_factory=dict)
    applied: dict[tuple[UUID, UUID], Effect] = field(default_factory=dict)

    async def may_apply(self, tx: Transaction, actor: Actor) -> bool:
        return actor.role.at_least(Role.USER)

    async def apply(
        self, tx: Transaction, actor: Actor, draft: Draft, key: UUID, campaign_id: UUID | None = None
    ) -> tuple[Target, Effect]:
        if not await self.may_apply(tx, actor):
            raise Forbidden("Your role may read campaigns, not make them.")
        earlier = self.applied.get((actor.customer_id, key))
        if earlier is not None:
            return earlier.target, earlier
        if isinstance(draft, PlanDraft):
            effect = self._plan(actor, draft)
        elif campaign_id is None:
            made = self._campaign(actor, draft)
            effect = Effect(Target("campaign", made.id), [_entry(made)])
        else:
            effect = self._replace(actor, draft, key, campaign_id)
        self.applied[actor.customer_id, key] = effect
        return effect.target, effect

    async def undo(self, tx: Transaction, actor: Actor, effect: Effect) -> None:
        if effect.replaced is not None:
            campaign = self._own(actor, UUID(str(effect.replaced["id"])))
            if campaign.version != effect.replaced["after"]:
                raise Conflict("The draft was changed since, so it stays as it is.")
            campaign.draft = replace(campaign.draft, content=effect.replaced["content"])
            campaign.version += 1
        for made in effect.created:
            campaign_id = UUID(str(made["id"]))
            if campaign_id in self.campaigns and self.campaigns[campaign_id].version != made["version"]:
                raise Conflict("The draft was changed since, so it stays as it is.")
        for made in effect.created:
            self.campaigns.pop(UUID(str(made["id"])), None)
            self.plans.pop(UUID(str(made["id"])), None)
        self.applied = {key: kept for key, kept in self.applied.items() if kept.target != effect.target}

    def change(self, campaign_id: UUID) -> None:
        """As if a person had edited the draft by hand."""
        self.campaigns[campaign_id].version += 1

    def _campaign(self, actor: Actor, draft: CampaignDraft) -> PaperCampaign:
        made = PaperCampaign(new_id(), actor.customer_id, actor.user_id, draft)
        self.campaigns[made.id] = made
        return made

    def _plan(self, actor: Actor, draft: PlanDraft) -> Effect:
        plan_id = new_id()
        self.plans[plan_id] = draft
        drafts = [CampaignDraft("email", step.action, {}) for step in draft.steps]
        made = [_entry(self._campaign(actor, each)) for each in drafts]
        return Effect(Target("plan", plan_id), [*made, {"kind": "plan", "id": str(plan_id), "version": 1}])

    def _replace(self, actor: Actor, draft: CampaignDraft, key: UUID, campaign_id: UUID) -> Effect:
        campaign = self._own(actor, campaign_id)
        before = campaign.draft.content
        campaign.draft = replace(campaign.draft, content=draft.content)
        campaign.version += 1
        was = {"id": str(campaign_id), "content": before, "after": campaign.version, "key": str(key)}
        return Effect(Target("campaign", campaign_id), [], was)

    def _own(self, actor: Actor, campaign_id: UUID) -> PaperCampaign:
        campaign = self.campaigns.get(campaign_id)
        mine = campaign is not None and (
            actor.role.at_least(Role.MANAGER) or campaign.created_by == actor.user_id
        )
        if campaign is None or campaign.customer_id != actor.customer_id or not mine:
            raise NotFound("There is no such campaign.")
        if campaign.status != "draft":
            raise Conflict(f"This campaign is {campaign.status}; only a draft can be changed.")
        return campaign


def _entry(made: PaperCampaign) -> dict[str, Any]:
    return {"kind": "campaign", "id": str(made.id), "version": made.version}


class PaperHost:
    """A `Host` whose drafts and figures a test can read and set."""

    def __init__(self) -> None:
        self.paper_figures = PaperFigures()
        self.paper_drafts = PaperDrafts()
        self.figures: Figures = self.paper_figures
        self.drafts: Drafts = self.paper_drafts

    def url(self, target: Target) -> str:
        pages = {"campaign": "/campaigns", "plan": "/plans", "audience": "/audiences"}
        return f"{pages[target.kind]}/{target.id}"
