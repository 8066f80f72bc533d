"""A suggestion becomes one draft however often applied, and goes back exactly unless people changed it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.errors import Conflict, Forbidden, NotFound
from aidecamp.host.drafts import CampaignDraft, Draft, Effect, PlanDraft, PlanStep, Target
from aidecamp.workspace.adapter import WorkspaceHost
from aidecamp.workspace.models import Campaign
from aidecamp.workspace.store import audiences, campaigns
from tests.people import Cast

HOST = WorkspaceHost()
SPRING = CampaignDraft("email", "Spring", {"subject": "Hello", "body": "…"}, "Everybody", "Tuesday 14:00")
PLAN = PlanDraft(
    "Win back",
    (PlanStep("Say hello", "week 1", "email", "warm"), PlanStep("Remind", "week 2", "SMS", "short")),
)


async def apply(
    database: Database, actor: Actor, draft: Draft, key: UUID, campaign_id: UUID | None = None
) -> tuple[Target, Effect]:
    async with database.customer(actor) as tx:
        target, effect = await HOST.drafts.apply(tx, actor, draft, key, campaign_id)
    # A suggestion keeps the effect as JSON.
    return target, msgspec.convert(msgspec.json.decode(msgspec.json.encode(effect)), Effect)


async def undo(database: Database, actor: Actor, effect: Effect) -> None:
    async with database.customer(actor) as tx:
        await HOST.drafts.undo(tx, actor, effect)


async def everything(database: Database, actor: Actor) -> list[Campaign]:
    async with database.customer(actor) as tx:
        return await campaigns.listed(tx, actor)


async def edit(database: Database, actor: Actor, campaign: Campaign, **changed: Any) -> None:
    fields = {"name": campaign.name, "content": campaign.content, "audience": campaign.audience} | changed
    async with database.customer(actor) as tx:
        await campaigns.update_draft(
            tx,
            id=campaign.id,
            audience_id=campaign.audience_id,
            send_time=campaign.send_time,
            suggestion_id=campaign.suggestion_id,
            **fields,
        )


async def test_applying_twice_gives_the_same_draft(database: Database, cast: Cast) -> None:
    actor, key = cast.user.actor, new_id()
    first = await apply(database, actor, SPRING, key)
    assert await apply(database, actor, SPRING, key) == first
    made = await everything(database, actor)
    assert [(c.id, c.status, c.audience, c.suggestion_id) for c in made] == [
        (first[0].id, "draft", "Everybody", key)
    ]


async def test_two_tabs_apply_at_once_and_get_one_draft(database: Database, cast: Cast) -> None:
    actor, key = cast.user.actor, new_id()
    targets = await asyncio.gather(*(apply(database, actor, SPRING, key) for _ in range(8)))
    assert len({target.id for target, _ in targets}) == 1
    assert len(await everything(database, actor)) == 1


async def test_undo_leaves_nothing_and_apply_makes_it_anew(database: Database, cast: Cast) -> None:
    actor, key = cast.user.actor, new_id()
    _, effect = await apply(database, actor, SPRING, key)
    await undo(database, actor, effect)
    assert await everything(database, actor) == []
    await undo(database, actor, effect)  # what is gone already is no obstacle
    target, _ = await apply(database, actor, SPRING, key)
    assert [c.id for c in await everything(database, actor)] == [target.id]


async def test_a_draft_that_people_changed_stays(database: Database, cast: Cast) -> None:
    actor = cast.user.actor
    _, effect = await apply(database, actor, SPRING, new_id())
    [draft] = await everything(database, actor)
    await edit(database, actor, draft, content={"subject": "Mine"})
    with pytest.raises(Conflict):
        await undo(database, actor, effect)
    await edit(database, actor, draft)  # back as it was: no change any more
    await undo(database, actor, effect)
    assert await everything(database, actor) == []


async def test_content_of_a_draft_is_replaced_and_restored_exactly(database: Database, cast: Cast) -> None:
    actor = cast.user.actor
    target, _ = await apply(database, actor, SPRING, new_id())
    [before] = await everything(database, actor)
    other = CampaignDraft("email", "Another name", {"subject": "Better"}, None, "Friday")
    again, effect = await apply(database, actor, other, new_id(), target.id)
    assert again == target
    [after] = await everything(database, actor)
    assert (after.name, after.content, after.audience) == ("Spring", {"subject": "Better"}, "Everybody")
    assert after.send_time == "Friday"
    await undo(database, actor, effect)
    [restored] = await everything(database, actor)
    assert (restored.content, restored.send_time, restored.suggestion_id) == (
        before.content,
        before.send_time,
        before.suggestion_id,
    )


async def test_a_replaced_draft_that_a_person_removed_is_no_obstacle_to_undo(
    database: Database, cast: Cast
) -> None:
    actor = cast.user.actor
    target, _ = await apply(database, actor, SPRING, new_id())
    _, effect = await apply(database, actor, SPRING, new_id(), target.id)
    async with database.customer(actor) as tx:
        await campaigns.delete(tx, target.id)
    await undo(database, actor, effect)
    assert await everything(database, actor) == []


async def test_only_ones_own_drafts_of_the_same_channel_are_replaced(database: Database, cast: Cast) -> None:
    target, _ = await apply(database, cast.user.actor, SPRING, new_id())
    for person in (cast.colleague, cast.stranger, cast.support):
        with pytest.raises(NotFound):
            await apply(database, person.actor, SPRING, new_id(), target.id)
    with pytest.raises(Forbidden):
        await apply(database, cast.viewer.actor, SPRING, new_id())
    text = CampaignDraft("sms", "Text", {"message": "Hi"})
    with pytest.raises(Conflict):
        await apply(database, cast.user.actor, text, new_id(), target.id)
    await apply(database, cast.manager.actor, SPRING, new_id(), target.id)


async def test_what_was_sent_can_neither_be_replaced_nor_undone(database: Database, cast: Cast) -> None:
    actor = cast.user.actor
    target, effect = await apply(database, actor, SPRING, new_id())
    async with database.customer(actor) as tx:
        await tx.run("update campaigns set status = 'sent', sent_at = now()")
    with pytest.raises(Conflict):
        await apply(database, actor, SPRING, new_id(), target.id)
    with pytest.raises(Conflict):
        await undo(database, actor, effect)
    with pytest.raises(Forbidden):
        await apply(database, cast.colleague.actor, SPRING, new_id(), target.id)


async def test_a_plan_becomes_linked_drafts_and_goes_as_a_whole(database: Database, cast: Cast) -> None:
    actor = cast.user.actor
    target, effect = await apply(database, actor, PLAN, new_id())
    assert (target.kind, HOST.url(target)) == ("plan", f"/plans/{target.id}")
    drafts = await everything(database, actor)
    assert [(c.channel, c.plan_step, c.plan_id) for c in drafts] == [
        ("sms", 2, target.id),
        ("email", 1, target.id),
    ]
    await edit(database, actor, drafts[0], name="Mine now")
    with pytest.raises(Conflict):
        await undo(database, actor, effect)
    assert len(await everything(database, actor)) == 2
    await edit(database, actor, drafts[0])
    await undo(database, actor, effect)
    assert await everything(database, actor) == []


async def test_an_audience_of_exactly_that_name_is_linked(database: Database, cast: Cast) -> None:
    actor, audience_id = cast.manager.actor, new_id()
    async with database.customer(actor) as tx:
        await audiences.insert(tx, actor, id=audience_id, name="Everybody", description="", rules=None)
    await apply(database, actor, SPRING, new_id())
    [draft] = await everything(database, actor)
    assert draft.audience_id == audience_id


async def test_a_foreign_campaign_does_not_exist_in_figures_iso_21(database: Database, cast: Cast) -> None:
    target, _ = await apply(database, cast.user.actor, SPRING, new_id())
    async with database.customer(cast.stranger.actor) as tx:
        with pytest.raises(NotFound):
            await HOST.figures.campaign(tx, cast.stranger.actor, target.id)
        assert await HOST.figures.campaigns(tx, cast.stranger.actor) == []
    async with database.customer(cast.colleague.actor) as tx:
        with pytest.raises(NotFound):
            await HOST.figures.campaign(tx, cast.colleague.actor, target.id)
