"""The values of the ledger: what is set aside before a call, and what it really cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Purpose = Literal["chat", "title", "repair", "tool", "test", "gateway"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a call may use: counted input (bounded from above) and the output cap asked for."""

    input_tokens: int
    max_output: int
    request_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Reservation:
    """Quota set aside for exactly one call to a provider; made by admission only.

    `max_output` is what may be sent as max_tokens: the wish, clamped to what was left. `is_clamped` says so.
    """

    id: UUID
    customer_id: UUID
    user_id: UUID
    provider_id: UUID | None
    purpose: Purpose
    model: str
    estimated_input: int
    max_output: int
    is_clamped: bool = False
    request_bytes: int = 0

    @property
    def amount(self) -> int:
        return self.estimated_input + self.max_output


@dataclass(frozen=True, slots=True)
class Usage:
    """What a provider reported, in its own words mapped to ours; None = it did not say.

    `tokens_input` includes cached reads and writes, `tokens_output` includes reasoning.
    """

    tokens_input: int | None = None
    tokens_cached: int | None = None
    tokens_cache_write: int | None = None
    tokens_output: int | None = None
    tokens_reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known when a call ended, however it ended; settlement turns it into a charge.

    `received_bytes` counts the answer's text, tool arguments and reasoning in UTF-8: the floor of a charge.
    `opened` is False when nothing was sent to the provider or it refused before working: charged 0.
    `error_code` is one of our codes, or None.
    """

    usage: Usage | None
    opened: bool
    received_bytes: int = 0
    received_estimate: int = 0
    """Our best estimate of the output tokens received, used where the provider reported none."""
    time_to_first_token_ms: int | None = None
    latency_ms: int | None = None
    error_code: str | None = None
    is_usage_final: bool = True
    """False where the answer was cut and `usage` only counts what the provider had said so far."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What was written to the ledger."""

    tokens_input: int
    tokens_cached: int
    tokens_output: int
    is_estimated: bool
    estimated_cost: str | None
    """Decimal string in USD, or None where the price is unknown."""
