"""Repeated cleaning: keys that expired, attempts long forgotten."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from aidecamp.db.pool import Database
from aidecamp.identity.store import directory, sessions, throttle, tokens
from aidecamp.jobs.beats import beat
from aidecamp.jobs.context import Services

AT_ONCE = 500


@beat(300)
async def clean(services: Services) -> None:
    await forget_expired(services.database)


async def forget_expired(database: Database) -> int:
    """Drop sessions and tokens that ended by themselves; nobody was recognised by them any more."""
    async with database.outside() as tx:
        await throttle.forget_old(tx)
        expired = await directory.expired(tx, AT_ONCE)
    for customer_id, entries in groupby(expired, key=attrgetter("customer_id")):
        async with database.of(customer_id) as tx:
            for entry in entries:
                forget = sessions.delete if entry.kind == "session" else tokens.delete_expired
                await forget(tx, entry.object_id)
                await directory.strike(tx, entry.kind, customer_id, entry.object_id)
    return len(expired)
