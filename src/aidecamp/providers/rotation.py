"""Every stored key under the newest master key: row by row, beside a running server, resumable."""

from __future__ import annotations

from uuid import UUID

from aidecamp.db.pool import Database
from aidecamp.providers.store import rotation as store
from aidecamp.providers.vault import Binding, Vault


async def rotate(database: Database, vault: Vault) -> int:
    """How many keys were re-encrypted. Running calls hold what they opened; later ones read the new row."""
    async with database.outside() as tx:
        customers = await store.customers(tx)
    done = 0
    for customer_id in customers:
        done += await _rotate_customer(database, vault, customer_id)
    async with database.outside() as tx:
        await store.retire(tx, vault.newest)
    return done


async def _rotate_customer(database: Database, vault: Vault, customer_id: UUID) -> int:
    async with database.of(customer_id) as tx:
        behind = await store.behind(tx, customer_id, vault.newest)
    return sum([await _rotate_one(database, vault, customer_id, one) for one in behind])


async def _rotate_one(database: Database, vault: Vault, customer_id: UUID, provider_id: UUID) -> bool:
    async with database.of(customer_id) as tx:
        row = await store.taken(tx, customer_id, provider_id, vault.newest, vault.kids, vault.passphrases)
        if row is None:
            return False
        binding = Binding(customer_id, row.user_id, row.id, row.provider_type, row.endpoint)
        sealed = vault.seal(vault.open(row.sealed(), binding), binding)
        await store.reseal(tx, customer_id, provider_id, sealed, vault.passphrase(sealed.kid))
    return True
