"""What ends for one worker ends for all, and what expired is cleaned away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from aidecamp.db.pool import Database
from aidecamp.identity import sessions, tokens, users
from aidecamp.identity.recognition import recognise
from aidecamp.identity.revocation import TOPIC
from aidecamp.identity.tasks import forget_expired
from tests.door import Door
from tests.people import Cast


async def test_auth_03_every_worker_hears_of_a_suspension(
    application: FastAPI, client: Door, cast: Cast
) -> None:
    heard: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    application.state.signals.subscribe(TOPIC, heard.put_nowait)
    admin = await client(cast.admin)
    await admin.patch(f"/api/v1/users/{cast.user.id}", json={"is_active": False})
    payload = await asyncio.wait_for(heard.get(), 10)
    assert payload == {"customer_id": str(cast.customer), "user_id": str(cast.user.id)}


async def test_a_change_that_ends_nothing_is_no_word(application: FastAPI, cast: Cast) -> None:
    state = application.state
    await users.change(
        state.database, state.signals, cast.admin.actor, cast.user.id, users.Change(name="New")
    )
    async with state.database.outside() as tx:
        assert await tx.value("select count(*) from signals where topic = 'revoked'") == 0


async def test_expired_keys_are_cleaned_and_others_stay(database: Database, cast: Cast) -> None:
    async with database.customer(cast.user.actor) as tx:
        await sessions.begin(tx, cast.user.actor)
        await tokens.issue(tx, cast.user.actor, "old")
    async with database.outside() as tx:
        await tx.run(
            "update directory set expires_at = now() - interval '1 hour' where kind <> 'email'",
        )
    async with database.customer(cast.stranger.actor) as tx:
        staying = await sessions.begin(tx, cast.stranger.actor)
    assert await forget_expired(database) == 2
    async with database.customer(cast.user.actor) as tx:
        left = await tx.values("select id from sessions union all select id from tokens")
    assert left == []
    assert await recognise(database, staying.key, "session") is not None
    assert await forget_expired(database) == 0
