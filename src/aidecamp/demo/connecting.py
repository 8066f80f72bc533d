"""Connects every demo user to a model: the try-out model always, and first an Ollama of this machine."""

from __future__ import annotations

from uuid import UUID

from aidecamp.actor import Actor, Role
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.demo.model import MODEL
from aidecamp.demo.seed import Seeded
from aidecamp.demo.tryout import OLLAMA, TryOut
from aidecamp.providers import connections, store
from aidecamp.providers.connections import Change, Wish
from aidecamp.providers.store import Row
from aidecamp.providers.vault import Vault

TRYOUT_NAME, OLLAMA_NAME = "Try-out model", "Ollama on this machine"
# A model this small wanders off at higher temperatures.
TRYOUT_CONFIG = {"temperature": 0.1, "max_tokens": 400}


async def connect(
    database: Database, vault: Vault, seeded: Seeded, tryout: TryOut | None, ollama: list[str]
) -> None:
    """Repeated at each start: what is missing is added, a moved address is followed, the rest stays."""
    for sign_in in seeded.sign_ins:
        role = Role(sign_in.role)
        if not role.at_least(Role.USER):
            continue
        actor = Actor(UUID(sign_in.customer_id), UUID(sign_in.user_id), role, via="cli")
        async with database.customer(actor) as tx:
            rows = await store.listed(tx, actor.customer_id, actor.person, connections.MOST_PROVIDERS, None)
            known = {row.name: row for row in rows}
            if tryout:
                await follow(tx, actor, vault, known.get(TRYOUT_NAME), tryout)
            if ollama and OLLAMA_NAME not in known:
                wish = Wish(OLLAMA_NAME, "ollama", OLLAMA, None, ollama[0], {}, is_default=True)
                await connections.connect(tx, actor, vault, wish)


async def follow(tx: Transaction, actor: Actor, vault: Vault, row: Row | None, tryout: TryOut) -> None:
    if row is None:
        wish = Wish(TRYOUT_NAME, "custom", tryout.endpoint, tryout.key, MODEL, TRYOUT_CONFIG)
        await connections.connect(tx, actor, vault, wish)
    elif row.api_endpoint != tryout.endpoint:
        given = {"api_endpoint": tryout.endpoint, "api_key": tryout.key, "is_active": True}
        await connections.change(tx, actor, vault, row.id, Change(given))
