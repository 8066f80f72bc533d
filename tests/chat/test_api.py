"""Conversations and turns over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from aidecamp.db.pool import Database
from aidecamp.egress import Egress
from tests.chat.test_turn import SMS, hanging
from tests.doubles import ScriptedProvider, openai_stream, refusal
from tests.people import Cast

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(autouse=True)
async def reachable(
    application: FastAPI, provider: ScriptedProvider, connected: object
) -> AsyncIterator[None]:
    egress = application.state.models.egress = Egress(provider.listed)
    yield
    await egress.close()


@pytest.fixture
async def mine(client: Any, cast: Cast) -> Any:
    return await client(cast.user)


@pytest.fixture
async def conversation(mine: Any) -> str:
    made = await mine.post("/api/v1/conversations", json={"context_type": "analytics"})
    assert made.status_code == 201, made.text
    return f"/api/v1/conversations/{made.json()['id']}"


def events(body: str) -> list[tuple[int, str, dict[str, Any]]]:
    found = []
    for block in body.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
        if "data" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


async def until_asked(provider: ScriptedProvider, times: int) -> None:
    for _ in range(250):
        if len(provider.posts) >= times:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the provider was not asked")


async def test_an_answer_streams_the_documented_events(
    mine: Any, conversation: str, provider: ScriptedProvider
) -> None:
    provider.say(
        openai_stream(["One\n\nevent: x\ndata: {}\n\n", "two"], tools=[("suggest_sms_content", SMS)])
    )
    response = await mine.post(
        f"{conversation}/messages", json={"content": "Write an SMS", "want": ["sms_content"]}, headers=STREAM
    )
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    said = events(response.text)
    assert [number for number, *_ in said] == sorted(number for number, *_ in said)
    names = [name for _, name, _ in said]
    assert names[0] == "start"
    assert names[-3:] == ["suggestion", "usage", "end"]
    start, end, usage = said[0][2], said[-1][2], said[-2][2]
    assert set(start) == {"message_id", "user_message_id", "conversation_id", "model", "quota"}
    assert set(end) == {"message", "quota"}
    assert set(usage) == {
        "tokens_input", "tokens_cached", "tokens_output", "estimated_cost", "is_estimated", "latency_ms",
        "time_to_first_token_ms",
    }  # fmt: skip
    content = "".join(data["text"] for _, name, data in said if name == "delta")
    assert content == end["message"]["content"] == "One\n\nevent: x\ndata: {}\n\ntwo"


async def test_without_the_stream_the_answer_comes_whole(
    mine: Any, conversation: str, provider: ScriptedProvider
) -> None:
    provider.say(openai_stream(["Hi"], usage=(30, 2)))
    response = await mine.post(f"{conversation}/messages", json={"content": "Hello"})
    assert response.status_code == 200, response.text
    body = response.json()
    assert set(body) == {"message", "suggestions", "usage", "quota"}
    assert body["message"]["content"] == "Hi"
    assert body["quota"]["daily"]["used"] == 32
    listed = (await mine.get(f"{conversation}/messages")).json()["items"]
    assert [message["role"] for message in listed] == ["user", "assistant"]
    assert listed[1] == body["message"]
    assert (await mine.get(conversation)).json()["title"] == "Hello"


async def test_a_providers_failure_is_a_problem(
    mine: Any, conversation: str, provider: ScriptedProvider
) -> None:
    provider.say(refusal(401, "no"))
    response = await mine.post(f"{conversation}/messages", json={"content": "Hello"})
    assert response.status_code == 422
    assert response.headers["content-type"].startswith("application/problem+json")
    assert response.json()["code"] == "invalid_key"
    assert response.json()["help"]


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


async def test_the_same_key_is_the_same_question_and_no_second_charge(
    mine: Any, conversation: str, provider: ScriptedProvider
) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await mine.post(f"{conversation}/messages", json={"content": "Hello"}, headers=headers)
    again = await mine.post(f"{conversation}/messages", json={"content": "Hello"}, headers=headers)
    streamed = await mine.post(
        f"{conversation}/messages", json={"content": "Hello"}, headers=headers | STREAM
    )
    other = await mine.post(f"{conversation}/messages", json={"content": "Other"}, headers=headers)
    assert first.status_code == again.status_code == 200
    assert first.json()["message"] == again.json()["message"]
    assert events(streamed.text)[-1][2]["message"] == first.json()["message"]
    assert other.status_code == 409
    assert len(provider.posts) == 1


async def test_a_reader_picks_up_after_its_last_event(
    mine: Any, conversation: str, provider: ScriptedProvider
) -> None:
    provider.say(openai_stream(["a", "b", "c", "d"], gap=0.06))
    whole = events(
        (await mine.post(f"{conversation}/messages", json={"content": "Hello"}, headers=STREAM)).text
    )
    path = f"/api/v1/messages/{whole[0][2]['message_id']}/events"
    for seen in (0, 2, len(whole) - 1):
        rest = await mine.get(path, headers={"Last-Event-ID": str(seen)})
        assert events(rest.text) == whole[seen:]


async def test_a_forgotten_journal_is_told_again_from_the_message(
    database: Database, mine: Any, cast: Cast, conversation: str, provider: ScriptedProvider
) -> None:
    provider.say(openai_stream(["a", "b"], tools=[("suggest_sms_content", SMS)]))
    whole = events(
        (await mine.post(f"{conversation}/messages", json={"content": "Write an SMS"}, headers=STREAM)).text
    )
    async with database.customer(cast.user.actor) as tx:
        await tx.run("delete from turn_journal")
    path = f"/api/v1/messages/{whole[0][2]['message_id']}/events"
    told = events((await mine.get(path)).text)
    assert [name for _, name, _ in told] == ["start", "delta", "suggestion", "usage", "end"]
    assert told[-1][2]["message"] == whole[-1][2]["message"]
    assert told[-2][2] == whole[-2][2]
    rest = events((await mine.get(path, headers={"Last-Event-ID": "3"})).text)
    assert [name for _, name, _ in rest] == ["end"]


async def test_stop_and_streams_per_user(
    mine: Any, conversation: str, provider: ScriptedProvider, application: FastAPI
) -> None:
    provider.always(hanging())
    application.state.ledger._streams = 2
    running = [
        asyncio.create_task(mine.post(f"{conversation}/messages", json={"content": "Hello"}))
        for _ in range(2)
    ]
    await until_asked(provider, 2)
    third = await mine.post(f"{conversation}/messages", json={"content": "Hello"}, headers=STREAM)
    assert third.status_code == 429
    assert third.json()["code"] == "rate_limited"
    items = (await mine.get(f"{conversation}/messages")).json()["items"]
    for message in items:
        if message["status"] == "streaming":
            stopped = await mine.post(f"/api/v1/messages/{message['id']}/stop")
            assert stopped.json()["status"] == "stopped"
    for response in await asyncio.gather(*running):
        assert response.json()["message"]["status"] == "stopped"


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
