"""An answer that is stopped before anything was sent."""

from __future__ import annotations

import pytest

from aidecamp.chat.running import Running
from aidecamp.db.pool import Database
from tests.chat.conftest import Worker, ask, stored, told
from tests.doubles import ScriptedProvider
from tests.metering.books import standing
from tests.people import Cast

pytestmark = pytest.mark.usefixtures("connected")


async def test_stop_before_the_provider_was_called_costs_nothing_and_took_no_time(
    database: Database,
    here: Worker,
    provider: ScriptedProvider,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = here.turns._answer

    async def stopped(turn: Running) -> None:
        turn.stop()
        await answer(turn)

    monkeypatch.setattr(here.turns, "_answer", stopped)
    asked = await ask(here, cast.user.actor)
    await told(here, cast.user.actor, asked.message_id)
    message = await stored(database, cast.user.actor, asked.message_id)
    assert (message.status, message.content, message.latency_ms) == ("stopped", "", None)
    assert not provider.posts
    now = await standing(database, cast.customer, cast.user.id)
    assert (now.used, now.reserved) == (0, 0)
