"""The journal's rows, and the leases of running turns, which are the rows of kind 'turn' in `due`."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aidecamp.chat.models import Abandoned
from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Written:
    """One row: the events of one flush as JSON text; `seq` is the number of the last."""

    seq: int
    events: str


async def append(
    tx: Transaction,
    customer_id: UUID,
    ids: list[UUID],
    seqs: list[int],
    events: list[str],
    *,
    closing: bool = False,
) -> None:
    """Rows of all running turns of one customer. What belongs to a deleted answer is left out, so that one
    deleted conversation can't hold back the others; the lock keeps it from being deleted in between."""
    await tx.run(
        """
        insert into turn_journal (customer_id, message_id, seq, events)
        select m.customer_id, m.id, new.seq, new.events
        from unnest(%(ids)s::uuid[], %(seqs)s::bigint[], %(events)s::text[]) as new (id, seq, events)
        join ai_messages m on m.customer_id = %(customer_id)s and m.id = new.id
            and (m.status = 'streaming' or %(closing)s)
        for key share of m
        on conflict do nothing
        """,
        customer_id=customer_id,
        ids=ids,
        seqs=seqs,
        events=events,
        closing=closing,
    )


async def after(tx: Transaction, message_id: UUID, seq: int) -> list[Written]:
    return await tx.all(
        Written,
        "select seq, events from turn_journal where message_id = %(id)s and seq > %(seq)s order by seq",
        id=message_id,
        seq=seq,
    )


async def lease(tx: Transaction, customer_id: UUID, message_id: UUID, seconds: int) -> None:
    await tx.run(
        """
        insert into due (kind, customer_id, object_id, due_at)
        values ('turn', %(customer_id)s, %(message_id)s, now() + make_interval(secs => %(seconds)s))
        """,
        customer_id=customer_id,
        message_id=message_id,
        seconds=seconds,
    )


async def renew(tx: Transaction, ids: list[UUID], seconds: int) -> None:
    await tx.run(
        """
        update due set due_at = now() + make_interval(secs => %(seconds)s)
        where kind = 'turn' and object_id = any(%(ids)s)
        """,
        ids=ids,
        seconds=seconds,
    )


async def release(tx: Transaction, customer_id: UUID, message_id: UUID, keep_seconds: int) -> None:
    """The answer is closed: its journal is kept a while for readers that come back, then forgotten."""
    await tx.run(
        """
        delete from due
        where kind = 'turn' and customer_id = %(customer_id)s and object_id = %(message_id)s
        """,
        customer_id=customer_id,
        message_id=message_id,
    )
    await tx.run(
        """
        insert into due (kind, customer_id, object_id, due_at)
        values ('journal', %(customer_id)s, %(message_id)s, now() + make_interval(secs => %(keep)s))
        on conflict (kind, customer_id, object_id) do nothing
        """,
        customer_id=customer_id,
        message_id=message_id,
        keep=keep_seconds,
    )


async def take_expired(tx: Transaction, what: str, seconds: int, limit: int) -> list[Abandoned]:
    """Claims what is due by pushing its time on, so that two sweepers never take the same."""
    return await tx.all(
        Abandoned,
        """
        update due set due_at = now() + make_interval(secs => %(seconds)s)
        where (kind, customer_id, object_id) in (
            select kind, customer_id, object_id from due
            where kind = %(what)s and due_at < now() order by due_at limit %(limit)s for update skip locked
        )
        returning customer_id, object_id as message_id
        """,
        what=what,
        seconds=seconds,
        limit=limit,
    )


async def drop_due(tx: Transaction, kind: str, customer_id: UUID, message_id: UUID) -> None:
    await tx.run(
        "delete from due where kind = %(kind)s and customer_id = %(customer_id)s and object_id = %(id)s",
        kind=kind,
        customer_id=customer_id,
        id=message_id,
    )


async def forget(tx: Transaction, message_id: UUID) -> None:
    await tx.run("delete from turn_journal where message_id = %(id)s", id=message_id)
