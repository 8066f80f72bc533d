"""The price list of this process: read from the database, where a subprocess puts each edition once."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime

import psycopg
import structlog

from aidecamp.db.pool import Database
from aidecamp.errors import Unavailable
from aidecamp.metering import store
from aidecamp.metering.pricelist import edition
from aidecamp.metering.pricing import Price, PriceBook

log = structlog.get_logger()

REFRESH_SECONDS = 600.0
READ_SECONDS = 60.0


class Prices:
    """Prices are looked up in memory on every admission; until the list is there they are unknown."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._book = PriceBook()

    def find(self, provider_type: str | None, model: str) -> Price | None:
        return self._book.find(provider_type, model, datetime.now(UTC).date())

    async def load(self) -> bool:
        """Read the newest list; False where there is none yet of the installed edition."""
        async with self._database.outside() as tx:
            self._book = PriceBook(await store.prices.newest(tx))
            return await store.prices.has_edition(tx, edition())

    async def keep_current(self) -> None:
        while True:
            try:
                if not await self.load():
                    await self.fill()
                    await self.load()
            except (psycopg.Error, Unavailable, OSError, ValueError) as error:
                log.warning("prices_not_read", reason=type(error).__name__)
            await asyncio.sleep(REFRESH_SECONDS)

    async def fill(self) -> None:
        """Bring the installed edition's list into the database; several processes may try at once."""
        listed = json.loads(await _printed())
        async with self._database.outside() as tx:
            await store.prices.add(tx, listed["list"], listed["prices"])


async def _printed() -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "aidecamp.metering.pricelist", stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), READ_SECONDS)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise ValueError("the price list could not be printed")
    return output
