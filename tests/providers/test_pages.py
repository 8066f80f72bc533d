"""The provider pages: plain forms first, fragments for htmx, never a key."""

from __future__ import annotations

import re

import httpx2

from tests.door import Door
from tests.doubles import ScriptedProvider as Scripted
from tests.doubles import refusal
from tests.people import Cast

from .conftest import KEY

HX = {"HX-Request": "true"}


def filled(provider: Scripted, **changes: str) -> dict[str, str]:
    form = {"provider_type": "custom", "name": "Mine", "api_endpoint": provider.base, "api_key": KEY}
    return form | {"model_name": "scripted-1", "temperature": "0.7", "max_tokens": "2000"} | changes


async def saved(client: httpx2.AsyncClient, provider: Scripted) -> str:
    answer = await client.post("/providers/new", data=filled(provider))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_form_changes_with_the_type(client: Door, cast: Cast) -> None:
    session = await client(cast.user, "session")
    azure = (await session.get("/providers/new?provider_type=azure_openai")).text
    ollama = (await session.get("/providers/new?provider_type=ollama", headers=HX)).text
    assert "Deployment" in azure
    assert "API version" in azure
    assert "localhost:11434" in ollama
    assert "<html" not in ollama
    plain = await session.post("/providers/new/type", data={"provider_type": "anthropic", "api_key": KEY})
    assert "claude" in plain.text
    assert KEY not in plain.text


async def test_save_test_and_change_without_a_script(client: Door, cast: Cast, provider: Scripted) -> None:
    session = await client(cast.user, "session")
    place = await saved(session, provider)
    shown = (await session.get(place)).text
    assert KEY not in shown
    assert f"ends in {KEY[-4:]}" in shown
    tested = await session.post(f"{place}/test", data=filled(provider, api_key=""))
    assert tested.status_code == 200
    assert "It answers, streams and reports its usage." in tested.text
    assert "scripted-2" in tested.text
    changed = await session.post(place, data=filled(provider, name="Renamed", api_key=""))
    assert changed.status_code == 303
    listed = (await session.get("/providers")).text
    assert "Renamed" in listed
    assert "works" in listed
    assert KEY not in listed


async def test_wrong_fields_are_named_and_the_key_is_not_given_back(
    client: Door, cast: Cast, provider: Scripted
) -> None:
    session = await client(cast.user, "session")
    wrong = filled(provider, temperature="9", max_tokens="many", api_endpoint="https://10.0.0.1/v1")
    answer = await session.post("/providers/new", data=wrong)
    assert answer.status_code == 422
    assert len(re.findall("field-error", answer.text)) == 2
    blocked = await session.post("/providers/new", data=filled(provider, api_endpoint="https://10.0.0.1/v1"))
    assert blocked.status_code == 422
    assert "AIDECAMP_PRIVATE_ENDPOINTS" in blocked.text
    assert KEY not in answer.text + blocked.text


async def test_a_failing_test_says_what_to_do(client: Door, cast: Cast, provider: Scripted) -> None:
    session = await client(cast.user, "session")
    provider.always(refusal(401, f"bad {KEY}"))
    answer = await session.post("/providers/new/test", data=filled(provider), headers=HX)
    assert answer.status_code == 200
    assert "did not accept the key" in answer.text
    assert "revoked" in answer.text
    assert KEY not in answer.text


async def test_default_switch_and_remove(client: Door, cast: Cast, provider: Scripted) -> None:
    session = await client(cast.user, "session")
    first, second = await saved(session, provider), await saved(session, provider)
    assert (await session.post(f"{second}/default")).status_code == 303
    assert (await session.post(f"{second}/switch")).status_code == 303
    rows = {row["id"]: row for row in (await session.get("/api/v1/providers")).json()["items"]}
    assert rows[first.rsplit("/", 1)[1]]["is_default"]
    assert not rows[second.rsplit("/", 1)[1]]["is_active"]
    assert (await session.post(f"{first}/remove")).status_code == 303
    assert (await session.get(first)).status_code == 404


async def test_pages_are_personal(client: Door, cast: Cast, provider: Scripted) -> None:
    place = await saved(await client(cast.user, "session"), provider)
    other = await client(cast.admin, "session")
    assert (await other.get(place)).status_code == 404
    assert (await other.post(place, data=filled(provider))).status_code == 404
    assert (await (await client(cast.viewer, "session")).get("/providers")).status_code == 403
    assert (await (await client()).get("/providers")).headers["location"].startswith("/sign-in")
