"""The books can be recomputed from the ledger, and a changed figure is found."""

from __future__ import annotations

import asyncio
import random

import pytest

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.errors import NotFound
from aidecamp.metering.admission import QuotaExceeded
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.reservation import Outcome
from aidecamp.metering.verify import verify
from tests.metering.books import admit, disagreements, expire, reported, standing
from tests.people import Cast


async def test_an_untouched_ledger_agrees(database: Database, cast: Cast, ledger: Ledger) -> None:
    await ledger.settle(await admit(ledger, cast.user.actor), reported(100, 50))
    await ledger.settle(await admit(ledger, cast.user.actor, provider_id=new_id()), reported(100, 50))
    await ledger.settle(await admit(ledger, cast.user.actor), Outcome(None, opened=False))
    await admit(ledger, cast.stranger.actor)
    assert await verify(database) == (2, [])


@pytest.mark.parametrize(
    ("spoil", "kept"),
    [
        ("update ai_token_usage set input_tokens = input_tokens + 1", "in 101"),
        ("update ai_token_usage set estimated_cost = 5", "cost 5"),
        ("update usage_windows set used = used - 1 where period = 'day'", "used 149"),
        ("update usage_windows set reserved = 7 where period = 'month'", "reserved 7"),
    ],
)
async def test_a_changed_figure_is_found(
    database: Database, cast: Cast, ledger: Ledger, spoil: str, kept: str
) -> None:
    await ledger.settle(await admit(ledger, cast.user.actor), reported(100, 50))
    async with database.of(cast.customer) as tx:
        await tx.run(spoil)  # type: ignore[arg-type]
    checked, findings = await verify(database, cast.customer)
    assert (checked, len(findings)) == (1, 1)
    assert kept in (findings[0].kept or "")
    assert findings[0].user_id == cast.user.id


@pytest.mark.slow
async def test_QUO_31_a_random_mix_keeps_every_account_equal(database: Database, cast: Cast) -> None:
    """Two ledgers, all roles, every ending, sweepers, lost settlements, late ones: nothing leaks."""
    ledgers = [Ledger(database, rate_per_minute=0, streams_per_user=0) for _ in range(2)]
    people = [*cast.members, cast.colleague, cast.stranger]
    dice = random.Random(7)

    async def one(number: int) -> None:
        ledger, person = ledgers[number % 2], dice.choice(people)
        try:
            call = await admit(ledger, person.actor, dice.randint(1, 400), dice.randint(1, 2000))
        except QuotaExceeded:
            return
        if dice.random() < 0.7:
            await ledger.opened({call.id: dice.randint(0, 5000)})
        await asyncio.sleep(dice.random() / 50)
        fate = dice.random()
        if fate < 0.15:
            return
        outcome = reported(dice.randint(0, 3000), dice.randint(0, 3000), dice.randint(0, 9000))
        if fate < 0.3:
            outcome = Outcome(None, opened=False)
        await asyncio.gather(*(ledger.settle(call, outcome) for _ in range(dice.choice([1, 1, 2]))))

    async def sweeping() -> None:
        for _ in range(12):
            await expire(database, cast.customer)
            await asyncio.gather(*(ledger.sweep() for ledger in ledgers))
            await asyncio.sleep(0.05)

    await asyncio.gather(sweeping(), *(one(number) for number in range(600)))
    for customer in (cast.customer, cast.stranger.actor.customer_id):
        await expire(database, customer)
        await ledgers[0].sweep()
        assert await disagreements(database, customer) == []
        for person in people:
            assert (await standing(database, customer, person.id)).reserved == 0
    assert await verify(database) == (2, [])
    for ledger in ledgers:
        await ledger.close()


async def test_a_customer_that_does_not_exist_has_no_books_to_agree(database: Database) -> None:
    with pytest.raises(NotFound):
        await verify(database, new_id())
