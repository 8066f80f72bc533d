"""What a call is charged: pure bounds first, then the books, once and for all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.reservation import Outcome, Reservation, Usage
from aidecamp.metering.settlement import SANE, figures
from tests.metering.books import admit, disagreements, expire, reported, standing
from tests.people import Cast

CALL = Reservation(UUID(int=1), UUID(int=2), UUID(int=3), None, "chat", "m", 100, 900, request_bytes=4000)


@pytest.mark.parametrize(
    ("outcome", "shown", "charged", "estimated"),
    [
        (reported(120, 300, 1200), (120, 300), (120, 300), False),
        (reported(400, 300, 1200), (400, 300), (400, 300), False),
        (reported(None, None, 1200), (100, 300), (100, 300), True),
        (reported(0, 0, 1200), (100, 300), (100, 300), True),
        (reported(120, 1, 1200), (120, 1), (120, 100), False),
        (reported(120, 10**6, 1200), (120, 10**6), (120, 900), False),
        (reported(10**8, 300, 1200), (10**8, 300), (4000, 300), False),
        (reported(10**30, -5, 1200), (100, 300), (100, 300), True),
        (reported(120, 2, 1200, is_usage_final=False), (120, 300), (120, 300), True),
        (Outcome(None, True, 1200, received_estimate=280), (100, 280), (100, 280), True),
        (Outcome(None, True), (100, 0), (100, 0), True),
        (Outcome(None, False), (0, 0), (0, 0), False),
    ],
    ids=[
        "honest", "QUO-05 four times the estimate", "no report", "QUO-07 always zero", "too low", "too high",
        "absurd input", "insane", "cut", "own estimate", "silent", "refused",
    ],
)  # fmt: skip
def test_claims_are_shown_and_held_within_bounds(
    outcome: Outcome, shown: tuple[int, int], charged: tuple[int, int], estimated: bool
) -> None:
    f = figures(CALL, outcome)
    assert (f.tokens_input, f.tokens_output) == shown
    assert (f.charged_input, f.charged_output) == charged
    assert f.is_estimated is estimated


count = st.one_of(st.none(), st.integers(-(10**20), 10**20), st.integers(0, 2000))


@given(st.builds(Usage, count, count, count, count, count), st.integers(0, 100_000), st.booleans())
def test_no_claim_can_lower_a_counter_or_leave_the_bounds(usage: Usage, received: int, final: bool) -> None:
    f = figures(CALL, Outcome(usage, True, received, is_usage_final=final))
    assert 0 <= f.charged_input <= 4000
    assert min(-(-received // 12), 900) <= f.charged_output <= 900
    assert 0 <= f.tokens_cached <= f.tokens_input <= SANE


async def test_a_settlement_moves_reserved_to_used(database: Database, cast: Cast, ledger: Ledger) -> None:
    reservation = await admit(ledger, cast.user.actor)
    charge = await ledger.settle(
        reservation, Outcome(Usage(120, 20, 0, 300, 50), True, 1200, 0, 150, 900, None)
    )
    assert (charge.tokens_input, charge.tokens_cached, charge.tokens_output) == (120, 20, 300)
    held = await standing(database, cast.customer, cast.user.id)
    assert (held.used, held.reserved) == (420, 0)
    assert await disagreements(database, cast.customer) == []


async def test_settling_again_changes_nothing_and_tells_the_first_charge(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    reservation = await admit(ledger, cast.user.actor)
    charges = await asyncio.gather(*(ledger.settle(reservation, reported(120, 300)) for _ in range(5)))
    again = await ledger.settle(reservation, reported(999, 999))
    assert {*charges, again} == {charges[0]}
    assert (await standing(database, cast.customer, cast.user.id)).used == 420
    assert await disagreements(database, cast.customer) == []


async def test_a_refused_call_is_released(database: Database, cast: Cast, ledger: Ledger) -> None:
    reservation = await admit(ledger, cast.user.actor)
    await ledger.settle(reservation, Outcome(None, opened=False, error_code="invalid_key"))
    held = await standing(database, cast.customer, cast.user.id)
    assert (held.used, held.reserved) == (0, 0)
    async with database.of(cast.customer) as tx:
        assert await tx.value("select state from ai_requests") == "released"
        assert await tx.value("select count(*) from ai_token_usage") == 0


async def test_in_the_callers_transaction_a_settlement_shares_its_fate(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    reservation = await admit(ledger, cast.user.actor)
    with pytest.raises(psycopg.errors.DivisionByZero):
        async with database.customer(cast.user.actor) as tx:
            await ledger.settle(reservation, reported(120, 300), tx=tx)
            await tx.value("select 1 / 0")
    assert (await standing(database, cast.customer, cast.user.id)).reserved == 1000
    await ledger.settle(reservation, reported(120, 300))
    assert (await standing(database, cast.customer, cast.user.id)).used == 420


async def test_a_reservation_that_never_was_is_not_invented(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    stray = replace(CALL, id=new_id(), customer_id=cast.customer, user_id=cast.user.id)
    charge = await ledger.settle(stray, reported(120, 300))
    assert (charge.tokens_input, charge.estimated_cost) == (120, None)
    assert await disagreements(database, cast.customer) == []


async def test_CRASH_01_a_call_that_was_never_sent_is_released_by_the_sweeper(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    await admit(ledger, cast.user.actor)
    assert await ledger.sweep() == 0
    await expire(database, cast.customer)
    assert await ledger.sweep() == 1
    held = await standing(database, cast.customer, cast.user.id)
    assert (held.used, held.reserved) == (0, 0)


async def test_CRASH_02_a_call_cut_in_mid_stream_is_charged_what_was_shown(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    reservation = await admit(ledger, cast.user.actor)
    await ledger.opened({reservation.id: 300})
    await ledger.opened([reservation.id])
    await expire(database, cast.customer)
    assert await ledger.sweep() == 1
    assert (await standing(database, cast.customer, cast.user.id)).used == 200
    async with database.of(cast.customer) as tx:
        assert await tx.value("select state from ai_requests") == "expired"
        assert await tx.value("select is_estimated from ai_requests")
    assert await disagreements(database, cast.customer) == []


@pytest.mark.parametrize("opened", [True, False])
async def test_QUO_29_CRASH_16_a_late_settlement_corrects_the_sweeper(
    database: Database, cast: Cast, ledger: Ledger, opened: bool
) -> None:
    reservation = await admit(ledger, cast.user.actor)
    if opened:
        await ledger.opened({reservation.id: 300})
    await expire(database, cast.customer)
    await ledger.sweep()
    await ledger.settle(reservation, reported(120, 300))
    await ledger.settle(reservation, reported(500, 500))
    assert (await standing(database, cast.customer, cast.user.id)).used == 420
    assert await disagreements(database, cast.customer) == []


async def test_CRASH_16_a_provisional_settlement_is_corrected_once_by_the_process_itself(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    reservation = await admit(ledger, cast.user.actor)
    await ledger.settle(reservation, reported(None, None, 400), provisional=True)
    await ledger.settle(reservation, reported(None, None, 800), provisional=True)
    async with database.of(cast.customer) as tx:
        assert await tx.value("select state from ai_requests") == "expired"
    assert (await standing(database, cast.customer, cast.user.id)).used == 300
    await ledger.settle(reservation, reported(120, 300))
    await ledger.settle(reservation, reported(None, None, 800), provisional=True)
    assert (await standing(database, cast.customer, cast.user.id)).used == 420
    assert await disagreements(database, cast.customer) == []


async def test_the_sweeper_comes_back_for_a_lease_that_was_renewed(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    reservation = await admit(ledger, cast.user.actor)
    await ledger.opened([reservation.id])
    async with database.outside() as tx:
        await tx.run("update due set due_at = now() - interval '1 s' where kind = 'lease'")
    assert await ledger.sweep() == 0
    async with database.outside() as tx:
        assert await tx.value("select count(*) from due where kind = 'lease'") == 1
    await expire(database, cast.customer)
    assert await ledger.sweep() == 1
    async with database.outside() as tx:
        assert await tx.value("select count(*) from due where kind = 'lease'") == 0


async def test_CRASH_14_many_sweepers_and_settlements_finalise_each_call_once(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    people = [cast.user, cast.colleague, cast.manager, cast.stranger]
    calls = [await admit(ledger, people[n % 4].actor, 10, 90) for n in range(40)]
    await ledger.opened({call.id: 60 for call in calls})
    for customer in (cast.customer, cast.stranger.actor.customer_id):
        await expire(database, customer)
    sweeps = [ledger.sweep() for _ in range(8)]
    await asyncio.gather(*sweeps, *(ledger.settle(call, reported(10, 50, 60)) for call in calls[::2]))
    await expire(database, cast.customer)
    await ledger.sweep()
    for customer in (cast.customer, cast.stranger.actor.customer_id):
        assert await disagreements(database, customer) == []
        async with database.of(customer) as tx:
            assert await tx.value("select count(*) from ai_requests where state = 'reserved'") == 0


async def test_QUO_26_usage_survives_the_deletion_of_its_user(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    kept = await admit(ledger, cast.colleague.actor, provider_id=new_id())
    late = await admit(ledger, cast.colleague.actor)
    await ledger.settle(kept, reported(120, 300))
    async with database.of(cast.customer) as tx:
        await tx.run("delete from users where id = %(id)s", id=cast.colleague.id)
    await ledger.settle(late, reported(100, 80))
    assert (await standing(database, cast.customer, cast.colleague.id)).used == 600
    assert await disagreements(database, cast.customer) == []


async def test_QUO_32_each_mark_is_noted_once_for_a_window(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    calls = [await admit(ledger, cast.user.actor, 100, 900) for _ in range(10)]
    await asyncio.gather(*(ledger.settle(call, reported(100, 900, 900)) for call in calls))
    async with database.of(cast.customer) as tx:
        marks = await tx.values("select percent::int from quota_alerts where period = 'day' order by percent")
        assert marks == [80, 100]
        assert await tx.value("select count(*) from quota_alerts where period = 'month'") == 0
