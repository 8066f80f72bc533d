"""Bulk loading gives exactly the figures that the data says, fast, and twice is once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from aidecamp.db.pool import Database
from aidecamp.workspace import seed
from aidecamp.workspace.adapter import WorkspaceHost
from tests.material import shared
from tests.people import Cast

ZONE = ZoneInfo("Europe/Berlin")


async def test_real_purchases_give_their_known_totals(database: Database, cast: Cast) -> None:
    lines = [line.split() for line in shared("marketing/cdnow_sample.txt").read_text().splitlines()]
    people = [
        seed.ContactSeed(key, f"{key}@example.org", email_consent=True) for key in {line[1] for line in lines}
    ]
    purchases = [
        seed.EventSeed(
            line[1],
            "purchased",
            datetime.strptime(line[2], "%Y%m%d").replace(tzinfo=ZONE),
            value=Decimal(line[4]),
        )
        for line in lines
    ]
    actor = cast.admin.actor
    async with database.customer(actor) as tx:
        assert await seed.load_contacts(tx, actor, people) == 2357
        assert await seed.load_events(tx, actor, purchases) == 6919
        assert await seed.load_audience(tx, actor, "All", "Everybody", [p.key for p in people]) == 2357
    async with database.customer(actor) as tx:
        assert await seed.load_events(tx, actor, purchases) == 0
        figures = WorkspaceHost().figures
        totals = await figures.totals(tx, actor, days=1000, until=None)
        overview = await figures.overview(tx, actor)
        audience = (await figures.audiences(tx, actor))[0]
    assert totals.purchased == 6919
    assert round(totals.revenue, 2) == 244091.94
    assert (overview.contacts, overview.reachable["email"]) == (2357, 2357)
    assert (str(overview.since), str(overview.until)) == ("1997-01-01", "1998-06-30")
    assert audience.size == 2357
    assert 0 < audience.engaged_30d < 2357


async def test_simulated_campaigns_are_marked(database: Database, cast: Cast) -> None:
    actor = cast.admin.actor
    sent = datetime(2026, 3, 1, 10, tzinfo=ZONE)
    content = {"subject": "Tab\there \\ back", "body": "See https://shop.example.com/x\nBye"}
    async with database.customer(actor) as tx:
        campaign = seed.CampaignSeed("s1", "Spring", "email", content, sent, is_simulated=True)
        assert await seed.load_campaigns(tx, actor, [campaign]) == 1
        await seed.load_contacts(tx, actor, [seed.ContactSeed("k1", attributes={"plan": "gold"})])
        await seed.load_events(tx, actor, [seed.EventSeed("k1", "sent", sent, "s1")])
        figures = WorkspaceHost().figures
        assert (await figures.overview(tx, actor)).simulated
        shown = (await figures.campaigns(tx, actor))[0]
        assert (shown.content, shown.counts.sent, shown.channel) == (content, 1, "email")
        assert await figures.links(tx, actor) == ["shop.example.com"]
        assert "plan" in await figures.merge_fields(tx, actor)
        assert [s.label for s in await figures.by_channel(tx, actor, days=9, until=None)] == ["email"]
