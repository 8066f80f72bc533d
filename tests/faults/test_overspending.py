"""Four worker processes, one user, two hundred questions at once, room for ten."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.doubles import openai_stream, scripted
from tests.installation import installation

pytestmark = pytest.mark.slow

AT_ONCE = 200
OUTPUT = 900
LIMIT = 10_000


async def test_four_workers_never_let_a_user_overspend():
    """QUO-01: the provider reports all that was allowed, so nothing is ever given back."""
    async with scripted() as provider:
        provider.always(openai_stream(["word "] * 40, usage=(120, OUTPUT)))
        settings = {
            "AIDECAMP_PRIVATE_ENDPOINTS": provider.listed,
            "AIDECAMP_RATE_PER_MINUTE": "0",
            "AIDECAMP_STREAMS_PER_USER": "0",
        }
        with installation(**settings) as place:
            customer = await asyncio.to_thread(place.run, "customers", "create", "Harbour & Vine")
            token = await asyncio.to_thread(place.person, customer["id"], "user@example.org", "user")
            with place.running("serve", "--workers", "4") as server:
                async with server.client(token) as client:
                    await connect(client, provider)
                    rooms = [await conversation(client) for _ in range(20)]
                    answers = await asyncio.gather(
                        *(ask(client, rooms[number % len(rooms)]) for number in range(AT_ONCE))
                    )
                    quota = (await client.get("/api/v1/me")).json()["quota"]["daily"]
                checked = await asyncio.to_thread(place.attempt, "usage", "verify")
    outcomes = Counter((status, code) for status, code in answers)
    admitted = outcomes[200, None]
    assert set(outcomes) <= {(200, None), (429, "quota_exceeded")}, outcomes
    assert 8 <= admitted <= LIMIT // OUTPUT
    assert len(provider.posts) == admitted
    assert quota["used"] <= LIMIT
    assert quota["reserved"] == 0
    assert checked.returncode == 0, checked.stdout


async def connect(client, provider):
    body = {
        "name": "Scripted",
        "provider_type": "custom",
        "api_endpoint": provider.base,
        "api_key": "sk-scripted-0123456789",
        "model_name": "scripted-1",
        "config": {"max_tokens": OUTPUT},
    }
    answer = await client.post("/api/v1/providers", json=body)
    assert answer.status_code == 201, answer.text


async def conversation(client) -> str:
    answer = await client.post("/api/v1/conversations", json={"context_type": "content"})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def ask(client, room: str) -> tuple[int, str | None]:
    answer = await client.post(f"/api/v1/conversations/{room}/messages", json={"content": "Say hello."})
    return answer.status_code, answer.json().get("code")
