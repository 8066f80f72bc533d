"""Conversations and turns over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import FastAPI

from aidecamp.db.pool import Database
from tests.chat.test_turn import SMS, hanging
from tests.doubles import ScriptedProvider, openai_stream, refusal
from tests.people import Cast

STREAM = {"Accept": "text/event-stream"}


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


async def test_a_title_of_null_is_a_title_left_out(mine: Any, conversation: str) -> None:
    begun = await mine.post("/api/v1/conversations", json={"context_type": "content", "title": None})
    assert (begun.status_code, begun.json()["title"]) == (201, "")


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
