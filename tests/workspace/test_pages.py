"""The workspace's pages: drawn with data and without, for those who may see them."""

from __future__ import annotations

import re
from uuid import UUID

import httpx2

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.host.drafts import CampaignDraft, PlanDraft, PlanStep
from aidecamp.workspace import running
from aidecamp.workspace.adapter import WorkspaceHost
from tests.door import Door
from tests.people import Cast
from tests.workspace.calls import EVENTS, bring, draft


async def test_pages_are_drawn_for_each_role_with_data_and_without(
    client: Door, cast: Cast, database: Database
) -> None:
    everywhere = ("/campaigns", "/audiences", "/insights")
    managers = ("/contacts", "/imports", "/campaigns/new")
    for filled in (False, True):
        if filled:
            manager = await client(cast.manager)
            await bring(database, manager, cast.manager.actor, "events", EVENTS)
            await bring(database, manager, cast.manager.actor, "contacts", "email\nx\n")
            await manager.post("/api/v1/audiences", json={"name": "All"})
            made = await draft(manager)
            everywhere += (f"/campaigns/{await _sent(database, cast)}",)
            managers += (f"/campaigns/{made['id']}", f"/audiences/{await _audience(manager)}")
        for person in (cast.viewer, cast.manager):
            http = await client(person, via="session")
            for path in everywhere + (managers if person is cast.manager else ()):
                answer = await http.get(path)
                assert answer.status_code == 200, path
                assert "<main" in answer.text
    assert (await (await client(cast.user, via="session")).get("/contacts")).status_code == 403


async def test_a_draft_is_written_on_its_page(client: Door, cast: Cast) -> None:
    http = await client(cast.user, via="session")
    made = await http.post("/campaigns", data={"name": "Hello", "channel": "sms"})
    assert made.status_code == 303
    address = made.headers["location"]
    assert "Nothing is written yet." in (await http.get(address)).text
    form = {"version": "1", "name": "Hello", "message": "See you <b>soon</b>", "audience": "All"}
    assert (await http.post(address, data=form)).status_code == 303
    shown = (await http.get(address)).text
    assert "See you &lt;b&gt;soon&lt;/b&gt;" in shown
    assert "1 segment" in shown
    stale = await http.post(address, data=form | {"message": "Typed in the other tab"})
    assert stale.status_code == 409
    assert "Typed in the other tab" in stale.text
    assert (await http.post(address + "/delete")).status_code == 303
    assert (await http.get(address)).status_code == 404


async def test_other_peoples_drafts_and_plans_have_no_page(
    client: Door, cast: Cast, database: Database
) -> None:
    host = WorkspaceHost()
    async with database.customer(cast.user.actor) as tx:
        plan, _ = await host.drafts.apply(
            tx, cast.user.actor, PlanDraft("P", (PlanStep("Do", "now", "email", "why"),)), new_id()
        )
        post, _ = await host.drafts.apply(
            tx,
            cast.user.actor,
            CampaignDraft("social", "Post", {"text": "Hi", "hashtags": ["#a"], "platform": "x"}),
            new_id(),
        )
    for target in (plan, post):
        address = host.url(target)
        assert (await (await client(cast.user, via="session")).get(address)).status_code == 200
        for person in (cast.colleague, cast.stranger):
            http = await client(person, via="session")
            assert (await http.get(address)).status_code == 404
            assert (await http.post(address, data={"name": "x"})).status_code in (404, 405)


async def test_an_upload_on_the_page_leads_to_its_job(client: Door, cast: Cast, database: Database) -> None:
    http = await client(cast.manager, via="session")
    token = re.search(r'name="csrf_token" value="([^"]+)"', (await http.get("/imports")).text)
    assert token
    del http.headers["X-CSRF-Token"]
    files = {"file": ("people.csv", b"email\na@example.org\n")}
    data = {"kind": "contacts", "csrf_token": token[1]}
    refused = await http.post("/imports", data={"kind": "contacts"}, files=files)
    assert refused.status_code == 403
    answer = await http.post("/imports", data=data, files=files)
    assert answer.status_code == 303
    waiting = await http.get(answer.headers["location"])
    assert "Waiting for its turn." in waiting.text
    await running.run(database, cast.customer, UUID(answer.headers["location"].rpartition("/")[2]))
    part = await http.get(answer.headers["location"], headers={"HX-Request": "true"})
    assert "<main" not in part.text
    assert "Rejected" in part.text


async def _sent(database: Database, cast: Cast) -> UUID:
    async with database.customer(cast.manager.actor) as tx:
        found: UUID = await tx.value("select id from campaigns where status = 'sent'")
    return found


async def _audience(http: httpx2.AsyncClient) -> str:
    return str((await http.get("/api/v1/audiences")).json()["items"][0]["id"])
