"""Providers over HTTP: what is saved, what is shown, what wipes a key, what is refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx2
import pytest

from aidecamp.db.pool import Database
from aidecamp.providers.call import Models
from tests.door import Door
from tests.doubles import Answer
from tests.doubles import ScriptedProvider as Scripted
from tests.people import Cast

from .conftest import KEY

URL = "/api/v1/providers"


def body(provider: Scripted, **changes: Any) -> dict[str, Any]:
    made = {"name": "Mine", "provider_type": "custom", "api_endpoint": provider.base, "api_key": KEY}
    return made | {"model_name": "scripted-1", "config": {"temperature": 0.7, "max_tokens": 300}} | changes


async def made(client: httpx2.AsyncClient, provider: Scripted, **changes: Any) -> dict[str, Any]:
    answer = await client.post(URL, json=body(provider, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_saved_provider_is_shown_without_its_key(people: Door, cast: Cast, provider: Scripted) -> None:
    client = await people(cast.user)
    saved = await made(client, provider)
    assert saved["key_hint"] == KEY[-4:]
    assert saved["is_default"]
    assert saved["config"] == {"temperature": 0.7, "max_tokens": 300}
    assert saved["last_test"] is None
    shown = await client.get(f"{URL}/{saved['id']}")
    assert shown.json() == saved
    listed = (await client.get(URL)).json()
    assert [row["id"] for row in listed["items"]] == [saved["id"]]
    assert KEY not in shown.text
    assert "api_key" not in saved


async def test_vendors_own_address_needs_no_endpoint(people: Door, cast: Cast, provider: Scripted) -> None:
    client = await people(cast.user)
    saved = await made(client, provider, provider_type="openai", api_endpoint=None, name=None)
    assert saved["api_endpoint"] is None
    assert saved["name"] == "OpenAI"


async def test_first_active_is_default_and_there_is_one(people: Door, cast: Cast, provider: Scripted) -> None:
    client = await people(cast.user)
    first, second = await made(client, provider), await made(client, provider)
    assert (first["is_default"], second["is_default"]) == (True, False)
    third = await made(client, provider, is_default=True)
    rows = {row["id"]: row["is_default"] for row in (await client.get(URL)).json()["items"]}
    assert rows == {first["id"]: False, second["id"]: False, third["id"]: True}
    await client.delete(f"{URL}/{third['id']}")
    rows = {row["id"]: row["is_default"] for row in (await client.get(URL)).json()["items"]}
    assert rows == {first["id"]: False, second["id"]: True}


@pytest.mark.parametrize(
    "change",
    [
        {"provider_type": "anthropic"},
        {"api_endpoint": "https://elsewhere.example.com/v1"},
        {"api_endpoint": "PROVIDER/other"},
    ],
)
async def test_KEY_11_KEY_14_moving_a_provider_wipes_its_key(
    people: Door, cast: Cast, provider: Scripted, change: dict[str, Any]
) -> None:
    client = await people(cast.user)
    saved = await made(client, provider)
    change = {name: value.replace("PROVIDER", provider.bare) for name, value in change.items()}
    moved = (await client.patch(f"{URL}/{saved['id']}", json=change)).json()
    assert (moved["key_hint"], moved["is_active"], moved["is_default"]) == (None, False, False)
    again = await client.patch(
        f"{URL}/{saved['id']}", json={"api_key": "sk-another-key-0123456789", "is_active": True}
    )
    assert again.json()["key_hint"] == "6789"
    assert again.json()["is_active"]


async def test_KEY_12_a_moved_key_goes_nowhere(people: Door, cast: Cast, provider: Scripted) -> None:
    client = await people(cast.user)
    saved = await made(client, provider)
    await client.patch(f"{URL}/{saved['id']}", json={"api_endpoint": f"{provider.bare}/evil"})
    await client.post(f"{URL}/{saved['id']}/test")
    assert all("authorization" not in request.headers for request in provider.requests)


async def test_other_changes_keep_the_key(people: Door, cast: Cast, provider: Scripted) -> None:
    client = await people(cast.user)
    saved = await made(client, provider)
    changed = await client.patch(f"{URL}/{saved['id']}", json={"name": "New", "model_name": "scripted-2"})
    assert changed.json()["key_hint"] == KEY[-4:]
    assert changed.json()["is_active"]
    await client.post(f"{URL}/{saved['id']}/test")
    assert provider.posts[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "key",
    ["sk-a\r\nEvil: x", "sk-\x00bbbbbbbbbbbb", "sk-ключ-ключ-ключ", "", "   ", "x" * 10_000, "sk a b c d"],
)
async def test_KEY_06_a_key_that_can_not_be_one_is_refused_and_not_repeated(
    people: Door, cast: Cast, provider: Scripted, key: str
) -> None:
    client = await people(cast.user)
    answer = await client.post(URL, json=body(provider, api_key=key))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "api_key"
    assert not key.strip() or key.strip() not in answer.text


async def test_KEY_06_spaces_around_a_key_go(people: Door, cast: Cast, provider: Scripted) -> None:
    client = await people(cast.user)
    saved = await made(client, provider, api_key=f"  {KEY}\r\n")
    await client.post(f"{URL}/{saved['id']}/test")
    assert provider.posts[0].headers["authorization"] == f"Bearer {KEY}"


BLOCKED = [
    "http://api.example.com/v1", "https://api.example.com:8443/v1", "https://localhost/v1", "http://localhost:1/v1",
    "https://10.0.0.1/v1", "https://127.1/v1", "https://2130706433/v1", "https://0x7f000001/v1", "https://[::1]/v1",
    "https://169.254.169.254/", "https://metadata.google.internal/", "https://[::ffff:169.254.169.254]/",
    "https://printer.local/v1", "https://intranet/v1", "https://api.example.com:22/",
    "ftp://api.example.com", "gopher://api.example.com/", "https://[fe80::1%25eth0]/",
]  # fmt: skip
INVALID = [
    "https://user:pw@api.example.com/v1", "https://api.example.com/v1?key=1",
    "https://api.example.com/#x", "https://api.exam\u200bple.com", "https://127。0。0。1/", "https://a b.com",
    "https://api.example.com:99999/", "https://", "https://evil.com%0d%0a.example.com", "api.example.com",
    "x" * 3000,
]  # fmt: skip


ENDPOINTS = [(e, "endpoint_blocked") for e in BLOCKED] + [(e, "validation_error") for e in INVALID]


@pytest.mark.parametrize(("endpoint", "code"), ENDPOINTS)
async def test_KEY_09_SSRF_endpoint_is_checked_when_saved_and_when_changed(
    people: Door, cast: Cast, provider: Scripted, endpoint: str, code: str
) -> None:
    client = await people(cast.user)
    for kind in ("custom", "ollama"):
        answer = await client.post(URL, json=body(provider, api_endpoint=endpoint, provider_type=kind))
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    answer = await client.post(f"{URL}/test", json=body(provider, api_endpoint=endpoint))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    saved = await made(client, provider)
    answer = await client.patch(f"{URL}/{saved['id']}", json={"api_endpoint": endpoint})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await client.get(f"{URL}/{saved['id']}")).json() == saved


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"temperature": 3}}, {"config": {"max_tokens": 0}}, {"config": {"max_tokens": "100"}},
        {"config": {"base_url": "https://x.example.com"}}, {"config": {"extra": {"headers": {"x": "y"}}}},
        {"config": {"extra": {"top_k": 5}}}, {"config": {"api_version": "2024-10-21"}}, {"model_name": ""},
        {"model_name": "a\nb\x00" * 60}, {"provider_type": "gemini"}, {"user_id": "x"}, {"name": "x" * 101},
        {"config": {"temperature": "NaN"}},
    ],
)  # fmt: skip
async def test_SSRF_29_bodies_are_closed_shapes(
    people: Door, cast: Cast, provider: Scripted, change: dict[str, Any]
) -> None:
    client = await people(cast.user)
    assert (await client.post(URL, json=body(provider, **change))).status_code == 422


async def test_a_provider_is_personal(people: Door, cast: Cast, provider: Scripted) -> None:
    saved = await made(await people(cast.user), provider)
    for person in (cast.colleague, cast.admin, cast.owner, cast.stranger, cast.viewer):
        client = await people(person)
        one = f"{URL}/{saved['id']}"
        answers = [
            await client.get(one), await client.patch(one, json={"name": "x"}), await client.delete(one),
            await client.post(f"{one}/test"),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [404] * 4
        if person is not cast.viewer:
            assert (await client.get(URL)).json()["items"] == []
    assert (await (await people(cast.viewer)).post(URL, json=body(provider))).status_code == 403


async def test_removed_provider_leaves_its_usage(
    people: Door, cast: Cast, provider: Scripted, database: Database
) -> None:
    client = await people(cast.user)
    saved = await made(client, provider)
    await client.post(f"{URL}/{saved['id']}/test")
    async with database.customer(cast.user.actor) as tx:
        before = await tx.value("select sum(input_tokens + output_tokens) from ai_token_usage")
    assert (await client.delete(f"{URL}/{saved['id']}")).status_code == 204
    assert (await client.get(f"{URL}/{saved['id']}")).status_code == 404
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select sum(input_tokens + output_tokens) from ai_token_usage") == before


async def test_SSRF_22_a_web_page_is_not_shown(people: Door, cast: Cast, provider: Scripted) -> None:
    provider.always(Answer(500, {"Content-Type": "text/html"}, [b"<h1>Printer admin</h1>"]))
    client = await people(cast.user)
    result = await client.post(f"{URL}/test", json=body(provider))
    assert result.json()["error"]["code"] == "provider_error"
    assert "Printer" not in result.text


async def test_resolve_takes_the_default_or_the_named_one(
    people: Door, cast: Cast, provider: Scripted, database: Database, application: Any
) -> None:
    client, models = await people(cast.user), application.state.models
    assert isinstance(models, Models)
    first, second = await made(client, provider), await made(client, provider, name="Second")
    async with database.customer(cast.user.actor) as tx:
        assert (await models.resolve(tx, cast.user.actor)).id == UUID(first["id"])
        assert (await models.resolve(tx, cast.user.actor, UUID(second["id"]))).name == "Second"
    await client.patch(f"{URL}/{second['id']}", json={"is_active": False})
    async with database.customer(cast.user.actor) as tx:
        assert (await models.resolve(tx, cast.user.actor, UUID(second["id"]))).id == UUID(first["id"])
    async with database.customer(cast.colleague.actor) as tx:
        with pytest.raises(Exception, match="No AI provider"):
            await models.resolve(tx, cast.colleague.actor, UUID(first["id"]))


async def test_a_changed_parameter_leaves_the_others(people: Door, cast: Cast, provider: Scripted) -> None:
    client = await people(cast.user)
    saved = await made(client, provider)
    one = f"{URL}/{saved['id']}"
    changed = await client.patch(one, json={"config": {"temperature": 0.1}})
    assert changed.json()["config"] == {"temperature": 0.1, "max_tokens": 300}
    taken = await client.patch(one, json={"config": {"temperature": None}})
    assert taken.json()["config"] == {"max_tokens": 300}
