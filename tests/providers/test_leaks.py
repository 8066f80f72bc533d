"""A canary key through saving, testing, calling and failing: it is in no log, at any level."""

from __future__ import annotations

import logging

import pytest

from aidecamp import logs
from aidecamp.db.pool import Database
from tests.door import Door
from tests.doubles import ScriptedProvider as Scripted
from tests.doubles import openai_stream, refusal
from tests.people import Cast

from .conftest import KEY
from .test_api import URL, body


async def test_KEY_02_KEY_24_the_key_is_in_no_log_and_no_table(
    people: Door,
    cast: Cast,
    provider: Scripted,
    database: Database,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs.configure("console", "debug")
    caplog.set_level(logging.DEBUG)
    client = await people(cast.user)
    saved = (await client.post(URL, json=body(provider))).json()
    provider.say(refusal(401, f"bad key {KEY}"), openai_stream(["half"], cut=True))
    for _ in range(2):
        await client.post(f"{URL}/{saved['id']}/test")
    await client.post(URL, json=body(provider, model_name=KEY * 9, extra=KEY))
    await client.patch(f"{URL}/{saved['id']}", json={"api_key": f"{KEY}\n\n{KEY}"})
    written = "".join(capfd.readouterr()) + caplog.text
    async with database.customer(cast.user.actor) as tx:
        for table in ("ai_providers", "audit_entries", "ai_requests", "idempotency_keys"):
            written += str(await tx.values("select to_jsonb(t)::text from " + table + " t"))  # type: ignore[operator]
    for half in (KEY, KEY[: len(KEY) // 2], KEY[len(KEY) // 2 :]):
        assert half not in written
