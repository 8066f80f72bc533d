"""The workspace over HTTP: whose it is, what may be changed, how a file comes in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.workspace import running
from tests.door import Door
from tests.people import Cast
from tests.workspace.calls import EMAIL, EVENTS, bring, draft


async def test_a_draft_is_made_changed_and_deleted(client: Door, cast: Cast) -> None:
    http = await client(cast.user)
    made = await draft(http, audience="Everybody")
    address = f"/api/v1/campaigns/{made['id']}"
    assert (made["status"], made["version"], made["audience"]) == ("draft", 1, "Everybody")
    changed = await http.patch(address, json={"content": {"subject": "Better"}, "version": 1})
    assert changed.json()["content"] == {"subject": "Better"}
    assert (changed.json()["name"], changed.json()["audience"]) == ("Spring", "Everybody")
    second_tab = await http.patch(address, json={"name": "Mine", "version": 1})
    assert (second_tab.status_code, second_tab.json()["code"]) == (409, "conflict")
    assert (await http.delete(address)).status_code == 204
    assert (await http.get(address)).status_code == 404


async def test_drafts_are_their_authors_own_and_managers_see_all(client: Door, cast: Cast) -> None:
    made = await draft(await client(cast.user))
    address = f"/api/v1/campaigns/{made['id']}"
    for person in (cast.viewer, cast.colleague, cast.support, cast.stranger):
        http = await client(person)
        for answer in (
            await http.get(address),
            await http.patch(address, json={"name": "Mine"}),
            await http.delete(address),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await http.get("/api/v1/campaigns")).json()["items"] == []
    manager = await client(cast.manager)
    assert (await manager.patch(address, json={"name": "Ours"})).json()["name"] == "Ours"


async def test_what_was_sent_is_read_by_all_and_changed_by_none(
    client: Door, cast: Cast, database: Database
) -> None:
    made = await draft(await client(cast.user))
    async with database.customer(cast.user.actor) as tx:
        await tx.run("update campaigns set status = 'sent', sent_at = now()")
    address = f"/api/v1/campaigns/{made['id']}"
    assert (await (await client(cast.viewer)).get(address)).status_code == 200
    assert (await (await client(cast.colleague)).patch(address, json={"name": "x"})).status_code == 403
    assert (await (await client(cast.manager)).delete(address)).status_code == 409
    assert (await (await client(cast.stranger)).get(address)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        EMAIL | {"status": "sent"},
        EMAIL | {"customer_id": str(UUID(int=1))},
        EMAIL | {"channel": "fax"},
        EMAIL | {"name": ""},
        EMAIL | {"name": "x" * 201},
        EMAIL | {"content": {"subject": 1}},
        EMAIL | {"content": {"headline": "no such field"}},
        EMAIL | {"content": {"body": "<script>alert(1)</script>"}},
        {"name": "x"},
        [],
    ],
)
async def test_a_wrong_draft_is_refused_with_its_field(client: Door, cast: Cast, body: Any) -> None:
    answer = await (await client(cast.user)).post("/api/v1/campaigns", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["errors"]
    assert "alert(1)" not in answer.text


async def test_viewers_make_no_drafts_and_users_no_imports(client: Door, cast: Cast) -> None:
    viewer, user = await client(cast.viewer), await client(cast.user)
    assert (await viewer.post("/api/v1/campaigns", json=EMAIL)).status_code == 403
    assert (await user.post("/api/v1/audiences", json={"name": "All"})).status_code == 403
    assert (await user.get("/api/v1/contacts")).status_code == 403
    assert (await user.get("/api/v1/imports")).status_code == 403
    files = {"file": ("a.csv", b"email\na@example.org\n")}
    refused = await user.post("/api/v1/imports", data={"kind": "contacts"}, files=files)
    assert refused.status_code == 403


async def test_lists_page_through_everything_once(client: Door, cast: Cast) -> None:
    http = await client(cast.user)
    made = {(await draft(http, name=f"Draft {n}"))["id"] for n in range(7)}
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await http.get(f"/api/v1/campaigns?limit=3{cursor}")).json()
        seen += [item["id"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert len(seen) == 7
    assert set(seen) == made


async def test_audiences_are_named_once_and_foreign_contacts_stay_out(
    client: Door, cast: Cast, database: Database
) -> None:
    http, theirs = await client(cast.manager), await client(cast.stranger)
    await bring(database, http, cast.manager.actor, "contacts", "email\na@example.org\n")
    await bring(database, theirs, cast.stranger.actor, "contacts", "email\nb@example.org\n")
    own = (await http.get("/api/v1/contacts")).json()["items"]
    foreign = (await theirs.get("/api/v1/contacts")).json()["items"]
    assert [c["email"] for c in own + foreign] == ["a@example.org", "b@example.org"]
    ids = [own[0]["id"], foreign[0]["id"], str(new_id())]
    made = await http.post("/api/v1/audiences", json={"name": "All", "contact_ids": ids})
    assert made.json()["size"] == 1
    assert (await http.post("/api/v1/audiences", json={"name": "All"})).status_code == 409
    members = await http.get(f"/api/v1/contacts?audience_id={made.json()['id']}")
    assert len(members.json()["items"]) == 1
    assert (await http.get(f"/api/v1/contacts/{foreign[0]['id']}")).status_code == 404
    address = f"/api/v1/audiences/{made.json()['id']}"
    assert (await theirs.patch(address, json={"name": "x"})).status_code == 404
    assert (await http.patch(address, json={"description": "Everybody"})).json()["description"] == "Everybody"
    assert (await http.delete(address)).status_code == 204


async def test_contacts_are_found_by_how_they_begin(client: Door, cast: Cast, database: Database) -> None:
    http = await client(cast.manager)
    text = "email,first_name\nann@example.org,Ann\nbob@example.org,Bob\n100%@example.org,X\n"
    await bring(database, http, cast.manager.actor, "contacts", text)
    for search, expected in (
        ("AN", ["ann@example.org"]),
        ("%", []),
        ("100%", ["100%@example.org"]),
        ("a\0", []),
    ):
        found = (await http.get("/api/v1/contacts", params={"search": search})).json()["items"]
        assert [c["email"] for c in found] == expected


async def test_an_import_keeps_good_rows_and_hands_the_bad_ones_back(
    client: Door, cast: Cast, database: Database
) -> None:
    http = await client(cast.manager)
    text = "email,first_name\na@example.org,Ann\nno address,=1+1\n"
    job = await bring(database, http, cast.manager.actor, "contacts", text)
    assert (job["status"], job["progress"]) == ("done", 1)
    assert (job["read"], job["created"], job["rejected"], job["file_name"]) == (2, 1, 1, "Köln.csv")
    rejected = await http.get(job["rejected_url"])
    assert rejected.headers["content-type"] == "text/csv; charset=utf-8"
    assert rejected.text.splitlines()[1] == '"3","The e-mail address is not valid.","no address","\'=1+1"'
    for person, status in ((cast.stranger, 404), (cast.user, 403)):
        other = await client(person)
        assert (await other.get(job["rejected_url"])).status_code == status
        assert (await other.get(f"/api/v1/imports/{job['id']}")).status_code == status
    async with database.customer(cast.manager.actor) as tx:
        assert await tx.values("select purpose from files") == ["rejects"]  # the upload itself is gone


@pytest.mark.parametrize("data", [b"colour\nred\n", b"PK\x03\x04zip", b"\x1f\x8bgzip"])
async def test_a_file_of_another_kind_fails_with_a_sentence(
    client: Door, cast: Cast, database: Database, data: bytes
) -> None:
    job = await bring(database, await client(cast.manager), cast.manager.actor, "contacts", data)
    assert job["status"] == "failed"
    assert job["error"]
    assert job["created"] == 0


async def test_a_wrong_upload_is_refused_at_once(client: Door, cast: Cast) -> None:
    http = await client(cast.manager)
    file = {"file": ("a.csv", b"email\n")}
    assert (await http.post("/api/v1/imports", files=file)).status_code == 422
    assert (await http.post("/api/v1/imports", data={"kind": "cats"}, files=file)).status_code == 422
    assert (await http.post("/api/v1/imports", data={"kind": "contacts"})).status_code == 422
    empty = {"file": ("a.csv", b"")}
    answer = await http.post("/api/v1/imports", data={"kind": "contacts"}, files=empty)
    assert answer.status_code == 422
    large = await http.post(
        "/api/v1/imports", content=b"x", headers={"content-length": str(1 << 30), "content-type": "text/csv"}
    )
    assert (large.status_code, large.json()["code"]) == (413, "payload_too_large")


async def test_a_job_that_runs_twice_imports_once(client: Door, cast: Cast, database: Database) -> None:
    http = await client(cast.manager)
    job = await bring(database, http, cast.manager.actor, "events", EVENTS)
    await running.run(database, cast.customer, UUID(job["id"]))
    again = (await http.get(f"/api/v1/imports/{job['id']}")).json()
    assert again == job
    assert job["created"] == 180
