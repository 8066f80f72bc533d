"""What the chat tests share: the turns of one worker over a scripted provider and a paper host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import pytest
from fastapi import FastAPI

from aidecamp.actor import Actor
from aidecamp.chat import threads
from aidecamp.chat.models import Asked, Conversation, Entry, Message, Question
from aidecamp.chat.store import messages
from aidecamp.chat.turn import Turns
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.signals import Signals
from aidecamp.egress import Egress, Limits
from aidecamp.metering.ledger import Ledger
from aidecamp.providers.call import Models
from aidecamp.providers.vault import MasterKeys, Vault
from tests.doubles import ScriptedProvider, scripted
from tests.doubles_host import PaperHost
from tests.people import Cast
from tests.providers.conftest import MASTER

QUICK = Limits(connect=1, start=5, idle=5, total=30, window=5, pace=1)


@dataclass
class Worker:
    """One process of the product, as far as turns go."""

    turns: Turns
    ledger: Ledger
    signals: Signals
    host: PaperHost


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    async with scripted() as provider:
        yield provider


@asynccontextmanager
async def worker(database: Database, provider: ScriptedProvider) -> AsyncIterator[Worker]:
    egress = Egress(provider.listed)
    ledger, signals, host = Ledger(database), Signals(database), PaperHost()
    models = Models(database, egress, Vault(MasterKeys.parse(MASTER)), QUICK)
    await ledger.open()
    await signals.open()
    turns = Turns(database, ledger, models, host, signals)
    try:
        yield Worker(turns, ledger, signals, host)
    finally:
        await turns.drain()
        await signals.close()
        await ledger.close()
        await egress.close()


@pytest.fixture
async def here(database: Database, provider: ScriptedProvider) -> AsyncIterator[Worker]:
    async with worker(database, provider) as made:
        yield made


@pytest.fixture
async def elsewhere(database: Database, provider: ScriptedProvider) -> AsyncIterator[Worker]:
    async with worker(database, provider) as made:
        yield made


@pytest.fixture
async def connected(database: Database, provider: ScriptedProvider, cast: Cast) -> UUID:
    """The user's own connection to the scripted provider."""
    return await connect(database, cast.user.actor, provider)


async def connect(
    database: Database, actor: Actor, provider: ScriptedProvider, model: str = "scripted-1"
) -> UUID:
    provider_id = new_id()
    async with database.customer(actor) as tx:
        await tx.run(
            """insert into ai_providers (customer_id, id, user_id, name, provider_type, api_endpoint,
                   model_name, is_default, config)
               values (%(customer_id)s, %(id)s, %(user_id)s, 'Scripted', 'custom', %(endpoint)s,
                   %(model)s, true, '{"max_tokens": 500}')""",
            customer_id=actor.customer_id,
            id=provider_id,
            user_id=actor.person,
            endpoint=provider.base,
            model=model,
        )
    return provider_id


async def begun(here: Worker, actor: Actor, **wish: Any) -> Conversation:
    async with here.turns.database.customer(actor) as tx:
        return await threads.begin(tx, actor, here.host, **({"context_type": "content"} | wish))


async def ask(here: Worker, actor: Actor, text: str = "How did we do?", **wish: Any) -> Asked:
    conversation = wish.pop("conversation", None) or await begun(here, actor)
    return await here.turns.ask(actor, Question(conversation.id, text, **wish))


async def told(here: Worker, actor: Actor, message_id: UUID, after: int = 0) -> list[Entry]:
    return [entry async for batch in here.turns.follow(actor, message_id, after) for entry in batch]


async def answered(here: Worker, actor: Actor, text: str = "How did we do?", **wish: Any) -> list[Entry]:
    asked = await ask(here, actor, text, **wish)
    return await told(here, actor, asked.message_id)


async def stored(database: Database, actor: Actor, message_id: UUID) -> Message:
    async with database.customer(actor) as tx:
        found = await messages.one(tx, actor.person, message_id)
    assert found is not None
    return found


def data(entry: Entry) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(entry.data)
    return decoded


def text(entries: list[Entry]) -> str:
    return "".join(data(entry)["text"] for entry in entries if entry.kind == "delta")


def kinds(entries: list[Entry]) -> list[str]:
    return [entry.kind for entry in entries]


@pytest.fixture
async def reachable(
    application: FastAPI, provider: ScriptedProvider, connected: object
) -> AsyncIterator[None]:
    egress = application.state.models.egress = Egress(provider.listed)
    yield
    await egress.close()


@pytest.fixture
async def mine(reachable: None, client: Any, cast: Cast) -> Any:
    return await client(cast.user)


@pytest.fixture
async def conversation(mine: Any) -> str:
    made = await mine.post("/api/v1/conversations", json={"context_type": "analytics"})
    assert made.status_code == 201, made.text
    return f"/api/v1/conversations/{made.json()['id']}"
