"""Reading the trail: admins of the customer, nobody else, filtered and in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from aidecamp import audit
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from tests.people import Cast

Client = Callable[..., Awaitable[object]]


async def deeds(database: Database, cast: Cast) -> None:
    for person, action in (
        (cast.user, "suggestion.apply"),
        (cast.user, "campaign.change"),
        (cast.manager, "suggestion.reject"),
        (cast.stranger, "suggestion.apply"),
    ):
        async with database.customer(person.actor) as tx:
            await audit.record(tx, person.actor, action, "suggestion", new_id(), count=2)


async def test_admin_reads_the_customers_own_entries(client, database: Database, cast: Cast) -> None:
    await deeds(database, cast)
    admin = await client(cast.admin)
    answer = await admin.get("/api/v1/audit?action=suggestion")
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [(i["action"], i["actor_email"]) for i in items] == [
        ("suggestion.reject", cast.manager.email),
        ("suggestion.apply", cast.user.email),
    ]
    assert items[0]["facts"] == {"count": 2}
    mine = (await admin.get(f"/api/v1/audit?actor={cast.user.id}&action=campaign.change")).json()["items"]
    assert [i["action"] for i in mine] == ["campaign.change"]
    assert (await admin.get(f"/api/v1/audit?actor={cast.stranger.id}")).json()["items"] == []


async def test_pages_follow_each_other_without_gap(client, database: Database, cast: Cast) -> None:
    await deeds(database, cast)
    admin, seen, cursor = await client(cast.admin), [], ""
    for _ in range(50):
        body = (await admin.get(f"/api/v1/audit?limit=1{cursor}")).json()
        seen += [item["id"] for item in body["items"]]
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
    assert len(seen) == len(set(seen)) >= 3


@pytest.mark.parametrize("role", ["viewer", "user", "support", "manager"])
async def test_others_may_not(client, cast: Cast, role: str) -> None:
    person = await client(cast[role])
    assert (await person.get("/api/v1/audit")).status_code == 403
    assert (await person.get("/trail")).status_code == 403


async def test_nobody_signs_in_first(client) -> None:
    nobody = await client()
    assert (await nobody.get("/api/v1/audit")).status_code == 401


@pytest.mark.parametrize("query", ["from=yesterday", "actor=me", "action=A%00", "limit=0", "colour=red"])
async def test_bad_filters_are_refused(client, cast: Cast, query: str) -> None:
    admin = await client(cast.admin)
    assert (await admin.get(f"/api/v1/audit?{query}")).status_code == 422


async def test_page_shows_entries_and_survives_odd_filters(client, database: Database, cast: Cast) -> None:
    await deeds(database, cast)
    admin = await client(cast.admin)
    shown = await admin.get(f"/trail?actor={cast.user.id}&from=2020-01-01&to=2099-12-31")
    assert shown.status_code == 200
    assert "suggestion.apply" in shown.text
    assert "suggestion.reject" not in shown.text
    odd = await admin.get("/trail?actor=x&from=9999-99-99&to=9999-12-31&cursor=%21%21&action=%3Cscript%3E")
    assert odd.status_code == 200
    assert "<script>x" not in odd.text
