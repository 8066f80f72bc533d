"""The ledger's grouped statements: admission, leases, settlement, sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from aidecamp.db.transaction import Transaction
from aidecamp.metering.admission import Ask, Verdict
from aidecamp.metering.reservation import Outcome, Reservation
from aidecamp.metering.settlement import Figures


async def admit(
    tx: Transaction, asks: Sequence[Ask], *, per_minute: float, streams: int, again: bool = False
) -> list[Verdict]:
    """`again` = an earlier try of the same asks may have been committed without our knowing."""
    return await tx.all(
        Verdict,
        """select id, outcome, max_output, quota_window, quota_limit, quota_used, quota_reserved, resets_at,
                  wait
             from admit_calls(
                  %(ids)s, %(customers)s, %(people)s, %(providers)s, %(conversations)s, %(types)s, %(models)s,
                  %(purposes)s, %(inputs)s, %(outputs)s, %(bytes)s, %(firsts)s, %(price_ids)s, %(entry_ids)s,
                  %(roles)s, %(vias)s, %(per_minute)s, %(streams)s, %(again)s)""",
        ids=[ask.id for ask in asks],
        customers=[ask.actor.customer_id for ask in asks],
        people=[ask.actor.person for ask in asks],
        providers=[ask.provider_id for ask in asks],
        conversations=[ask.conversation_id for ask in asks],
        types=[ask.provider_type for ask in asks],
        models=[ask.model for ask in asks],
        purposes=[ask.purpose for ask in asks],
        inputs=[ask.input_tokens for ask in asks],
        outputs=[ask.wish for ask in asks],
        bytes=[ask.estimate.request_bytes for ask in asks],
        firsts=[ask.is_first for ask in asks],
        price_ids=[ask.price_id for ask in asks],
        entry_ids=[ask.entry_id for ask in asks],
        roles=[ask.actor.role.value for ask in asks],
        vias=[ask.actor.via for ask in asks],
        per_minute=float(per_minute),
        streams=streams,
        again=again,
    )


async def renew(tx: Transaction, running: Sequence[tuple[Reservation, int]]) -> None:
    await tx.run(
        "select renew_leases(%(ids)s, %(customers)s, %(people)s, %(shown)s)",
        ids=[reservation.id for reservation, _ in running],
        customers=[reservation.customer_id for reservation, _ in running],
        people=[reservation.user_id for reservation, _ in running],
        shown=[shown for _, shown in running],
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """A call that ended, with the figures that it shall be charged."""

    reservation: Reservation
    outcome: Outcome
    figures: Figures
    provisional: bool = False

    @property
    def state(self) -> str:
        return "expired" if self.provisional and self.figures.state == "settled" else self.figures.state


@dataclass(frozen=True, slots=True)
class Closed:
    """A ledger row after settlement: ours, or an earlier one that stands. All None: no such reservation."""

    id: UUID | None
    state: str | None
    tokens_input: int | None
    tokens_cached: int | None
    tokens_output: int | None
    is_estimated: bool | None
    estimated_cost: Decimal | None


async def settle(tx: Transaction, endings: Sequence[Ending]) -> list[Closed]:
    return await tx.all(
        Closed,
        """select id, state, tokens_input, tokens_cached, tokens_output, is_estimated, estimated_cost
             from settle_calls(
                  %(ids)s, %(customers)s, %(people)s, %(states)s, %(inputs)s, %(cached)s, %(written)s,
                  %(outputs)s, %(reasoning)s, %(charged_inputs)s, %(charged_outputs)s, %(estimated)s,
                  %(first_token)s, %(latency)s, %(errors)s, %(provisional)s)""",
        ids=[e.reservation.id for e in endings],
        customers=[e.reservation.customer_id for e in endings],
        people=[e.reservation.user_id for e in endings],
        states=[e.state for e in endings],
        inputs=[e.figures.tokens_input for e in endings],
        cached=[e.figures.tokens_cached for e in endings],
        written=[e.figures.tokens_cache_write for e in endings],
        outputs=[e.figures.tokens_output for e in endings],
        reasoning=[e.figures.tokens_reasoning for e in endings],
        charged_inputs=[e.figures.charged_input for e in endings],
        charged_outputs=[e.figures.charged_output for e in endings],
        estimated=[e.figures.is_estimated for e in endings],
        first_token=[_milliseconds(e.outcome.time_to_first_token_ms) for e in endings],
        latency=[_milliseconds(e.outcome.latency_ms) for e in endings],
        errors=[e.outcome.error_code for e in endings],
        provisional=[e.provisional for e in endings],
    )


def _milliseconds(value: int | None) -> int | None:
    return None if value is None else min(max(value, 0), 2**31 - 1)


async def sweep(tx: Transaction, most: int) -> int:
    """Close expired reservations of at most so many due entries; the number closed."""
    return int(await tx.value("select sweep_leases(%(most)s)", most=most))
