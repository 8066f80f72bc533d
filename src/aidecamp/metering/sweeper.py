"""Closes what a dead process left open: every server and every worker looks, each call is closed once."""

from __future__ import annotations

import asyncio
import random

import psycopg
import structlog

from aidecamp.db.pool import Database
from aidecamp.errors import Unavailable
from aidecamp.metering.store import calls

log = structlog.get_logger()

EVERY_SECONDS = 15.0
AT_ONCE = 200


async def sweep(database: Database) -> int:
    """Close the expired reservations of every customer; how many. Safe beside other sweepers."""
    async with database.outside() as tx:
        return await calls.sweep(tx, AT_ONCE)


async def keep_sweeping(database: Database) -> None:
    while True:
        try:
            if closed := await sweep(database):
                log.info("leases_swept", closed=closed)
        except (psycopg.Error, Unavailable) as error:
            log.warning("sweep_failed", reason=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS * random.uniform(0.8, 1))  # noqa: S311
