"""Jobs run once the deed is committed; beats run on one worker at a time and survive their own faults."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from aidecamp.db.pool import Database
from aidecamp.jobs import beats, worker
from aidecamp.jobs.app import app, opened
from aidecamp.jobs.beats import Beat
from aidecamp.jobs.context import Services, services
from aidecamp.settings import Settings

done: list[Any] = []


@app.task(name="tests.note")
async def note(number: int) -> None:
    async with services().database.outside() as tx:
        done.append((number, await tx.value("select 1")))


@pytest.fixture(autouse=True)
def no_other_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "BEATS", {})
    done.clear()


@asynccontextmanager
async def working(database: Database) -> AsyncIterator[Services]:
    given = Services(Settings(), database)
    async with opened(database.url):
        task = asyncio.create_task(worker.run(given))
        try:
            yield given
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def until(count: int) -> None:
    for _ in range(500):
        if len(done) >= count:
            return
        await asyncio.sleep(0.02)


async def test_job_runs_if_its_deed_is_committed_and_only_then(database: Database) -> None:
    async with working(database):
        with pytest.raises(RuntimeError):
            async with database.outside() as tx:
                await note.configure(connection=tx.connection).defer_async(number=1)
                raise RuntimeError
        async with database.outside() as tx:
            await note.configure(connection=tx.connection).defer_async(number=2)
        await until(1)
        await asyncio.sleep(0.2)
    assert done == [(2, 1)]


async def test_beat_runs_on_one_worker_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0

    async def work(_services: Services) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.05)
        inside -= 1
        done.append("beat")

    monkeypatch.setitem(beats.BEATS, "tests.beat", Beat("tests.beat", 0.01, work))
    given = Services(Settings(), database)
    tasks = [asyncio.create_task(beats.run(given)) for _ in range(3)]
    await until(6)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 1


async def test_faulty_beat_comes_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(_services: Services) -> None:
        done.append("tried")
        raise ValueError("broken")

    monkeypatch.setitem(beats.BEATS, "tests.faulty", Beat("tests.faulty", 0.01, work))
    task = asyncio.create_task(beats.run(Services(Settings(), database)))
    await until(3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(done) >= 3
