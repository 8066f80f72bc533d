"""What the tests ask of the books: what is set aside, what was used, and whether all three accounts agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.reservation import Estimate, Outcome, Reservation, Usage


@dataclass(frozen=True)
class Standing:
    used: int
    reserved: int


async def standing(database: Database, customer: UUID, user: UUID, period: str = "day") -> Standing:
    async with database.of(customer) as tx:
        found = await tx.all(
            Standing,
            """select used, reserved from usage_windows
                where user_id = %(user)s and period = %(period)s order by starts_on desc limit 1""",
            user=user,
            period=period,
        )
    return found[0] if found else Standing(0, 0)


async def limit(database: Database, actor: Actor, daily: int | None, monthly: int | None = None) -> None:
    async with database.customer(actor) as tx:
        await tx.run(
            """insert into user_limits (customer_id, user_id, daily, monthly)
               values (%(customer)s, %(user)s, %(daily)s, %(monthly)s)
                   on conflict (customer_id, user_id)
                   do update set daily = %(daily)s, monthly = %(monthly)s""",
            customer=actor.customer_id,
            user=actor.person,
            daily=daily,
            monthly=monthly,
        )


async def admit(
    ledger: Ledger, actor: Actor, input: int = 100, output: int = 900, **more: Any
) -> Reservation:
    call: dict[str, Any] = {"provider_id": None, "model": "gpt-4o", "purpose": "chat"}
    return await ledger.admit(
        actor, estimate=Estimate(input, output, input * 4), **(call | {"provider_type": "openai"} | more)
    )


def reported(input: int | None, output: int | None, bytes: int = 0, **more: Any) -> Outcome:
    return Outcome(Usage(tokens_input=input, tokens_output=output), True, bytes, **more)


async def expire(database: Database, customer: UUID) -> None:
    """Let the leases of a customer run out, as if their process had died a while ago."""
    async with database.of(customer) as tx:
        await tx.run("update ai_requests set lease_until = now() - interval '1 s' where state = 'reserved'")
    async with database.outside() as tx:
        await tx.run("update due set due_at = now() - interval '1 s' where kind = 'lease'")


@dataclass(frozen=True)
class Disagreement:
    what: str
    ledger: Any
    books: Any


async def disagreements(database: Database, customer: UUID) -> list[Disagreement]:
    """An oracle of its own, simpler than the product's: totals only."""
    async with database.of(customer) as tx:
        return await tx.all(
            Disagreement,
            """with ledger as (
                   select coalesce(sum(charged_input + charged_output), 0) as used,
                          coalesce(sum(reserved) filter (where state = 'reserved'), 0) as reserved,
                          count(*) filter (where state in ('settled', 'expired')) as calls
                     from ai_requests),
                 windows as (
                   select coalesce(sum(used), 0) as used, coalesce(sum(reserved), 0) as reserved
                     from usage_windows where period = 'month'),
                 rolled as (
                   select coalesce(sum(input_tokens + output_tokens), 0) as used,
                          coalesce(sum(request_count), 0) as calls
                     from ai_token_usage)
               select * from (
                   select 'used' as what, l.used::text as ledger, w.used::text as books
                     from ledger l, windows w
                   union all select 'reserved', l.reserved::text, w.reserved::text from ledger l, windows w
                   union all select 'rolled', l.used::text, r.used::text from ledger l, rolled r
                   union all select 'calls', l.calls::text, r.calls::text from ledger l, rolled r) as pairs
                where ledger <> books""",
        )
