"""The append-only trail: written with the deed, chained per customer a moment later, verifiable for ever."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.jobs.beats import beat
from aidecamp.jobs.context import Services

CODE = re.compile(r"[\w.:/+()\[\] -]{0,120}", re.ASCII)
SEAL_SECONDS = 2.0
SEALED_AT_ONCE = 1000
CUSTOMERS_AT_ONCE = 500
UNSEALED_FOR = timedelta(seconds=60)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: who (`actor_id` is None for the system), what, on which object, how it ended."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    role: str
    via: str
    action: str
    object_kind: str
    object_id: UUID | None
    outcome: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along one customer's chain found; `problem` is None when all of it holds."""

    customer_id: UUID
    sealed: int
    head: str
    unsealed: int
    problem: str | None


async def record(
    tx: Transaction,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: UUID | None = None,
    outcome: str = "ok",
    **facts: Any,
) -> UUID:
    """Write one entry in the transaction of the deed itself; both stay or neither does.

    Facts are ids, counts and codes. Text that is not a code is kept as a fingerprint only, so that no
    caller's mistake can put content or an address into rows that are never deleted.
    """
    entry_id = new_id()
    await tx.run(
        """with entry as (
               insert into audit_entries
                   (customer_id, id, actor_id, role, via, action, object_kind, object_id, outcome, facts)
               values (%(customer_id)s, %(id)s, %(actor_id)s, %(role)s, %(via)s, %(action)s, %(object_kind)s,
                       %(object_id)s, %(outcome)s, %(facts)s)
           )
           insert into due (kind, customer_id, object_id, due_at)
           values ('audit', %(customer_id)s, %(id)s, now())""",
        customer_id=actor.customer_id,
        id=entry_id,
        actor_id=actor.user_id,
        role=actor.role.value,
        via=actor.via,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        outcome=outcome,
        facts=Jsonb({name: _fact(value) for name, value in facts.items()}),
    )
    return entry_id


async def entries(
    tx: Transaction,
    *,
    actor_id: UUID | None = None,
    action: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Newest first. `action` is a whole name (`campaign.apply`) or a group (`campaign`)."""
    return await tx.all(
        Entry,
        """select id, at, actor_id, role, via, action, object_kind, object_id, outcome, facts
           from audit_entries
           where customer_id = current_customer()
             and (%(actor_id)s::uuid is null or actor_id = %(actor_id)s)
             and (%(action)s::text is null or action = %(action)s or starts_with(action, %(action)s || '.'))
             and (%(since)s::timestamptz is null or at >= %(since)s)
             and (%(until)s::timestamptz is null or at < %(until)s)
             and (%(before)s::uuid is null or id < %(before)s)
           order by id desc limit %(limit)s""",
        actor_id=actor_id, action=action, since=since, until=until, before=before, limit=limit,
    )  # fmt: skip


async def seal(database: Database) -> int:
    """Chain every entry that waits for it; how many those were. Safe to run anywhere, at any time."""
    async with database.outside() as tx:
        waiting: list[UUID] = await tx.values(
            "select distinct customer_id from due where kind = 'audit' limit %(limit)s",
            limit=CUSTOMERS_AT_ONCE,
        )
    sealed = 0
    for customer_id in waiting:
        async with database.of(customer_id) as tx:
            sealed += await _seal(tx, customer_id)
    return sealed


async def customers(tx: Transaction) -> list[UUID]:
    """Everybody with a trail."""
    return await tx.values(
        """select customer_id from audit_heads
           union select customer_id from due where kind = 'audit' order by 1"""
    )


async def verify(tx: Transaction, customer_id: UUID) -> Verdict:
    """Walk this customer's chain from its first link. Entries younger than a minute may still be unsealed."""
    # The head first: what is sealed during the walk lengthens the chain beyond it, and is no fault.
    head = await _published(tx, customer_id)
    previous, seq, problem = _anchor(customer_id), 0, None
    async for link in _chain(tx):
        if problem:
            continue
        expected = _digest(previous, customer_id, seq + 1, link)
        if link.seq != seq + 1:
            problem = f"link {seq + 1} is missing"
        elif link.hash != expected:
            problem = f"link {link.seq} (entry {link.id}) was changed"
        else:
            previous, seq = expected, link.seq
            if head is not None and seq == head.seq and previous != head.hash:
                problem = f"link {seq} is not the one that was published"
    if problem is None and head is not None and seq < head.seq:
        problem = f"the chain ends at link {seq}, published was {head.seq}"
    if problem is None and seq and await _published(tx, customer_id) is None:
        problem = "the published head is missing"
    late = await tx.value(UNSEALED, until=datetime.now(UTC) - UNSEALED_FOR)
    if problem is None and late:
        problem = f"{late} entries older than a minute are not sealed"
    return Verdict(customer_id, seq, previous.hex(), await tx.value(UNSEALED, until=None), problem)


@beat(SEAL_SECONDS)
async def seal_waiting(services: Services) -> None:
    await seal(services.database)


UNSEALED = """select count(*) from audit_entries e
              where (%(until)s::timestamptz is null or at < %(until)s)
                and not exists (select from audit_chain c
                                where c.customer_id = e.customer_id and c.entry_id = e.id)"""


@dataclass(frozen=True, slots=True)
class _Head:
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class _Link(Entry):
    seq: int
    hash: bytes


async def _published(tx: Transaction, customer_id: UUID) -> _Head | None:
    return await tx.maybe(
        _Head, "select seq, hash from audit_heads where customer_id = %(id)s", id=customer_id
    )


async def _seal(tx: Transaction, customer_id: UUID) -> int:
    # The head's row is the customer's lock among sealers; nobody who acts ever waits for it.
    await tx.run(
        """insert into audit_heads (customer_id, seq, hash) values (%(id)s, 0, %(anchor)s)
           on conflict do nothing""",
        id=customer_id,
        anchor=_anchor(customer_id),
    )
    head = await tx.one(
        _Head, "select seq, hash from audit_heads where customer_id = %(id)s for update", id=customer_id
    )
    fresh = await _waiting(tx, customer_id)
    if not fresh:
        return 0
    hashes = []
    previous = head.hash
    for place, entry in enumerate(fresh, head.seq + 1):
        previous = _digest(previous, customer_id, place, entry)
        hashes.append(previous)
    await _extend(tx, customer_id, head.seq, [entry.id for entry in fresh], hashes)
    log.info("audit.sealed", customer=str(customer_id), seq=head.seq + len(fresh), head=previous.hex())
    return len(fresh)


async def _waiting(tx: Transaction, customer_id: UUID) -> list[Entry]:
    return await tx.all(
        Entry,
        """select e.id, e.at, e.actor_id, e.role, e.via, e.action, e.object_kind, e.object_id, e.outcome,
                  e.facts
           from due d join audit_entries e on e.customer_id = d.customer_id and e.id = d.object_id
           where d.kind = 'audit' and d.customer_id = %(customer_id)s
           order by e.id limit %(limit)s""",
        customer_id=customer_id,
        limit=SEALED_AT_ONCE,
    )


async def _extend(
    tx: Transaction, customer_id: UUID, last: int, ids: list[UUID], hashes: list[bytes]
) -> None:
    await tx.run(
        """with links as (
               select %(last)s + place as seq, entry_id, hash
               from unnest(%(ids)s::uuid[], %(hashes)s::bytea[])
                    with ordinality as link (entry_id, hash, place)
           ), chained as (
               insert into audit_chain (customer_id, seq, entry_id, hash)
               select %(customer_id)s, seq, entry_id, hash from links
           ), published as (
               update audit_heads set seq = link.seq, hash = link.hash, sealed_at = now()
               from (select seq, hash from links order by seq desc limit 1) as link
               where customer_id = %(customer_id)s
           )
           delete from due
           where kind = 'audit' and customer_id = %(customer_id)s and object_id = any(%(ids)s)""",
        customer_id=customer_id,
        last=last,
        ids=ids,
        hashes=hashes,
    )


def _chain(tx: Transaction) -> AsyncIterator[_Link]:
    return tx.stream(
        _Link,
        """select e.id, e.at, e.actor_id, e.role, e.via, e.action, e.object_kind, e.object_id, e.outcome,
                  e.facts, c.seq, c.hash
           from audit_chain c
           join audit_entries e on e.customer_id = c.customer_id and e.id = c.entry_id
           order by c.customer_id, c.seq""",
    )


def _anchor(customer_id: UUID) -> bytes:
    return hashlib.sha256(b"aidecamp trail of " + customer_id.bytes).digest()


def _digest(previous: bytes, customer_id: UUID, seq: int, entry: Entry) -> bytes:
    """SHA-256 over the hash before it and the entry as canonical JSON (sorted names, no spaces, UTC)."""
    fields = [
        str(customer_id), seq, str(entry.id), entry.at.astimezone(UTC).isoformat(), str(entry.actor_id or ""),
        entry.role, entry.via, entry.action, entry.object_kind, str(entry.object_id or ""), entry.outcome,
        entry.facts,
    ]  # fmt: skip
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(previous + text.encode()).digest()


def _fact(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_fact(item) for item in value]
    text = str(value)
    if CODE.fullmatch(text):
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
