"""Quota is borrowed before the call, by everybody at once, and never lent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import psycopg
import pytest

from aidecamp.db.pool import Database
from aidecamp.errors import RateLimited
from aidecamp.metering.admission import Ask, QuotaExceeded, Verdict
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.reservation import Estimate, Outcome, Reservation
from tests.metering.books import admit, disagreements, limit, reported, standing
from tests.people import Cast


async def test_a_reservation_is_held_in_both_windows(database: Database, cast: Cast, ledger: Ledger) -> None:
    reservation = await admit(ledger, cast.user.actor, 100, 900)
    assert reservation.amount == 1000
    assert not reservation.is_clamped
    for period in ("day", "month"):
        held = await standing(database, cast.customer, cast.user.id, period)
        assert (held.used, held.reserved) == (0, 1000)


async def test_QUO_01_02_first_ever_parallel_requests_get_exactly_the_room(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    asked = [admit(ledger, cast.user.actor, 100, 900) for _ in range(200)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(r, Reservation) for r in results) == 10
    assert sum(isinstance(r, QuotaExceeded) for r in results) == 190
    assert (await standing(database, cast.customer, cast.user.id)).reserved == 10_000


async def test_the_answer_is_clamped_to_what_is_left(database: Database, cast: Cast, ledger: Ledger) -> None:
    await limit(database, cast.user.actor, 1_500, 100_000)
    await admit(ledger, cast.user.actor, 100, 900)
    last = await admit(ledger, cast.user.actor, 100, 900)
    assert (last.max_output, last.is_clamped) == (400, True)
    with pytest.raises(QuotaExceeded) as refused:
        await admit(ledger, cast.user.actor, 100, 900)
    assert refused.value.extra["window"] == "daily"
    assert refused.value.extra["limit"] == 1_500
    assert datetime.fromisoformat(refused.value.extra["resets_at"]).tzinfo is not None


async def test_an_answer_too_short_to_be_useful_is_refused(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    await limit(database, cast.user.actor, 110, None)
    with pytest.raises(QuotaExceeded):
        await admit(ledger, cast.user.actor, 100, 900)
    assert (await admit(ledger, cast.user.actor, 100, 10)).max_output == 10


async def test_a_full_month_refuses_with_the_months_figures(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    await limit(database, cast.user.actor, None, 1_000)
    await admit(ledger, cast.user.actor, 100, 900)
    with pytest.raises(QuotaExceeded) as refused:
        await admit(ledger, cast.user.actor, 100, 900)
    assert refused.value.extra["window"] == "monthly"


@pytest.mark.parametrize("override", [None, 1_000_000])
async def test_a_viewer_is_always_refused(
    database: Database, cast: Cast, ledger: Ledger, override: int | None
) -> None:
    if override:
        await limit(database, cast.viewer.actor, override, override)
    with pytest.raises(QuotaExceeded) as refused:
        await admit(ledger, cast.viewer.actor, 1, 1)
    assert refused.value.extra["limit"] == 0
    assert "viewer" in refused.value.detail.lower()


async def test_an_owner_is_unlimited(cast: Cast, ledger: Ledger) -> None:
    reservation = await admit(ledger, cast.owner.actor, 5_000_000, 5_000_000)
    assert reservation.amount == 10_000_000


@pytest.mark.parametrize(("wish", "sent"), [(0, 1), (-5, 1), (10**9, 9_900)])
async def test_QUO_04_a_senseless_wish_is_clamped(cast: Cast, ledger: Ledger, wish: int, sent: int) -> None:
    assert (await admit(ledger, cast.user.actor, 100, wish)).max_output == sent


async def test_a_grant_expires_by_itself(database: Database, cast: Cast, ledger: Ledger) -> None:
    await limit(database, cast.user.actor, None, None)
    assert (await admit(ledger, cast.user.actor, 100, 50_000)).max_output == 50_000
    async with database.customer(cast.user.actor) as tx:
        await tx.run("update user_limits set expires_at = now() - interval '1 s'")
    with pytest.raises(QuotaExceeded):
        await admit(ledger, cast.user.actor, 100, 900)


async def test_the_customers_cap_holds_over_all_users(database: Database, cast: Cast, ledger: Ledger) -> None:
    async with database.of(cast.customer) as tx:
        await tx.run("insert into customer_limits (customer_id, daily) values (%(c)s, 5000)", c=cast.customer)
    people = [cast.user.actor, cast.colleague.actor, cast.owner.actor]
    results = await asyncio.gather(
        *(admit(ledger, people[n % 3], 100, 900) for n in range(60)), return_exceptions=True
    )
    assert sum(isinstance(r, Reservation) for r in results) == 5


async def test_the_rate_is_one_bucket_with_half_a_minute_of_burst(database: Database, cast: Cast) -> None:
    ledger = Ledger(database, rate_per_minute=20, streams_per_user=0)
    results = await asyncio.gather(
        *(admit(ledger, cast.user.actor, 1, 16) for _ in range(30)), return_exceptions=True
    )
    assert sum(isinstance(r, Reservation) for r in results) == 10
    refused = next(r for r in results if isinstance(r, RateLimited))
    assert refused.retry_after is not None
    assert 0 < refused.retry_after <= 3
    assert (await admit(ledger, cast.user.actor, 1, 16, rate=False)).max_output == 16
    await ledger.close()


async def test_QUO_23_two_processes_share_one_bucket(database: Database, cast: Cast) -> None:
    ledgers = [Ledger(database, rate_per_minute=20, streams_per_user=0) for _ in range(2)]
    results = await asyncio.gather(
        *(admit(ledgers[n % 2], cast.user.actor, 1, 16) for n in range(40)), return_exceptions=True
    )
    assert sum(isinstance(r, Reservation) for r in results) == 10
    for ledger in ledgers:
        await ledger.close()


async def test_DOS_01_answers_at_once_are_capped_and_the_slot_returns(database: Database, cast: Cast) -> None:
    ledger = Ledger(database, rate_per_minute=0, streams_per_user=2)
    first = await admit(ledger, cast.user.actor)
    await admit(ledger, cast.user.actor)
    with pytest.raises(RateLimited):
        await admit(ledger, cast.user.actor)
    await ledger.settle(first, reported(100, 10))
    assert await admit(ledger, cast.user.actor)
    await ledger.close()


async def test_QUO_28_tests_are_five_a_minute_and_small(cast: Cast, ledger: Ledger) -> None:
    for _ in range(5):
        assert (await admit(ledger, cast.user.actor, 10, 2_000, purpose="test")).max_output == 64
    with pytest.raises(RateLimited):
        await admit(ledger, cast.user.actor, 10, 64, purpose="test")
    assert await admit(ledger, cast.user.actor)


async def test_every_admission_and_refusal_leaves_a_trail(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    reservation = await admit(ledger, cast.user.actor)
    with pytest.raises(QuotaExceeded):
        await admit(ledger, cast.viewer.actor)
    async with database.of(cast.customer) as tx:
        outcomes = await tx.values(
            "select outcome from audit_entries where action = 'model.call' order by at"
        )
        named = await tx.values("select object_id from audit_entries order by at")
    assert outcomes == ["ok", "quota_exceeded"]
    assert named[0] == reservation.id


async def test_in_the_callers_transaction_a_refusal_is_returned_and_its_trail_stays(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    async with database.customer(cast.viewer.actor) as tx:
        refusal = await ledger.admit_in(
            tx, cast.viewer.actor, provider_id=None, model="m", purpose="chat", estimate=Estimate(1, 100)
        )
        assert await tx.value("select count(*) from users") == 7
    assert isinstance(refusal, QuotaExceeded)
    async with database.of(cast.customer) as tx:
        assert await tx.value("select count(*) from audit_entries where outcome = 'quota_exceeded'") == 1


async def test_a_caller_that_gave_up_waiting_holds_nothing(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    asked = [asyncio.create_task(admit(ledger, cast.user.actor)) for _ in range(5)]
    await asyncio.sleep(0.005)
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    await ledger.settle(await admit(ledger, cast.user.actor), Outcome(None, opened=False))
    await asyncio.sleep(0.1)
    assert (await standing(database, cast.customer, cast.user.id)).reserved == 0


async def test_QUO_26_a_customer_sees_only_its_own_ledger(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    await asyncio.gather(admit(ledger, cast.user.actor), admit(ledger, cast.stranger.actor))
    for customer in (cast.customer, cast.stranger.actor.customer_id):
        async with database.of(customer) as tx:
            assert await tx.value("select count(*) from ai_requests") == 1
        assert await disagreements(database, customer) == []


async def test_a_refusal_whose_answer_was_lost_is_refused_again(
    database: Database, cast: Cast, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await limit(database, cast.user.actor, 0, 0)
    statement, tries = ledger._admit_statement, 0

    async def lossy(asks: Sequence[Ask], *, again: bool) -> list[Verdict]:
        nonlocal tries
        tries += 1
        verdicts = await statement(asks, again=again)
        if tries == 1:
            raise psycopg.OperationalError("the connection broke after the commit")
        return verdicts

    monkeypatch.setattr(ledger, "_admit_statement", lossy)
    with pytest.raises(QuotaExceeded):
        await admit(ledger, cast.user.actor, 100, 900)
