"""The turn's third transaction: answer, suggestions, settlement and trail together, or at least the books."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

import psycopg
import structlog

from aidecamp import audit
from aidecamp.chat import events
from aidecamp.chat.journal import Journal, pack, stored
from aidecamp.chat.models import Ending, Entry, Message
from aidecamp.chat.refusals import Deleted, NotStored
from aidecamp.chat.running import Running
from aidecamp.chat.store import journal as store
from aidecamp.chat.store import messages
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Unavailable
from aidecamp.host.port import Host
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.quota import quota
from aidecamp.metering.reservation import Charge, Outcome
from aidecamp.suggestions import wire
from aidecamp.suggestions.review import store_proposals

FIRST_WAIT = 0.2
LONGEST_WAIT = 5.0
KEEP_SECONDS = 3600

log = structlog.get_logger()

Final = list[tuple[str, str]]
Calls = list[tuple[Charge, Outcome]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What closing works with."""

    database: Database
    ledger: Ledger
    journal: Journal
    host: Host


async def close(desk: Desk, turn: Running) -> None:
    """Try until the database takes it: the reader has the text already, the books must follow.

    Never cancelled by a reader that leaves; at shutdown it is waited for, and what stays open even then is
    closed by the sweeper from the journal.
    """
    wait = FIRST_WAIT
    while True:
        try:
            final = await _store(desk, turn)
            break
        except (Unavailable, psycopg.OperationalError, psycopg.InternalError) as error:
            log.warning("close_waits", message_id=str(turn.message_id), error=type(error).__name__)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        except Exception:
            # Whatever content can't be stored must not take the books with it.
            log.exception("answer_not_stored", message_id=str(turn.message_id))
            final = await _settle_alone(desk, turn)
            break
    for kind, data in final:
        turn.feed.append(kind, data)
    desk.journal.close(turn.feed)


async def _store(desk: Desk, turn: Running) -> Final:
    async with desk.database.customer(turn.actor) as tx:
        ending = _ending(turn, await _settle(desk, turn, tx))
        message = await messages.close(tx, turn.message_id, ending)
        if message is not None:
            final = await _write(tx, desk, turn, ending, message)
    return final if message is not None else await _closed_elsewhere(desk, turn)


async def _write(tx: Transaction, desk: Desk, turn: Running, ending: Ending, message: Message) -> Final:
    final: Final = []
    if ending.status == "complete" and turn.answer.proposals:
        kept = await store_proposals(
            tx,
            turn.actor,
            turn.asked.conversation_id,
            turn.message_id,
            turn.answer.proposals,
            host=desk.host,
            given=turn.material.given,
        )
        final += [("suggestion", wire.out(each).model_dump_json()) for each in kept]
    await audit.record(
        tx,
        turn.actor,
        "chat.answer",
        "message",
        turn.message_id,
        outcome=ending.error_code or ending.status,
        request_id=turn.feed.reservation_id,
        tokens_input=ending.tokens_input,
        tokens_output=ending.tokens_output,
    )
    final.append(("usage", events.usage(ending)))
    refusal = turn.refusal
    if refusal is None:
        final.append(("end", events.end(message, await quota(tx, turn.actor))))
    else:
        final.append(("error", events.error(refusal)))
    await _journal(tx, turn, final)
    await store.release(tx, turn.actor.customer_id, turn.message_id, KEEP_SECONDS)
    return final


async def _journal(tx: Transaction, turn: Running, final: Final) -> None:
    """The last events are stored with the answer and shown after the commit, never before it."""
    numbers = count(len(turn.feed.entries) + 1)
    entries = [*turn.feed.pending(), *(Entry(next(numbers), kind, data) for kind, data in final)]
    await store.append(
        tx,
        turn.actor.customer_id,
        [turn.message_id],
        [entries[-1].seq],
        [pack(entries)],
        closing=True,
    )


async def _closed_elsewhere(desk: Desk, turn: Running) -> Final:
    """Our own commit whose answer was lost, the sweeper's, or all is deleted: tell what is stored."""
    entries = await stored(desk.database, turn.actor.customer_id, turn.message_id, 0)
    known = {entry.seq for entry in turn.feed.entries}
    rest = [(entry.kind, entry.data) for entry in entries if entry.seq not in known or entry.is_last]
    if rest and rest[-1][0] in ("end", "error"):
        return rest
    return [("error", events.error(Deleted()))]


async def _settle_alone(desk: Desk, turn: Running) -> Final:
    failed = NotStored()
    try:
        calls = await _settle(desk, turn)
        turn.failure, turn.is_stopped = failed, False
        ending = _ending(turn, calls)
        async with desk.database.customer(turn.actor) as tx:
            ending = replace(ending, status="failed", content="")
            await messages.close(tx, turn.message_id, ending)
            final: Final = [("usage", events.usage(ending)), ("error", events.error(failed))]
            await _journal(tx, turn, final)
            await store.release(tx, turn.actor.customer_id, turn.message_id, KEEP_SECONDS)
    except (Unavailable, psycopg.Error):
        log.exception("answer_left_to_the_sweeper", message_id=str(turn.message_id))
        return [("error", events.error(failed))]
    return final


async def _settle(desk: Desk, turn: Running, tx: Transaction | None = None) -> Calls:
    if turn.reservation is None:
        return turn.booked
    outcome = turn.outcome()
    return [*turn.booked, (await desk.ledger.settle(turn.reservation, outcome, tx=tx), outcome)]


def _ending(turn: Running, calls: Calls) -> Ending:
    charges = [charge for charge, _ in calls]
    last = turn.answer.finished
    refusal = turn.refusal
    return Ending(
        status=turn.status,
        content=turn.answer.text,
        model_used=(last.model if last and last.model else None) or turn.material.provider.model_name,
        error_code=refusal.code if refusal else None,
        finish_reason=last.reason if last else None,
        tokens_input=sum(charge.tokens_input for charge in charges),
        tokens_cached=sum(charge.tokens_cached for charge in charges),
        tokens_output=sum(charge.tokens_output for charge in charges),
        is_estimated=any(charge.is_estimated for charge in charges),
        estimated_cost=_total([charge.estimated_cost for charge in charges]),
        latency_ms=_sum([outcome.latency_ms for _, outcome in calls]),
        time_to_first_token_ms=calls[0][1].time_to_first_token_ms,
    )


def _total(costs: list[str | None]) -> str | None:
    """Unknown stays unknown: one price that nobody knows makes no sum."""
    known = [Decimal(cost) for cost in costs if cost is not None]
    return format(sum(known, Decimal()), "f") if len(known) == len(costs) else None


def _sum(times: list[int | None]) -> int | None:
    known = [time for time in times if time is not None]
    return sum(known) if known else None
