"""A server process of its own in tests: admits as fast as it can, tells how many it got."""

from __future__ import annotations

import asyncio
import json
import sys
from uuid import UUID

from aidecamp.actor import Actor, Role
from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.reservation import Reservation
from tests.metering.books import admit, reported


async def main(url: str, customer: str, user: str, count: str, settle: str) -> None:
    database = Database(url, max_size=2)
    await database.open()
    ledger = Ledger(database, rate_per_minute=0, streams_per_user=0)
    actor = Actor(UUID(customer), UUID(user), Role.USER)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    results = await asyncio.gather(*(admit(ledger, actor) for _ in range(int(count))), return_exceptions=True)
    admitted = [r for r in results if isinstance(r, Reservation)]
    if settle == "settle":
        await asyncio.gather(*(ledger.settle(call, reported(100, 900, 3000)) for call in admitted))
    refused = sorted({type(r).__name__ for r in results if not isinstance(r, Reservation)})
    print(json.dumps({"admitted": len(admitted), "refused": refused}), flush=True)
    if settle == "hang":
        await asyncio.sleep(60)
    await ledger.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
