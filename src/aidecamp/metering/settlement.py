"""What a call is charged: the provider's honest figures exactly, a claim that can't be true within bounds."""

from __future__ import annotations

from dataclasses import dataclass

from aidecamp.metering.reservation import Outcome, Reservation, Usage

BYTES_PER_OUTPUT_TOKEN = 12
"""No tokenizer in use packs more text into an average token; received text costs at least this."""
BYTES_PER_GUESSED_TOKEN = 4
HIDDEN_INSTRUCTIONS = 1024
"""Providers add instructions of their own, for tools above all; a small request may honestly cost this."""
UNMEASURED_REQUEST = 8
SANE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What is written to the ledger: `tokens_*` to be shown, `charged_*` to be counted."""

    state: str
    tokens_input: int = 0
    tokens_cached: int = 0
    tokens_cache_write: int = 0
    tokens_output: int = 0
    tokens_reasoning: int | None = None
    charged_input: int = 0
    charged_output: int = 0
    is_estimated: bool = False


def figures(reservation: Reservation, outcome: Outcome) -> Figures:
    """The claim is shown as it is; the charge is held between what must have been and what can have been."""
    if not outcome.opened:
        return Figures("released")
    usage = outcome.usage or Usage()
    claimed_input, claimed_output = _sane(usage.tokens_input), _claimed_output(usage, outcome)
    tokens_input = claimed_input or reservation.estimated_input
    guess = max(_guess(outcome), claimed_output or 0)
    tokens_output = claimed_output if claimed_output is not None and outcome.is_usage_final else guess
    return Figures(
        state="settled",
        tokens_input=tokens_input,
        tokens_cached=min(_sane(usage.tokens_cached) or 0, tokens_input),
        tokens_cache_write=min(_sane(usage.tokens_cache_write) or 0, tokens_input),
        tokens_output=tokens_output,
        tokens_reasoning=_sane(usage.tokens_reasoning),
        charged_input=min(tokens_input, _largest_input(reservation)),
        charged_output=min(max(tokens_output, _least_output(outcome)), reservation.max_output),
        is_estimated=not claimed_input or claimed_output is None or not outcome.is_usage_final,
    )


def _sane(claim: int | None) -> int | None:
    return claim if claim is not None and 0 <= claim <= SANE else None


def _claimed_output(usage: Usage, outcome: Outcome) -> int | None:
    claim = _sane(usage.tokens_output)
    # Zero tokens for an answer that did arrive is no report at all.
    return None if claim == 0 and outcome.received_bytes else claim


def _guess(outcome: Outcome) -> int:
    if outcome.received_estimate > 0:
        return outcome.received_estimate
    return -(-outcome.received_bytes // BYTES_PER_GUESSED_TOKEN)


def _least_output(outcome: Outcome) -> int:
    return -(-outcome.received_bytes // BYTES_PER_OUTPUT_TOKEN)


def _largest_input(reservation: Reservation) -> int:
    measured = reservation.request_bytes or reservation.estimated_input * UNMEASURED_REQUEST
    return max(measured, reservation.estimated_input, HIDDEN_INSTRUCTIONS)
