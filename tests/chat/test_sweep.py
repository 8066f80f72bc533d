"""Answers whose process died or slept: closed once, from the journal, and booked once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg
import pytest

from aidecamp.chat import sweep
from aidecamp.chat.models import Ending, Message
from aidecamp.chat.store import messages
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from tests.chat.conftest import Worker, ask, data, kinds, stored, told
from tests.chat.test_turn import hanging
from tests.doubles import ScriptedProvider
from tests.metering.books import disagreements, expire, standing
from tests.people import Cast

pytestmark = pytest.mark.usefixtures("connected")


async def test_crash_14_an_abandoned_answer_is_closed_once_by_two_sweepers(
    database: Database, here: Worker, elsewhere: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    message_id = await _dead(here, provider, cast)
    await _let_leases_run_out(database, cast)
    closed = await asyncio.gather(
        sweep.close_abandoned(database, elsewhere.ledger), sweep.close_abandoned(database, here.ledger)
    )
    assert sum(closed) == 1
    message = await stored(database, cast.user.actor, message_id)
    assert (message.status, message.content) == ("interrupted", "So far")
    assert message.is_estimated
    assert message.tokens_output
    entries = await told(elsewhere, cast.user.actor, message_id)
    assert kinds(entries) == ["start", "delta", "error"]
    assert data(entries[-1])["code"] == "unavailable"
    assert (await standing(database, cast.customer, cast.user.id)).reserved == 0
    assert not await disagreements(database, cast.customer)
    assert await sweep.close_abandoned(database, here.ledger) == 0


async def test_an_abandoned_answer_whose_call_was_swept_already_keeps_that_charge(
    database: Database, here: Worker, elsewhere: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    message_id = await _dead(here, provider, cast)
    await _let_leases_run_out(database, cast)
    await elsewhere.ledger.sweep()
    await sweep.close_abandoned(database, elsewhere.ledger)
    assert (await stored(database, cast.user.actor, message_id)).status == "interrupted"
    assert (await standing(database, cast.customer, cast.user.id)).reserved == 0
    assert not await disagreements(database, cast.customer)


async def test_crash_16_a_process_that_slept_does_not_close_or_charge_a_second_time(
    database: Database, here: Worker, elsewhere: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(hanging())
    asked = await ask(here, cast.user.actor)
    await _until_flushed(database, cast, asked.message_id)
    await _let_leases_run_out(database, cast)
    await sweep.close_abandoned(database, elsewhere.ledger)
    await here.turns.stop(cast.user.actor, asked.message_id)
    here.turns._stop_here(asked.message_id)
    entries = await asyncio.wait_for(told(here, cast.user.actor, asked.message_id), 10)
    assert kinds(entries)[-1] == "error"
    assert (await stored(database, cast.user.actor, asked.message_id)).status == "interrupted"
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select count(*) from ai_requests") == 1
    assert (await standing(database, cast.customer, cast.user.id)).reserved == 0
    assert not await disagreements(database, cast.customer)


async def test_a_deleted_answer_leaves_nothing_to_sweep(
    database: Database, here: Worker, elsewhere: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    await _dead(here, provider, cast)
    async with database.customer(cast.user.actor) as tx:
        await tx.run("delete from ai_conversations")
    await _let_leases_run_out(database, cast)
    await sweep.close_abandoned(database, elsewhere.ledger)
    async with database.outside() as tx:
        assert await tx.value("select count(*) from due where kind = 'turn'") == 0


async def test_one_answer_that_cannot_be_closed_does_not_keep_the_others_open(
    database: Database,
    here: Worker,
    elsewhere: Worker,
    provider: ScriptedProvider,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dead = [await _dead(here, provider, cast) for _ in range(3)]
    await _let_leases_run_out(database, cast)
    close = messages.close

    async def failing(tx: Transaction, id: UUID, ending: Ending) -> Message | None:
        if id == dead[1]:
            raise psycopg.DataError("this one can't be stored")
        return await close(tx, id, ending)

    monkeypatch.setattr(messages, "close", failing)
    assert await sweep.close_abandoned(database, elsewhere.ledger) == 2
    statuses = [(await stored(database, cast.user.actor, each)).status for each in dead]
    assert statuses == ["interrupted", "streaming", "interrupted"]


async def test_an_old_journal_is_forgotten(
    database: Database, here: Worker, cast: Cast, provider: ScriptedProvider
) -> None:
    asked = await ask(here, cast.user.actor)
    await told(here, cast.user.actor, asked.message_id)
    async with database.outside() as tx:
        await tx.run("update due set due_at = now() - interval '1 s' where kind = 'journal'")
    assert await sweep.forget_old_journals(database) == 1
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select count(*) from turn_journal") == 0
    assert kinds(await told(here, cast.user.actor, asked.message_id)) == ["start", "delta", "usage", "end"]


async def _dead(here: Worker, provider: ScriptedProvider, cast: Cast) -> UUID:
    """An answer whose task vanished without a word, as with its process."""
    provider.say(hanging())
    asked = await ask(here, cast.user.actor)
    await _until_flushed(here.turns.database, cast, asked.message_id)
    turn = here.turns._running[asked.message_id]
    assert turn.task is not None
    turn.task.cancel()
    await asyncio.wait({turn.task})
    here.turns.journal.close(turn.feed)
    return asked.message_id


async def _until_flushed(database: Database, cast: Cast, message_id: UUID) -> None:
    for _ in range(100):
        async with database.customer(cast.user.actor) as tx:
            rows = await tx.values("select events from turn_journal where message_id = %(id)s", id=message_id)
        if any("delta" in row for row in rows):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nothing was flushed")


async def _let_leases_run_out(database: Database, cast: Cast) -> None:
    await expire(database, cast.customer)
    async with database.outside() as tx:
        await tx.run("update due set due_at = now() - interval '1 s' where kind = 'turn'")
