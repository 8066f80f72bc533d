"""The pages say what the books say, to those who may see it, with and without scripts."""

from __future__ import annotations

from aidecamp.db.ids import new_id
from aidecamp.metering.ledger import Ledger
from tests.metering.books import admit, reported
from tests.metering.conftest import Browse
from tests.people import Cast


async def test_the_usage_page_shows_total_bar_cost_and_days(
    cast: Cast, ledger: Ledger, browse: Browse
) -> None:
    await ledger.settle(
        await admit(ledger, cast.user.actor, provider_id=new_id()), reported(1000, 4000, 16_000)
    )
    html = (await (await browse(cast.user)).get("/usage")).text
    assert "<b>1,900</b> of 100,000" in html
    assert "1.9 %" in html
    assert "no price is known" in html
    assert 'aria-labelledby="chart-' in html
    assert "Whole team" not in html
    assert "style=" not in html


async def test_an_empty_period_says_the_first_step(cast: Cast, browse: Browse) -> None:
    html = (await (await browse(cast.user)).get("/usage?from=2026-01-01&to=2026-01-31")).text
    assert "January 2026" in html
    assert "Nothing used in this period" in html


async def test_passing_80_percent_is_told_on_the_page(cast: Cast, ledger: Ledger, browse: Browse) -> None:
    await ledger.settle(await admit(ledger, cast.user.actor, 100, 8_500), reported(100, 8_500, 30_000))
    html = (await (await browse(cast.user)).get("/usage")).text
    assert "more than 80 % of your tokens today" in html


async def test_a_manager_sees_the_team_and_its_top_users(cast: Cast, ledger: Ledger, browse: Browse) -> None:
    await ledger.settle(await admit(ledger, cast.user.actor), reported(100, 50))
    html = (await (await browse(cast.manager)).get("/usage?scope=customer")).text
    assert "1. user@example.org" in html
    assert (await (await browse(cast.user)).get("/usage?scope=customer")).status_code == 403


async def test_an_admin_changes_limits_with_plain_forms(cast: Cast, browse: Browse) -> None:
    admin = await browse(cast.admin)
    page = (await admin.get("/team/limits")).text
    assert 'name="user_daily"' in page
    assert 'name="owner_daily"' not in page
    saved = await admin.post(
        "/team/limits",
        data={"user_daily": "5,000", "user_monthly": "", "customer_daily": "", "customer_monthly": "900000"},
    )
    assert (saved.status_code, saved.headers["location"]) == (303, "/team/limits?saved=true")
    limits = (await admin.get("/api/v1/limits")).json()
    assert limits["roles"]["user"] == {"daily": 5_000, "monthly": None}
    assert limits["roles"]["support"] == {"daily": 25_000, "monthly": 250_000}
    assert limits["customer"] == {"daily": None, "monthly": 900_000}


async def test_one_persons_limit_is_set_shown_and_removed(cast: Cast, browse: Browse) -> None:
    admin = await browse(cast.admin)
    form = {
        "user_id": str(cast.user.id),
        "daily": "1",
        "monthly": "2",
        "reason": "<b>",
        "until": "2999-12-31",
    }
    assert (await admin.post("/team/limits/people", data=form)).status_code == 303
    assert (await admin.get("/api/v1/limits")).json()["users"] == [
        {"user_id": str(cast.user.id), "daily": 1, "monthly": 2, "reason": "<b>",
         "expires_at": "2999-12-31T23:00:00Z"}
    ]  # fmt: skip
    assert "&lt;b&gt;" in (await admin.get("/team/limits?saved=true")).text
    past = await admin.post("/team/limits/people", data=form | {"until": "2020-01-01"})
    assert past.status_code == 422
    assert "end in the past" in past.text
    foreign = await admin.post("/team/limits/people", data=form | {"user_id": str(cast.stranger.id)})
    assert foreign.status_code == 404
    await admin.post(f"/team/limits/people/{cast.user.id}/remove")
    assert (await admin.get("/api/v1/limits")).json()["users"] == []


async def test_the_limits_page_is_not_for_managers(cast: Cast, browse: Browse) -> None:
    manager = await browse(cast.manager)
    assert (await manager.get("/team/limits")).status_code == 403
    assert (await manager.post("/team/limits", data={"user_daily": "1"})).status_code == 403
