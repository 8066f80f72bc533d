"""The database for one command beside or without a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aidecamp.db import check
from aidecamp.db.addresses import addresses
from aidecamp.db.cluster import Urls
from aidecamp.db.migrate import MigrationError, migrate, pending, serving_role
from aidecamp.db.pool import Database
from aidecamp.settings import Settings


@asynccontextmanager
async def session(settings: Settings, *, max_size: int = 4) -> AsyncIterator[Database]:
    """The migrated, checked database as the serving role: attached to a running server or our own."""
    async with addresses(settings) as urls:
        await prepare(settings, urls)
        database = Database(urls.serving, max_size=max_size)
        await database.open()
        try:
            yield database
        finally:
            await database.close()


async def prepare(settings: Settings, urls: Urls) -> list[str]:
    """Apply pending migrations where we have the owning role, then refuse what is unsafe."""
    applied = await bring_up_to_date(settings, urls)
    await check.require(urls.serving)
    return applied


async def bring_up_to_date(settings: Settings, urls: Urls) -> list[str]:
    """The names of what was applied. A wrong serving role is refused before anything is touched."""
    await check.require_role(urls.serving)
    if settings.embedded or settings.owner_database_url:
        return await migrate(urls.owner, await serving_role(urls.serving))
    if missing := await pending(urls.serving):
        raise MigrationError(
            f"{len(missing)} migration(s) are missing: set AIDECAMP_OWNER_DATABASE_URL to the owning role's "
            "address and run `aidecamp migrate`."
        )
    return []
