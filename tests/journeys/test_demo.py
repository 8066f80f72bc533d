"""The first day: the demo started as `make run` starts it; a marketer does the main job in a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from aidecamp.demo.model import is_installed
from tests.browser import Visit, chromium, visit
from tests.installation import Installation, Server, installation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed(), reason="the try-out model is not installed (make install)"),
]
# The promise is "well under a minute" on two idle cores; the suite's other workers are not idle.
PATIENCE_MS = 180_000
QUESTION = "Write an SMS for a Tuesday flash sale on vinyl."


@dataclass(frozen=True)
class Demo:
    place: Installation
    server: Server

    def sign_in(self, role: str, customer: str = "Northside Records") -> dict[str, str]:
        said = json.loads(self.server.said)
        assert said["url"] == self.server.url
        return next(s for s in said["sign_ins"] if s["role"] == role and s["customer"] == customer)

    def client(self, email: str) -> httpx2.AsyncClient:
        return self.server.client(self.place.run("tokens", "create", email)["token"])


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with installation() as place, place.running("demo", "--no-browser", "--json") as server:
        yield Demo(place, server)


async def test_a_marketer_asks_applies_undoes_and_sees_what_it_cost(demo: Demo) -> None:
    person = demo.sign_in("user")
    client = await asyncio.to_thread(demo.client, person["email"])
    async with client, chromium() as browser, visit(browser, demo.server.url) as seen:
        await enter(seen, person)
        before = await drafts(client)

        await seen.page.get_by_label("Your message").fill(QUESTION)
        await seen.page.get_by_role("button", name="Send").click()
        details = seen.page.get_by_role("link", name="View details")
        await details.wait_for(timeout=PATIENCE_MS)
        assert "for trying out" in await seen.page.locator("main").inner_text()

        await details.click()
        await seen.page.get_by_role("button", name="Apply to campaign").click()
        became = seen.page.get_by_text("It became a")
        await became.wait_for()
        made = [draft for draft in await drafts(client) if draft not in before]
        assert len(made) == 1
        await became.get_by_role("link").click()
        await seen.page.wait_for_url(f"**/campaigns/{made[0]}")
        await seen.page.go_back()

        await seen.page.get_by_role("button", name="Undo").click()
        await seen.page.get_by_role("button", name="Apply to campaign").wait_for()
        assert await drafts(client) == before

        used = await charged(client)
        await seen.open("/usage")
        assert f"{used:,}" in await seen.page.locator("main").inner_text()
        assert not seen.complaints
    checked = await asyncio.to_thread(demo.place.attempt, "usage", "verify")
    assert checked.returncode == 0, checked.stdout


async def test_a_viewer_reads_and_is_told_kindly_that_asking_is_not_theirs(demo: Demo) -> None:
    client = await asyncio.to_thread(demo.client, demo.sign_in("viewer")["email"])
    async with client:
        assert (await client.get("/api/v1/campaigns")).status_code == 200
        refused = await client.post("/api/v1/conversations", json={"context_type": "content"})
    assert refused.status_code == 403
    assert refused.json()["code"] == "forbidden"


async def test_the_neighbour_sees_nothing_of_the_shop(demo: Demo) -> None:
    shop = await asyncio.to_thread(demo.client, demo.sign_in("manager")["email"])
    neighbour = await asyncio.to_thread(demo.client, demo.sign_in("manager", "Fjord Outdoor")["email"])
    async with shop, neighbour:
        campaigns = (await shop.get("/api/v1/campaigns")).json()["items"]
        theirs = (await neighbour.get("/api/v1/campaigns")).json()["items"]
        assert campaigns
        assert [each["name"] for each in theirs] == ["Winter tents"]
        for each in campaigns[:3]:
            assert (await neighbour.get(f"/api/v1/campaigns/{each['id']}")).status_code == 404


async def enter(seen: Visit, person: dict[str, str]) -> None:
    await seen.open("/sign-in")
    await seen.page.get_by_label("E-mail").fill(person["email"])
    await seen.page.get_by_label("Password").fill(person["password"])
    await seen.page.get_by_role("button", name="Sign in").click()
    await seen.page.wait_for_url("**/assistant")


async def drafts(client: httpx2.AsyncClient) -> list[str]:
    items = (await client.get("/api/v1/campaigns?limit=200")).json()["items"]
    return [each["id"] for each in items if each["status"] == "draft"]


async def charged(client: httpx2.AsyncClient) -> int:
    """What the messages say that they used, which must be what the quota and the books say."""
    rooms = (await client.get("/api/v1/conversations")).json()["items"]
    total = 0
    for room in rooms:
        said = (await client.get(f"/api/v1/conversations/{room['id']}/messages")).json()["items"]
        total += sum((each["tokens_input"] or 0) + (each["tokens_output"] or 0) for each in said)
    quota = (await client.get("/api/v1/me")).json()["quota"]["daily"]
    usage = (await client.get("/api/v1/usage?period=day&scope=me")).json()
    assert total == quota["used"] == usage["total_tokens"]
    assert quota["reserved"] == 0
    return total
