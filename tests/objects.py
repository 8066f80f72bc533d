"""How to make, as the cast's user, the object that a path parameter names. One maker per parameter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

import httpx2

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from tests.door import Door
from tests.people import Cast, Person
from tests.routes import CSV, OLLAMA
from tests.suggestions.test_review import SMS, propose


@dataclass(frozen=True, slots=True)
class Stage:
    """Who is there, and the two clients that makers act with. Outsiders are of another customer."""

    cast: Cast
    outsiders: tuple[Person, ...]
    door: Door
    database: Database
    user: httpx2.AsyncClient
    owner: httpx2.AsyncClient


Maker = Callable[[Stage], Awaitable[UUID]]


async def token(stage: Stage) -> UUID:
    return await made(stage.user, "/api/v1/tokens", {"name": "mine"})


async def user(stage: Stage) -> UUID:
    return await made(stage.owner, "/api/v1/users", {"email": "target@example.org"})


async def provider(stage: Stage) -> UUID:
    return await made(stage.user, "/api/v1/providers", {**OLLAMA, "name": "mine"})


async def campaign(stage: Stage) -> UUID:
    return await made(stage.user, "/api/v1/campaigns", {"name": "mine", "channel": "sms"})


async def audience(stage: Stage) -> UUID:
    return await made(stage.owner, "/api/v1/audiences", {"name": "ours"})


async def contact(stage: Stage) -> UUID:
    contact_id = new_id()
    await put(
        stage,
        "insert into contacts (customer_id, id, email) values (%(customer_id)s, %(id)s, 'a@example.org')",
        contact_id,
    )
    return contact_id


async def imported(stage: Stage) -> UUID:
    answer = await stage.owner.post("/api/v1/imports", data={"kind": "contacts"}, files=CSV)
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["id"])


async def suggestion(stage: Stage) -> UUID:
    stored = await propose(stage.database, stage.cast.user.actor, stage.door.application.state.host, SMS)
    return stored.id


async def plan(stage: Stage) -> UUID:
    plan_id = new_id()
    await put(
        stage,
        "insert into plans (customer_id, id, name, steps, created_by) "
        "values (%(customer_id)s, %(id)s, 'mine', '[]', %(user_id)s)",
        plan_id,
    )
    return plan_id


async def conversation(stage: Stage) -> UUID:
    return await made(stage.user, "/api/v1/conversations", {"context_type": "analytics"})


async def message(stage: Stage) -> UUID:
    """An answer, with the question before it."""
    message_id, question_id, parent = new_id(), new_id(), await conversation(stage)
    await put(
        stage,
        "insert into ai_messages (customer_id, id, conversation_id, user_id, role, content, status) values "
        "(%(customer_id)s, %(id)s, %(parent)s, %(user_id)s, 'user', 'How are we?', 'complete')",
        question_id,
        parent=parent,
    )
    await put(
        stage,
        "insert into ai_messages (customer_id, id, conversation_id, user_id, role, content, status, "
        "question_id) select customer_id, %(id)s, conversation_id, user_id, 'assistant', 'Well.', status, id "
        "from ai_messages where id = %(parent)s",
        message_id,
        parent=question_id,
    )
    return message_id


async def put(stage: Stage, sql: LiteralString, object_id: UUID, parent: UUID | None = None) -> None:
    cast = stage.cast
    async with stage.database.customer(cast.user.actor) as tx:
        await tx.run(sql, customer_id=cast.customer, id=object_id, user_id=cast.user.id, parent=parent)


async def made(client: httpx2.AsyncClient, path: str, body: dict[str, object]) -> UUID:
    answer = await client.post(path, json=body)
    assert answer.status_code in (200, 201, 202), answer.text
    return UUID(answer.json()["id"])


MAKERS: dict[str, Maker] = {
    "token_id": token,
    "user_id": user,
    "provider_id": provider,
    "campaign_id": campaign,
    "audience_id": audience,
    "contact_id": contact,
    "import_id": imported,
    "suggestion_id": suggestion,
    "plan_id": plan,
    "conversation_id": conversation,
    "message_id": message,
}

# Shared objects whose maker may act on them although the role alone would not do.
MADE_BY_USER = {"campaign_id", "plan_id"}
