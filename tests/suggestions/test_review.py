"""From proposal to draft and back, once, by the person it was made for."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.errors import Conflict, Forbidden, Invalid, NotFound
from aidecamp.host.port import Host
from aidecamp.suggestions import access, review, store
from aidecamp.suggestions.models import Filter, Suggestion
from aidecamp.suggestions.proposals import Proposal, from_block
from aidecamp.suggestions.review import ChecksFailed
from aidecamp.workspace.adapter import WorkspaceHost
from tests.doubles_host import PaperHost
from tests.people import Cast
from tests.suggestions.examples import EXAMPLES

EMAIL, SMS, POST, PLAN = EXAMPLES


@pytest.fixture(params=["paper", "workspace"])
def host(request: pytest.FixtureRequest) -> Host:
    return PaperHost() if request.param == "paper" else WorkspaceHost()


async def propose(
    database: Database, actor: Actor, host: Host, example: dict[str, Any] = SMS, given: tuple[str, ...] = ()
) -> Suggestion:
    proposal = from_block(json.dumps(example))
    assert isinstance(proposal, Proposal)
    async with database.customer(actor) as tx:
        (stored,) = await review.store_proposals(tx, actor, None, None, [proposal], host=host, given=given)
    return stored


async def do(database: Database, actor: Actor, deed: Any, *args: Any, **named: Any) -> Any:
    async with database.customer(actor) as tx:
        return await deed(tx, actor, *args, **named)


async def trail(database: Database, actor: Actor) -> list[str]:
    async with database.customer(actor) as tx:
        return await tx.values(
            "select action from audit_entries where action ~ 'suggestion|apply|undo' order by id"
        )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["type"])
async def test_each_kind_is_applied_and_taken_back(
    database: Database, cast: Cast, host: Host, example: dict[str, Any]
) -> None:
    actor = cast.user.actor
    stored = await propose(database, actor, host, example)
    assert (stored.status, stored.user_id) == ("pending", actor.user_id)
    assert not [check for check in stored.findings if check.level == "error"]

    applied = await do(database, actor, review.apply, host, stored.id)
    assert applied.suggestion.status == "applied"
    assert applied.target.kind == ("plan" if example is PLAN else "campaign")
    assert applied.suggestion.applied_to_id == applied.target.id

    again = await do(database, actor, review.apply, host, stored.id)
    assert again.target == applied.target

    undone = await do(database, actor, review.undo, host, stored.id)
    assert (undone.status, undone.applied_to_id, undone.effect) == ("accepted", None, None)
    with pytest.raises(Conflict):
        await do(database, actor, review.undo, host, stored.id)

    after = await do(database, actor, review.apply, host, stored.id)
    assert after.target != applied.target
    kind = applied.target.kind
    assert await trail(database, actor) == [
        "suggestion.propose", f"{kind}.apply", f"{kind}.undo", f"{kind}.apply"
    ]  # fmt: skip


async def test_two_tabs_at_once_make_one_draft(database: Database, cast: Cast, host: Host) -> None:
    actor = cast.user.actor
    stored = await propose(database, actor, host)
    many = await asyncio.gather(*(do(database, actor, review.apply, host, stored.id) for _ in range(12)))
    assert len({applied.target.id for applied in many}) == 1
    assert (await trail(database, actor)).count("campaign.apply") == 1


async def test_a_suggestion_is_personal_until_it_is_applied(
    database: Database, cast: Cast, host: Host
) -> None:
    stored = await propose(database, cast.user.actor, host)
    others = (cast.colleague, cast.viewer, cast.manager, cast.owner, cast.stranger)
    for person in others:
        with pytest.raises(NotFound):
            await do(database, person.actor, access_visible, stored.id)
        for deed in (review.accept, review.reject):
            with pytest.raises(NotFound):
                await do(database, person.actor, deed, stored.id)
        for hosted in (review.apply, review.undo, review.edit):
            with pytest.raises(NotFound):
                await do(database, person.actor, hosted, host, stored.id)
    await do(database, cast.user.actor, review.apply, host, stored.id)
    for person in others[:-1]:
        assert (await do(database, person.actor, access_visible, stored.id)).id == stored.id
        assert [s.id for s in await listed(database, person.actor)] == [stored.id]
        with pytest.raises(NotFound):
            await do(database, person.actor, review.undo, host, stored.id)
    with pytest.raises(NotFound):
        await do(database, cast.stranger.actor, access_visible, stored.id)
    assert await listed(database, cast.stranger.actor) == []


async def access_visible(tx: Any, actor: Actor, suggestion_id: UUID) -> Suggestion:
    return await access.visible(tx, actor, suggestion_id)


async def listed(database: Database, actor: Actor, **wish: Any) -> list[Suggestion]:
    async with database.customer(actor) as tx:
        return await store.listed(tx, actor, Filter(**wish), after=None, limit=50)


async def test_a_lowered_role_may_no_longer_apply(database: Database, cast: Cast, host: Host) -> None:
    stored = await propose(database, cast.user.actor, host)
    lowered = Actor(cast.customer, cast.user.id, cast.viewer.actor.role)
    with pytest.raises(Forbidden):
        await do(database, lowered, review.apply, host, stored.id)


async def test_statuses_go_only_where_they_may(database: Database, cast: Cast, host: Host) -> None:
    actor = cast.user.actor
    stored = await propose(database, actor, host)
    assert (await do(database, actor, review.reject, stored.id)).status == "rejected"
    assert (await do(database, actor, review.reject, stored.id)).status == "rejected"
    for deed in (review.apply, review.edit):
        with pytest.raises(Conflict):
            await do(database, actor, deed, host, stored.id)
    assert (await do(database, actor, review.accept, stored.id)).status == "accepted"
    await do(database, actor, review.apply, host, stored.id)
    with pytest.raises(Conflict):
        await do(database, actor, review.edit, host, stored.id, title="x")
    for plain in (review.accept, review.reject):
        with pytest.raises(Conflict):
            await do(database, actor, plain, stored.id)
    assert len(await listed(database, actor, status="applied")) == 1
    assert await listed(database, actor, status="pending") == []
    assert len(await listed(database, actor, suggestion_type="sms_content")) == 1


async def test_an_error_blocks_apply_until_it_is_mended(database: Database, cast: Cast, host: Host) -> None:
    actor = cast.user.actor
    bad = SMS | {"content": {"message": "Hi {{firstname}}, see https://invented.io/x Reply STOP to opt out"}}
    stored = await propose(database, actor, host, bad)
    with pytest.raises(ChecksFailed) as refused:
        await do(database, actor, review.apply, host, stored.id)
    assert {error["code"] for error in refused.value.errors or []} == {"unknown_tag", "unknown_link"}
    mended = await do(database, actor, review.mend, host, stored.id, code="unknown_tag", field="message")
    assert "{{first_name}}" in mended.content["message"]
    with pytest.raises(Conflict):
        await do(database, actor, review.mend, host, stored.id, code="unknown_tag", field="message")
    with pytest.raises(ChecksFailed):
        await do(database, actor, review.apply, host, stored.id)
    text = "Hi, see https://typed-by-me.io/x Reply STOP to opt out"
    edited = await do(database, actor, review.edit, host, stored.id, content={"message": text}, title=" New ")
    assert (edited.title, edited.checks) == ("New", [])
    await do(database, actor, review.apply, host, stored.id)


async def test_a_link_in_the_question_was_given(database: Database, cast: Cast, host: Host) -> None:
    linked = SMS | {"content": {"message": "See https://www.brand.io/a Reply STOP to opt out"}}
    asked = await propose(
        database, cast.user.actor, host, linked, given=("Write about brand.io/sale, please",)
    )
    assert asked.checks == []
    unasked = await propose(database, cast.user.actor, host, linked)
    assert [check["code"] for check in unasked.checks] == ["unknown_link"]


async def test_editing_merges_fields_and_refuses_what_it_does_not_know(
    database: Database, cast: Cast, host: Host
) -> None:
    actor = cast.user.actor
    stored = await propose(database, actor, host, EMAIL)
    edited = await do(
        database, actor, review.edit, host, stored.id, content={"subject": "New", "cta_url": None}
    )
    assert edited.content == EMAIL["content"] | {"subject": "New"}
    for wrong in ({"colour": "red"}, {"subject": 7}, {"subject": None}, {"steps": []}):
        with pytest.raises(Invalid):
            await do(database, actor, review.edit, host, stored.id, content=wrong)
    with pytest.raises(Invalid):
        await do(database, actor, review.edit, host, stored.id, title=" \n ")
    assert (await do(database, actor, access_visible, stored.id)).content == edited.content


async def test_pi_04_only_ones_own_draft_can_be_the_target(
    database: Database, cast: Cast, host: Host
) -> None:
    first = await propose(database, cast.user.actor, host)
    draft = (await do(database, cast.user.actor, review.apply, host, first.id)).target
    theirs = await propose(database, cast.colleague.actor, host)
    for campaign_id in (new_id(), draft.id):
        with pytest.raises((NotFound, Forbidden)):
            await do(database, cast.colleague.actor, review.apply, host, theirs.id, campaign_id)
    mine = await propose(database, cast.user.actor, host, SMS | {"title": "Second"})
    assert (await do(database, cast.user.actor, review.apply, host, mine.id, draft.id)).target == draft
    undone = await do(database, cast.user.actor, review.undo, host, mine.id)
    assert undone.status == "accepted"
    plan = await propose(database, cast.user.actor, host, PLAN)
    with pytest.raises(Invalid):
        await do(database, cast.user.actor, review.apply, host, plan.id, draft.id)


async def test_a_refused_undo_changes_nothing(database: Database, cast: Cast) -> None:
    host = PaperHost()
    stored = await propose(database, cast.user.actor, host)
    target = (await do(database, cast.user.actor, review.apply, host, stored.id)).target
    host.paper_drafts.change(target.id)
    with pytest.raises(Conflict):
        await do(database, cast.user.actor, review.undo, host, stored.id)
    assert (await do(database, cast.user.actor, access_visible, stored.id)).status == "applied"
