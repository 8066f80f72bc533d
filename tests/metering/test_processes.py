"""Several server processes, killed processes, a database that goes away: the books stay exact."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import psycopg
import pytest

from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from aidecamp.errors import Unavailable
from aidecamp.metering.admission import QuotaExceeded
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.verify import verify
from tests.conftest import to
from tests.metering.books import admit, disagreements, expire, reported, standing
from tests.people import Cast

ROOT = Path(__file__).parents[2]


async def start(urls: Urls, cast: Cast, count: int, settle: str) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.metering.rush", urls.serving, str(cast.customer), str(cast.user.id),
        str(count), settle, stdin=PIPE, stdout=PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def go(processes: list[Process]) -> list[dict[str, object]]:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        await process.stdin.drain()
    assert all(process.stdout for process in processes)
    return [json.loads(await process.stdout.readline()) for process in processes if process.stdout]


@pytest.mark.slow
@pytest.mark.parametrize("settle", ["settle", "leave"])
async def test_QUO_01_02_four_processes_admit_exactly_the_room(
    urls: Urls, database: Database, cast: Cast, settle: str
) -> None:
    processes = await asyncio.gather(*(start(urls, cast, 50, settle) for _ in range(4)))
    told = await go(processes)
    await asyncio.gather(*(process.wait() for process in processes))
    assert sum(int(str(each["admitted"])) for each in told) == 10
    assert {name for each in told for name in each["refused"]} == {"QuotaExceeded"}  # type: ignore[attr-defined]
    held = await standing(database, cast.customer, cast.user.id)
    assert held.used + held.reserved == 10_000
    assert await disagreements(database, cast.customer) == []


@pytest.mark.slow
async def test_CRASH_01_a_killed_process_leaves_nothing_after_the_sweep(
    urls: Urls, database: Database, cast: Cast, ledger: Ledger
) -> None:
    process = await start(urls, cast, 5, "hang")
    assert (await go([process]))[0]["admitted"] == 5
    process.kill()
    await process.wait()
    await expire(database, cast.customer)
    assert await ledger.sweep() == 5
    assert (await standing(database, cast.customer, cast.user.id)).reserved == 0
    assert await verify(database, cast.customer) == (1, [])


@pytest.mark.slow
async def test_CRASH_17_connections_cut_at_random_lose_and_double_nothing(
    urls: Urls, database: Database, cast: Cast, ledger: Ledger
) -> None:
    async def cutting() -> None:
        async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as cutter:
            for _ in range(40):
                await cutter.execute(
                    """select pg_terminate_backend(pid) from pg_stat_activity
                        where application_name like 'aidecamp %' and datname = current_database()
                          and random() < 0.7"""
                )
                await asyncio.sleep(0.05)

    settled = 0

    async def one() -> None:
        nonlocal settled
        try:
            call = await admit(ledger, cast.owner.actor, 10, 90)
        except Unavailable:
            return
        await asyncio.sleep(0.01)
        await asyncio.gather(*(ledger.settle(call, reported(10, 50, 200)) for _ in range(2)))
        settled += 1

    async def asking() -> None:
        for _ in range(40):
            await asyncio.gather(*(one() for _ in range(5)))

    await asyncio.gather(cutting(), asking())
    await expire(database, cast.customer)
    await ledger.sweep()
    assert settled > 50
    assert (await standing(database, cast.customer, cast.owner.id)).used == settled * 60
    assert await verify(database, cast.customer) == (1, [])


async def test_CRASH_04_07_a_settlement_waits_for_the_database_to_come_back(
    urls: Urls, database: Database, cast: Cast, ledger: Ledger
) -> None:
    calls = [await admit(ledger, cast.user.actor) for _ in range(3)]
    database_name = urls.serving.partition("?")[0].rpartition("/")[2]
    elsewhere = to(urls.superuser, "postgres")
    async with await psycopg.AsyncConnection.connect(elsewhere, autocommit=True) as operator:
        await operator.execute(f"alter database {database_name} allow_connections false")  # type: ignore[arg-type]
        await operator.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database_name,)
        )
        settling = asyncio.gather(*(ledger.settle(call, reported(100, 50)) for call in calls))
        with pytest.raises(Unavailable):
            await admit(ledger, cast.user.actor)
        assert not settling.done()
        await operator.execute(f"alter database {database_name} allow_connections true")  # type: ignore[arg-type]
    await settling
    assert (await standing(database, cast.customer, cast.user.id)).used == 450


async def test_what_is_not_yet_settled_is_drained_at_shutdown(database: Database, cast: Cast) -> None:
    ledger = Ledger(database, rate_per_minute=0, streams_per_user=0)
    calls = [await admit(ledger, cast.user.actor) for _ in range(5)]
    settling = [asyncio.create_task(ledger.settle(call, reported(100, 50))) for call in calls]
    await asyncio.sleep(0)
    await ledger.close()
    await asyncio.gather(*settling)
    assert (await standing(database, cast.customer, cast.user.id)).used == 750
    with pytest.raises((Unavailable, QuotaExceeded)):
        await admit(ledger, cast.user.actor)
