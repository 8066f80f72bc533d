"""`/me`, `/usage`, `/limits`: the contract's shapes, and who may see what."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger
from tests.metering.books import admit, reported
from tests.metering.conftest import Browse
from tests.people import Cast


async def test_me_tells_who_where_and_what_is_left(cast: Cast, ledger: Ledger, browse: Browse) -> None:
    await ledger.settle(await admit(ledger, cast.user.actor), reported(100, 50))
    await admit(ledger, cast.user.actor)
    me = (await (await browse(cast.user)).get("/api/v1/me")).json()
    assert me["user"] == {
        "id": str(cast.user.id),
        "email": "user@example.org",
        "name": "User",
        "role": "user",
    }
    assert me["customer"] == {"id": str(cast.customer), "name": "Harbour & Vine", "timezone": "Europe/Berlin"}
    resets = me["quota"]["daily"].pop("resets_at")
    assert me["quota"]["daily"] == {"limit": 10_000, "used": 150, "reserved": 1_000, "remaining": 8_850}
    assert datetime.fromisoformat(resets).astimezone(ZoneInfo("Europe/Berlin")).hour == 0
    owner = (await (await browse(cast.owner)).get("/api/v1/me")).json()
    assert owner["quota"]["monthly"]["limit"] is None
    assert owner["quota"]["monthly"]["remaining"] is None


async def test_usage_of_this_month_is_my_own(cast: Cast, ledger: Ledger, browse: Browse) -> None:
    provider = new_id()
    await ledger.settle(await admit(ledger, cast.user.actor, provider_id=provider), reported(100, 50))
    await ledger.settle(
        await admit(ledger, cast.user.actor, model="llama", provider_type="ollama"), reported(10, 5)
    )
    await ledger.settle(await admit(ledger, cast.colleague.actor), reported(1, 1))
    found = (await (await browse(cast.user)).get("/api/v1/usage")).json()
    today = datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")).date().isoformat()
    assert found == {
        "total_tokens": 165,
        "limit": 100_000,
        "percent": 0.2,
        "estimated_cost": None,
        "currency": "USD",
        "unpriced_share": 1.0,
        "daily": [{"date": today} | part(110, 55, 2)],
        "by_provider": [
            {"ai_provider_id": str(provider), "provider_type": "openai"} | part(100, 50),
            {"ai_provider_id": None, "provider_type": "ollama"} | part(10, 5),
        ],
        "by_model": [{"model": "gpt-4o"} | part(100, 50), {"model": "llama"} | part(10, 5)],
        "top_users": [],
    }


def part(input: int, output: int, requests: int = 1) -> dict[str, object]:
    return {
        "input_tokens": input,
        "output_tokens": output,
        "request_count": requests,
        "estimated_cost": None,
    }


async def test_the_whole_team_is_for_manager_and_up(cast: Cast, ledger: Ledger, browse: Browse) -> None:
    await ledger.settle(await admit(ledger, cast.user.actor), reported(100, 50))
    await ledger.settle(await admit(ledger, cast.colleague.actor), reported(200, 50))
    await ledger.settle(await admit(ledger, cast.stranger.actor), reported(500, 50))
    refused = await (await browse(cast.support)).get("/api/v1/usage?scope=customer")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    found = (await (await browse(cast.manager)).get("/api/v1/usage?scope=customer&period=day")).json()
    assert found["total_tokens"] == 400
    assert [(u["email"], u["tokens"]) for u in found["top_users"]] == [
        ("colleague@example.org", 250),
        ("user@example.org", 150),
    ]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-01-01&to=2026-01-31", 200),
        ("from=2026-02-01&to=2026-01-31", 422),
        ("from=2020-01-01", 422),
        ("from=0001-01-01&to=0001-01-02", 422),
        ("period=day&to=0001-01-01", 422),
        ("to=9999-12-31", 422),
        ("from=9999-12-31", 422),
        ("from=yesterday", 422),
        ("period=year", 422),
        ("scope=everybody", 422),
    ],
)
async def test_odd_periods_are_answered_or_refused(
    cast: Cast, browse: Browse, query: str, status: int
) -> None:
    browser = await browse(cast.user)
    assert (await browser.get(f"/api/v1/usage?{query}")).status_code == status
    assert (await browser.get(f"/usage?{query}")).status_code == status


async def test_limits_round_trip_and_hold_at_once(cast: Cast, ledger: Ledger, browse: Browse) -> None:
    admin = await browse(cast.admin)
    before = (await admin.get("/api/v1/limits")).json()
    assert before["roles"]["user"] == {"daily": 10_000, "monthly": 100_000}
    assert before["roles"]["owner"] == {"daily": None, "monthly": None}
    assert (before["customer"], before["users"]) == (None, [])
    before["roles"]["user"]["daily"] = 700
    override = {"user_id": str(cast.colleague.id), "daily": 50, "monthly": None, "reason": "trial"}
    before["users"] = [override | {"expires_at": "2999-01-01T00:00:00Z"}]
    after = await admin.put("/api/v1/limits", json=before)
    assert after.status_code == 200
    assert after.json() == before
    assert (await (await browse(cast.user)).get("/api/v1/me")).json()["quota"]["daily"]["limit"] == 700
    assert (await (await browse(cast.colleague)).get("/api/v1/me")).json()["quota"]["daily"]["limit"] == 50


@pytest.mark.parametrize(
    "body",
    [
        {"roles": {"user": {"daily": -1, "monthly": 1}}},
        {"roles": {"user": {"daily": 1}}},
        {"roles": {"user": {"daily": "1", "monthly": 1}}},
        {"roles": {"user": {"daily": 1.5, "monthly": 1}}},
        {"roles": {"user": {"daily": 10**30, "monthly": 1}}},
        {"roles": {"king": {"daily": 1, "monthly": 1}}},
        {"roles": {"user": {"daily": 1, "monthly": 1, "hourly": 1}}},
        {"rolls": {}},
        {"users": [{"user_id": "me", "daily": 1, "monthly": 1}]},
    ],
)
async def test_a_body_that_is_not_limits_is_refused(cast: Cast, browse: Browse, body: object) -> None:
    assert (await (await browse(cast.admin)).put("/api/v1/limits", json=body)).status_code == 422


async def test_limits_are_for_admins_and_the_stranger_has_his_own(
    database: Database, cast: Cast, browse: Browse
) -> None:
    assert (await (await browse(cast.manager)).get("/api/v1/limits")).status_code == 403
    stranger = await browse(cast.stranger)
    wish = {"users": [{"user_id": str(cast.user.id), "daily": 1, "monthly": 1, "reason": ""}]}
    assert (await stranger.put("/api/v1/limits", json=wish)).status_code == 404
    assert (
        await stranger.put("/api/v1/limits", json={"roles": {"user": {"daily": 1, "monthly": 1}}})
    ).is_success
    async with database.of(cast.customer) as tx:
        assert await tx.value("select count(*) from role_limits") == 0
