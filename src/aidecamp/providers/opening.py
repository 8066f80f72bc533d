"""What must be true before any provider is called: the right master key, a readable policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aidecamp.db.pool import Database
from aidecamp.egress import Egress
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


async def checked(settings: Settings, database: Database) -> Vault:
    """The vault, once its master keys are known to be those in use."""
    keys = Vault(master_keys(settings))
    async with database.outside() as tx:
        await vault.verify(tx, keys)
    return keys
