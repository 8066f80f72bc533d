"""What must be true before any provider is called: the right master key, a readable policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aidecamp.db.pool import Database
from aidecamp.egress import Egress, Policy
from aidecamp.providers import vault
from aidecamp.providers.call import Models
from aidecamp.providers.vault import Vault, master_keys
from aidecamp.settings import Settings


@asynccontextmanager
async def opened(settings: Settings, database: Database) -> AsyncIterator[Models]:
    """The models behind all keys, for as long as the block lasts; MasterKeyError or PolicyInvalid refuses."""
    keys = await checked(settings, database)
    egress = Egress(settings.allowed_private)
    try:
        yield Models(database, egress, keys)
    finally:
        await egress.close()


def readable(settings: Settings) -> None:
    """Refuse what can be refused before anything is touched: an unreadable key or list of endpoints."""
    Policy.parse(settings.allowed_private)
    if settings.master_keys is not None or not settings.embedded:
        master_keys(settings)


async def ready(settings: Settings, url: str) -> None:
    """The check of `opened` on its own, before servers are started that would each fail alone."""
    database = Database(url, max_size=1)
    await database.open()
    try:
        await checked(settings, database)
    finally:
        await database.close()


async def checked(settings: Settings, database: Database) -> Vault:
    """The vault, once its master keys are known to be those in use."""
    keys = Vault(master_keys(settings))
    async with database.outside() as tx:
        await vault.verify(tx, keys)
    return keys
