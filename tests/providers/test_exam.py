"""Test connection: metered, bounded, kept, and learned from."""

from __future__ import annotations

from typing import Any

from aidecamp.db.pool import Database
from tests.door import Door
from tests.doubles import ScriptedProvider as Scripted
from tests.doubles import openai_stream, refusal
from tests.people import Cast

from .conftest import KEY
from .test_api import URL, body, made


async def test_saved_test_is_metered_kept_and_tells_the_models(
    people: Door, cast: Cast, provider: Scripted, database: Database
) -> None:
    client = await people(cast.user)
    saved = await made(client, provider)
    result = (await client.post(f"{URL}/{saved['id']}/test")).json()
    assert result["ok"]
    assert result["models"] == ["scripted-1", "scripted-2"]
    assert result["error"] is None
    assert result["latency_ms"] >= 0
    kept = (await client.get(f"{URL}/{saved['id']}")).json()["last_test"]
    assert kept == result
    async with database.customer(cast.user.actor) as tx:
        used = await tx.value("select sum(input_tokens + output_tokens) from ai_token_usage")
        tests = await tx.value(
            "select count(*) from ai_requests where purpose = 'test' and state = 'settled'"
        )
    assert used == 19 * len(provider.posts)
    assert tests == len(provider.posts)
    assert all(request.json["max_tokens"] <= 64 for request in provider.posts)


async def test_unsaved_test_uses_the_bodys_key_and_says_what_is_wrong(
    people: Door, cast: Cast, provider: Scripted
) -> None:
    client = await people(cast.user)
    provider.say(refusal(401, f"bad key {KEY}"))
    result = await client.post(f"{URL}/test", json=body(provider))
    assert result.status_code == 200
    assert (result.json()["ok"], result.json()["error"]["code"]) == (False, "invalid_key")
    assert result.json()["error"]["help"]
    assert KEY not in result.text
    assert len(provider.posts) == 1


async def test_QUO_28_five_tests_a_minute(people: Door, cast: Cast, provider: Scripted) -> None:
    client = await people(cast.user)
    answers = [await client.post(f"{URL}/test", json=body(provider)) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json()["code"] == "rate_limited"


async def test_what_a_model_refuses_is_learned_and_not_asked_again(
    people: Door, cast: Cast, provider: Scripted, database: Database, application: Any
) -> None:
    client = await people(cast.user)
    saved = await made(client, provider)
    provider.always(
        lambda asked: refusal(400, "no tools here") if asked.json.get("tools") else openai_stream(["ready"])
    )
    steps = (await client.post(f"{URL}/{saved['id']}/test")).json()["steps"]
    assert {step["name"]: step["ok"] for step in steps} == {
        "answer": True,
        "models": True,
        "tools": False,
        "schema": None,
    }
    async with database.customer(cast.user.actor) as tx:
        found = await application.state.models.resolve(tx, cast.user.actor)
    assert not found.capabilities.tools
