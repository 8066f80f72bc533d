"""HTTP clients of the cast, over ASGI: signed in by token, or like a browser by session and CSRF token."""

from __future__ import annotations

from typing import Any, Literal

import httpx2
from fastapi import FastAPI

from aidecamp.identity import csrf, sessions, tokens
from aidecamp.identity.guards import SESSION_COOKIE
from tests.people import Person

ADDRESS = "http://testserver"


class Door:
    """`raise_app_exceptions` is off: a crash is a 500 here as it is for a real client."""

    def __init__(self, application: FastAPI) -> None:
        self.application = application
        self._open: list[httpx2.AsyncClient] = []

    async def __call__(
        self, person: Person | None = None, via: Literal["token", "session"] = "token", **options: Any
    ) -> httpx2.AsyncClient:
        headers: dict[str, str] = {}
        cookies: dict[str, str] = {}
        if person is not None:
            key = await self._key(person, via)
            if via == "token":
                headers["Authorization"] = f"Bearer {key}"
            else:
                cookies[SESSION_COOKIE] = key
                headers[csrf.HEADER] = csrf.token(key)
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.application, raise_app_exceptions=False),
            base_url=ADDRESS,
            headers=headers | options.pop("headers", {}),
            cookies=cookies,
            **options,
        )
        self._open.append(client)
        return client

    async def close(self) -> None:
        for client in self._open:
            await client.aclose()

    async def _key(self, person: Person, via: str) -> str:
        async with self.application.state.database.customer(person.actor) as tx:
            if via == "session":
                return (await sessions.begin(tx, person.actor)).key
            return (await tokens.issue(tx, person.actor, "test"))[1]
