"""The first start of the demo: everything there, nothing twice, and nothing of the neighbour next door."""

from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.demo import seed
from aidecamp.workspace.adapter import WorkspaceHost


async def test_the_shop_holds_the_real_purchases_and_the_simulated_campaigns(database, tmp_path):
    made = await seed.seeded(database, tmp_path)
    shop = Actor.system(UUID(made.sign_ins[0].customer_id), seed.ZONE)
    host = WorkspaceHost()
    async with database.customer(shop) as tx:
        overview = await host.figures.overview(tx, shop)
        totals = await host.figures.totals(tx, shop, days=3650, until=None)
        audiences = await host.figures.audiences(tx, shop)
    assert overview.contacts == 2357
    assert overview.simulated
    assert totals.purchased == 6919
    assert round(totals.revenue, 2) == 244091.94
    assert {audience.name for audience in audiences} == {"Active Buyers", "Lapsed Buyers", "Regulars"}
    assert all(audience.size > 50 for audience in audiences)


async def test_the_neighbour_sees_only_its_own(database, tmp_path):
    made = await seed.seeded(database, tmp_path)
    neighbour = Actor.system(UUID(made.sign_ins[-1].customer_id), "Europe/Oslo")
    host = WorkspaceHost()
    async with database.customer(neighbour) as tx:
        overview = await host.figures.overview(tx, neighbour)
        campaigns = await host.figures.campaigns(tx, neighbour)
    assert overview.contacts == 40
    assert [campaign.name for campaign in campaigns] == ["Winter tents"]


async def test_the_second_start_finds_what_the_first_one_made(database, tmp_path):
    first = await seed.seeded(database, tmp_path)
    assert await seed.seeded(database, tmp_path) == first
    assert (tmp_path / seed.NOTE).stat().st_mode & 0o077 == 0
