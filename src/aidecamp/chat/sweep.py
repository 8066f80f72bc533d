"""Answers whose process died: closed from their journal, and charged for what it shows."""

from __future__ import annotations

import structlog

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.chat import events
from aidecamp.chat.closing import KEEP_SECONDS
from aidecamp.chat.journal import LEASE_SECONDS, pack, stored
from aidecamp.chat.models import Abandoned, Ending, Entry
from aidecamp.chat.refusals import Interrupted
from aidecamp.chat.store import abandoned as left
from aidecamp.chat.store import journal as store
from aidecamp.chat.store import messages
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.metering.estimate import tokens
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.reservation import Charge, Outcome

BATCH = 100

log = structlog.get_logger()


async def close_abandoned(database: Database, ledger: Ledger) -> int:
    """Safe beside other sweepers: each claims its turns by moving their time on."""
    async with database.outside() as tx:
        taken = await store.take_expired(tx, "turn", LEASE_SECONDS, BATCH)
    closed = 0
    for each in taken:
        try:
            entries = await stored(database, each.customer_id, each.message_id, 0)
            async with database.of(each.customer_id) as tx:
                await _close(tx, ledger, each, entries)
            closed += 1
        except Exception:
            # One answer that can't be closed must not keep those behind it open; it comes up again.
            log.exception("turn_not_swept", message_id=str(each.message_id))
    if closed:
        log.info("turns_swept", closed=closed)
    return closed


async def forget_old_journals(database: Database) -> int:
    """Whoever comes back later than this is told from the message itself."""
    async with database.outside() as tx:
        taken = await store.take_expired(tx, "journal", LEASE_SECONDS, BATCH)
    for each in taken:
        async with database.of(each.customer_id) as tx:
            await store.forget(tx, each.message_id)
            await store.drop_due(tx, "journal", each.customer_id, each.message_id)
    return len(taken)


async def _close(tx: Transaction, ledger: Ledger, turn: Abandoned, entries: list[Entry]) -> None:
    call = await left.open_call(tx, turn.message_id)
    if call is None:
        await store.drop_due(tx, "turn", turn.customer_id, turn.message_id)
        return
    content = "".join(events.text_of(entry) for entry in entries if entry.kind == "delta")
    outcome = Outcome(
        usage=None,
        opened=call.was_opened or bool(content),
        received_bytes=max(len(content.encode()), call.shown_bytes),
        received_estimate=tokens(content),
        error_code=Interrupted.code,
        is_usage_final=False,
    )
    charge = await ledger.settle(call.reservation(), outcome, tx=tx, provisional=True)
    why = Interrupted("The server that wrote this answer stopped.")
    await messages.close(tx, turn.message_id, _ending(call.model, content, charge))
    seq = entries[-1].seq if entries else 0
    last = Entry(seq + 1, "error", events.error(why))
    await store.append(tx, turn.customer_id, [turn.message_id], [last.seq], [pack([last])], closing=True)
    await store.release(tx, turn.customer_id, turn.message_id, KEEP_SECONDS)
    await audit.record(
        tx,
        Actor.system(turn.customer_id),
        "chat.answer",
        "message",
        turn.message_id,
        outcome="interrupted",
        request_id=call.id,
        tokens_input=charge.tokens_input,
        tokens_output=charge.tokens_output,
    )


def _ending(model: str, content: str, charge: Charge) -> Ending:
    return Ending(
        status="interrupted",
        content=content,
        model_used=model,
        error_code=Interrupted.code,
        tokens_input=charge.tokens_input,
        tokens_cached=charge.tokens_cached,
        tokens_output=charge.tokens_output,
        is_estimated=charge.is_estimated,
        estimated_cost=charge.estimated_cost,
    )
