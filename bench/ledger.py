"""What a call costs in the ledger: the product's grouped statements beside a textbook transaction each.

Run by `make bench`. Both do the same durable work (synchronous commit) on the embedded PostgreSQL: rate
bucket, both windows, ledger row and trail before the call, settlement and roll-up after it. The textbook way
opens a pooled transaction for each admission and each settlement. Medians of three.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aidecamp.actor import Actor, Role
from aidecamp.db.embedded import running
from aidecamp.db.ids import new_id
from aidecamp.db.migrate import migrate, serving_role
from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.reservation import Estimate, Outcome, Reservation, Usage

USERS = 50
SECONDS = 4.0
ESTIMATE = Estimate(40, 50, 160)
OUTCOME = Outcome(Usage(40, 0, 0, 50), True, 200, 50, 5, 20)
CALL = {"provider_id": None, "model": "bench", "provider_type": "custom"}

Answer = Callable[[Actor], Awaitable[None]]


async def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        async with running(Path(home)) as urls:
            await migrate(urls.owner, await serving_role(urls.serving))
            database = Database(urls.serving, max_size=20)
            await database.open()
            ledger = Ledger(database, rate_per_minute=10**9, streams_per_user=0)
            people = await team(database)
            print(f"{'at once':>8} {'textbook/s':>11} {'grouped/s':>10} {'ratio':>6} {'grouped p50 ms':>15}")
            for at_once in (8, 32, 128):
                await compare(database, ledger, people, at_once)
            await ledger.close()
            await database.close()


async def compare(database: Database, ledger: Ledger, people: list[Actor], at_once: int) -> None:
    async def grouped(actor: Actor) -> None:
        await ledger.settle(await ledger.admit(actor, purpose="gateway", estimate=ESTIMATE, **CALL), OUTCOME)

    async def textbook(actor: Actor) -> None:
        async with database.customer(actor) as tx:
            call = await ledger.admit_in(tx, actor, purpose="gateway", estimate=ESTIMATE, **CALL)
        assert isinstance(call, Reservation)
        async with database.customer(actor) as tx:
            await ledger.settle(call, OUTCOME, tx=tx)

    slow, fast, waits = [], [], []
    for _ in range(3):
        slow.append((await load(textbook, people, at_once))[0])
        speed, wait = await load(grouped, people, at_once)
        fast.append(speed)
        waits.append(wait)
    a, b = statistics.median(slow), statistics.median(fast)
    print(
        f"{at_once:>8} {a:>11,.0f} {b:>10,.0f} {b / a:>6.1f} {statistics.median(waits) * 1000:>15.1f}",
        flush=True,
    )


async def load(answer: Answer, people: list[Actor], at_once: int) -> tuple[float, float]:
    """Answers per second, and the median seconds that one took."""
    took: list[float] = []
    until = time.perf_counter() + SECONDS

    async def client(number: int) -> None:
        while (start := time.perf_counter()) < until:
            await answer(people[(number + len(took)) % len(people)])
            took.append(time.perf_counter() - start)

    await asyncio.gather(*(client(number) for number in range(at_once)))
    return len(took) / SECONDS, statistics.median(took)


async def team(database: Database) -> list[Actor]:
    customer = new_id()
    people = [Actor(customer, new_id(), Role.OWNER) for _ in range(USERS)]
    async with database.of(customer) as tx:
        await tx.run("insert into customers (customer_id, name) values (%(c)s, 'Bench')", c=customer)
        for person in people:
            await tx.run(
                """insert into users (customer_id, id, email, role)
                   values (%(c)s, %(u)s, %(u)s || '@example.org', 'owner')""",
                c=customer,
                u=person.user_id,
            )
    return people


if __name__ == "__main__":
    if sys.platform != "win32":
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())
