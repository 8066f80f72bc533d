"""How fast an import is beside PostgreSQL's own COPY of the same file: `python -m bench.imports [ROWS]`.

COPY only appends text to a table. An import also reads any encoding and dialect, checks and normalises each
cell, finds each contact and campaign, refuses duplicates, and keeps the roll-ups in step.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from aidecamp.actor import Actor, Role
from aidecamp.db.cluster import SERVING
from aidecamp.db.embedded import running
from aidecamp.db.ids import new_id
from aidecamp.db.migrate import migrate
from aidecamp.db.pool import Database
from aidecamp.workspace.commands import import_file
from aidecamp.workspace.models import ImportKind

EVENT_COLUMNS = "contact text, campaign text, kind text, channel text, occurred_at timestamptz, value numeric"
CONTACT_COLUMNS = "email text, first_name text, last_name text, phone text, city text, email_consent text"
START = datetime(2026, 1, 1, tzinfo=UTC)


async def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        async with running(place / "home") as urls:
            await migrate(urls.owner, SERVING)
            database = Database(urls.serving)
            await database.open()
            try:
                actor = await _customer(database)
                await _compare(database, actor, urls.owner, "contacts", _contacts(place, rows // 2))
                await _compare(database, actor, urls.owner, "events", _events(place, rows))
                await _compare(database, actor, urls.owner, "events", place / "events.csv", "again")
            finally:
                await database.close()


async def _compare(
    database: Database, actor: Actor, owner: str, kind: ImportKind, file: Path, note: str = ""
) -> None:
    bare, keyed = _copied(owner, kind, file, False), _copied(owner, kind, file, True)
    begun = time.perf_counter()
    summary = (await import_file(database, actor, kind, file)).summary
    took = time.perf_counter() - begun
    print(
        f"{kind:8} {note:5} {summary.read:>9,} rows: import {summary.read / took:>9,.0f}/s;"
        f" COPY without a key {summary.read / bare:>9,.0f}/s ({bare / took:.2f}),"
        f" with one {summary.read / keyed:>9,.0f}/s ({keyed / took:.2f})"
    )


def _copied(owner: str, kind: str, file: Path, keyed: bool) -> float:
    """Seconds of COPY into a plain table, or into one with the key that refuses duplicates."""
    columns = EVENT_COLUMNS if kind == "events" else CONTACT_COLUMNS
    with psycopg.connect(owner) as connection:
        key = ", id uuid default gen_random_uuid() primary key" if keyed else ""
        connection.execute(f"create table raw ({columns}{key})")
        connection.commit()
        names = ", ".join(column.split()[0] for column in columns.split(", "))
        begun = time.perf_counter()
        command = f"copy raw ({names}) from stdin (format csv, header)"
        with connection.cursor().copy(command) as copy, file.open("rb") as source:
            while data := source.read(1 << 20):
                copy.write(data)
        connection.commit()
        took = time.perf_counter() - begun
        connection.execute("drop table raw")
    return took


async def _customer(database: Database) -> Actor:
    actor = Actor(new_id(), None, Role.OWNER, "Europe/Berlin", "cli")
    async with database.customer(actor) as tx:
        await tx.run(
            "insert into customers (customer_id, name) values (%(id)s, 'Bench')", id=actor.customer_id
        )
    return actor


def _contacts(place: Path, rows: int) -> Path:
    lines = (f"user{n}@example.com,First{n},Last{n},+4915{n:09d},Berlin,yes\n" for n in range(rows))
    return _written(place / "contacts.csv", "email,first_name,last_name,phone,city,email_consent\n", lines)


def _events(place: Path, rows: int) -> Path:
    chance = random.Random(1)

    def lines() -> Iterator[str]:
        for n in range(rows):
            campaign = n * 200 // rows
            kind = chance.choices(("sent", "opened", "clicked", "purchased"), (60, 25, 10, 5))[0]
            at = START + timedelta(days=campaign, seconds=chance.randrange(3 * 86400))
            value = f"{chance.random() * 100:.2f}" if kind == "purchased" else ""
            who = chance.randrange(max(rows // 10, 1))
            yield f"user{who}@example.com,Campaign {campaign},{kind},email,{at.isoformat()},{value}\n"

    return _written(place / "events.csv", "contact,campaign,kind,channel,occurred_at,value\n", lines())


def _written(path: Path, header: str, lines: Iterator[str]) -> Path:
    with path.open("w") as file:
        file.write(header)
        file.writelines(lines)
    return path


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000))
