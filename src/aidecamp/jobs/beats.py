"""Small repeated work that must not wait in a queue: sweepers and the like, each on one worker at a time."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from aidecamp.db.transaction import Transaction
from aidecamp.jobs.context import Services

AT_ONCE = 2
ROOM = 0x42454154
TRY_LOCK = "select pg_try_advisory_xact_lock(%(room)s, %(key)s)"
Work = Callable[[Services], Awaitable[object]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Beat:
    name: str
    seconds: float
    work: Work


BEATS: dict[str, Beat] = {}


def beat(seconds: float) -> Callable[[Work], Work]:
    """Repeat this every so many seconds, on whichever worker is first; it must be safe to run twice."""

    def register(work: Work) -> Work:
        name = f"{work.__module__}.{work.__qualname__}"
        BEATS[name] = Beat(name, seconds, work)
        return work

    return register


async def run(services: Services) -> None:
    """Every beat for ever; cancelled at shutdown."""
    # Each beat holds a connection while it works; requests need the others.
    places = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for each in BEATS.values():
            group.create_task(_repeat(each, services, places), name=each.name)


async def _repeat(each: Beat, services: Services, places: asyncio.Semaphore) -> None:
    while True:
        try:
            async with places, services.database.outside() as tx:
                if await _is_first(tx, each):
                    await each.work(services)
        except Exception as error:
            # The outermost edge of a beat: the next one comes, whatever happened to this one.
            log.warning("beat.failed", beat=each.name, error=type(error).__name__, exc_info=True)
        await asyncio.sleep(each.seconds)


async def _is_first(tx: Transaction, each: Beat) -> bool:
    """The lock lasts as long as the transaction around the work, and goes with a process that dies."""
    key = zlib.crc32(each.name.encode())
    return bool(await tx.value(TRY_LOCK, room=ROOM, key=key - 2**31))
