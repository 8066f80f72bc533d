"""What the API refuses, hides, cleans and cuts off."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from aidecamp.db.pool import Database
from tests.chat.test_api import STREAM, events, until_asked
from tests.chat.test_turn import hanging
from tests.doubles import ScriptedProvider, openai_stream
from tests.people import Cast


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"content": ""}, 422),
        ({"content": "   \n"}, 422),
        ({"content": "x" * 32_001}, 422),
        ({"content": "x" * 1_100_000}, 413),
        ({"content": "hi", "api_base": "https://evil.example"}, 422),
        ({"content": "hi", "want": ["nonsense"]}, 422),
        ({"content": 7}, 422),
        ({}, 422),
    ],
)
async def test_bad_questions_are_refused_and_reach_no_provider(
    mine: Any, conversation: str, provider: ScriptedProvider, body: Any, status: int
) -> None:
    response = await mine.post(f"{conversation}/messages", json=body)
    assert response.status_code == status, response.text
    assert response.json()["code"] in ("validation_error", "payload_too_large")
    assert not provider.posts


async def test_nul_and_lone_surrogates_are_replaced_on_the_way_in_and_out(
    mine: Any, conversation: str, provider: ScriptedProvider
) -> None:
    provider.say(openai_stream(["nul \u0000 and \ud800 lone"]))
    raw = b'{"content": "a\\u0000b \\ud800 c"}'
    response = await mine.post(
        f"{conversation}/messages", content=raw, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 200, response.text
    assert "\0" not in response.json()["message"]["content"]
    asked = (await mine.get(f"{conversation}/messages")).json()["items"][0]["content"]
    assert asked == "a\ufffdb \ufffd c"


async def test_iso_20_what_others_own_is_404_before_anything_else(
    client: Any, cast: Cast, mine: Any, conversation: str
) -> None:
    answer = (await mine.post(f"{conversation}/messages", json={"content": "Hello"})).json()["message"]
    for person in (cast.colleague, cast.admin, cast.stranger):
        other = await client(person)
        for method, path, body in [
            ("GET", conversation, None),
            ("PATCH", conversation, {"title": "mine"}),
            ("DELETE", conversation, None),
            ("GET", f"{conversation}/messages", None),
            ("POST", f"{conversation}/messages", {"content": ""}),
            ("GET", f"/api/v1/messages/{answer['id']}/events", None),
            ("POST", f"/api/v1/messages/{answer['id']}/stop", None),
        ]:
            response = await other.request(method, path, json=body)
            assert response.status_code == 404, (method, path, response.text)
            random = path.replace(conversation.rsplit("/", 1)[1], str(uuid4())).replace(
                answer["id"], str(uuid4())
            )
            again = await other.request(method, random, json=body)
            assert again.status_code == response.status_code
            assert again.json() | {"request_id": 0} == response.json() | {"request_id": 0}


async def test_auth_01_a_viewers_question_fits_no_quota_and_reaches_no_provider(
    database: Database, mine: Any, cast: Cast, conversation: str, provider: ScriptedProvider
) -> None:
    async with database.customer(cast.user.actor) as tx:
        await tx.run("update users set role = 'viewer' where id = %(id)s", id=cast.user.id)
    response = await mine.post(f"{conversation}/messages", json={"content": "Hello"})
    assert response.status_code == 429
    assert response.json()["code"] == "quota_exceeded"
    assert not provider.posts


async def test_a_viewer_may_not_start_a_conversation(client: Any, cast: Cast) -> None:
    response = await (await client(cast.viewer)).post(
        "/api/v1/conversations", json={"context_type": "content"}
    )
    assert response.status_code == 403


async def test_iso_21_a_foreign_context_or_provider_is_absent(
    client: Any, cast: Cast, mine: Any, connected: object
) -> None:
    for wish in (
        {"context_ref": {"kind": "campaign", "id": str(uuid4())}},
        {"context_ref": {"kind": "audience", "id": str(uuid4())}},
        {"ai_provider_id": str(uuid4())},
    ):
        response = await mine.post("/api/v1/conversations", json={"context_type": "campaign"} | wish)
        assert response.status_code == 404, response.text
    other = await client(cast.stranger)
    response = await other.post(
        "/api/v1/conversations", json={"context_type": "content", "ai_provider_id": str(connected)}
    )
    assert response.status_code == 404


async def test_conversations_are_listed_renamed_archived_deleted(mine: Any) -> None:
    ids = []
    for number in range(3):
        made = await mine.post(
            "/api/v1/conversations", json={"context_type": "content", "title": f"Talk {number}"}
        )
        ids.append(made.json()["id"])
    page = (await mine.get("/api/v1/conversations?limit=2")).json()
    assert [each["id"] for each in page["items"]] == [ids[2], ids[1]]
    rest = (await mine.get("/api/v1/conversations", params={"cursor": page["next_cursor"]})).json()
    assert [each["id"] for each in rest["items"]] == [ids[0]]
    path = f"/api/v1/conversations/{ids[0]}"
    assert (await mine.patch(path, json={"title": "New", "is_archived": True})).json()["title"] == "New"
    assert (await mine.patch(path, json={"user_id": str(uuid4())})).status_code == 422
    archived = (await mine.get("/api/v1/conversations?is_archived=true")).json()["items"]
    assert [each["id"] for each in archived] == [ids[0]]
    assert (await mine.delete(path)).status_code == 204
    assert (await mine.get(path)).status_code == 404


async def test_auth_03_a_revoked_reader_is_cut_off(
    database: Database,
    mine: Any,
    cast: Cast,
    conversation: str,
    provider: ScriptedProvider,
    application: FastAPI,
) -> None:
    provider.say(hanging())
    reading = asyncio.create_task(
        mine.post(f"{conversation}/messages", json={"content": "Hello"}, headers=STREAM)
    )
    await until_asked(provider, 1)
    async with database.customer(cast.user.actor) as tx:
        await tx.run("update users set is_active = false where id = %(id)s", id=cast.user.id)
        await tx.run("delete from sessions where user_id = %(id)s", id=cast.user.id)
        await tx.run("delete from tokens where user_id = %(id)s", id=cast.user.id)
        await application.state.signals.send(
            tx, "revoked", {"customer_id": cast.customer, "user_id": cast.user.id}
        )
    async with database.outside() as tx:
        await tx.run("delete from directory where user_id = %(id)s and kind <> 'email'", id=cast.user.id)
    async with asyncio.timeout(10):
        response = await reading
    assert events(response.text)[-1][1] != "end"
