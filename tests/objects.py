"""How to make, as the cast's user, the object that a path parameter names. One maker per parameter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import httpx2

from tests.door import Door
from tests.people import Cast, Person


@dataclass(frozen=True, slots=True)
class Stage:
    """Who is there, and the two clients that makers act with. Outsiders are of another customer."""

    cast: Cast
    outsiders: tuple[Person, ...]
    door: Door
    user: httpx2.AsyncClient
    owner: httpx2.AsyncClient


Maker = Callable[[Stage], Awaitable[UUID]]


async def token(stage: Stage) -> UUID:
    return await made(stage.user, "/api/v1/tokens", {"name": "mine"})


async def user(stage: Stage) -> UUID:
    return await made(stage.owner, "/api/v1/users", {"email": "target@example.org"})


async def made(client: httpx2.AsyncClient, path: str, body: dict[str, object]) -> UUID:
    answer = await client.post(path, json=body)
    assert answer.status_code in (200, 201, 202), answer.text
    return UUID(answer.json()["id"])


MAKERS: dict[str, Maker] = {
    "token_id": token,
    "user_id": user,
}
