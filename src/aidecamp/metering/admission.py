"""Whether a call may be made: what is asked of the ledger, and its verdict in our words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from aidecamp.actor import Actor, Role
from aidecamp.errors import RateLimited, Refusal
from aidecamp.metering.reservation import Estimate, Purpose, Reservation

LARGEST_WISH = 10_000_000
LARGEST_TEST_ANSWER = 64


class QuotaExceeded(Refusal):
    """Extra members: `window` (`daily` or `monthly`), `limit`, `used`, `resets_at`."""

    status, code, title = 429, "quota_exceeded", "Your tokens are used up"


@dataclass(frozen=True, slots=True)
class Ask:
    """One call that wants to be admitted."""

    id: UUID
    entry_id: UUID
    actor: Actor
    provider_id: UUID | None
    conversation_id: UUID | None
    provider_type: str | None
    model: str
    purpose: Purpose
    estimate: Estimate
    is_first: bool
    price_id: UUID | None

    @property
    def input_tokens(self) -> int:
        return max(self.estimate.input_tokens, 0)

    @property
    def wish(self) -> int:
        most = LARGEST_TEST_ANSWER if self.purpose == "test" else LARGEST_WISH
        return min(max(self.estimate.max_output, 1), most)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the database decided; the quota figures belong to the window that refused."""

    id: UUID
    outcome: str
    max_output: int | None
    quota_window: str | None
    quota_limit: int | None
    quota_used: int | None
    quota_reserved: int | None
    resets_at: datetime | None
    wait: float | None


def answer(ask: Ask, verdict: Verdict) -> Reservation | QuotaExceeded | RateLimited:
    match verdict.outcome:
        case "admitted":
            return _reservation(ask, verdict.max_output or 0)
        case "quota":
            return _quota_exceeded(ask, verdict)
        case "streams":
            return RateLimited(
                "Too many of your answers are running at once.",
                help="Wait until one of them is done, or stop it.",
                retry_after=verdict.wait,
            )
        case _:
            return RateLimited(
                "You are asking faster than your team's limit allows.",
                retry_after=round(max(verdict.wait or 0.0, 0.1), 1),
            )


def _reservation(ask: Ask, max_output: int) -> Reservation:
    return Reservation(
        id=ask.id,
        customer_id=ask.actor.customer_id,
        user_id=ask.actor.person,
        provider_id=ask.provider_id,
        purpose=ask.purpose,
        model=ask.model,
        estimated_input=ask.input_tokens,
        max_output=max_output,
        is_clamped=max_output < ask.wish,
        request_bytes=max(ask.estimate.request_bytes, 0),
    )


def _quota_exceeded(ask: Ask, verdict: Verdict) -> QuotaExceeded:
    limit, used = verdict.quota_limit or 0, verdict.quota_used or 0
    resets_at = verdict.resets_at and verdict.resets_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return QuotaExceeded(
        _sentence(ask, verdict, limit, used),
        help=_way_out(limit),
        window=verdict.quota_window,
        limit=limit,
        used=used,
        reserved=verdict.quota_reserved or 0,
        resets_at=resets_at,
    )


def _sentence(ask: Ask, verdict: Verdict, limit: int, used: int) -> str:
    if limit == 0:
        whose = "A viewer" if ask.actor.role is Role.VIEWER else "Your account"
        return f"{whose} has no AI tokens to spend."
    span = "today" if verdict.quota_window == "daily" else "this month"
    left = max(limit - used - (verdict.quota_reserved or 0), 0)
    return f"This needs at least {ask.input_tokens:,} tokens, and {left:,} of {limit:,} are left {span}" + (
        f" ({verdict.quota_reserved:,} are held by running answers)." if verdict.quota_reserved else "."
    )


def _way_out(limit: int) -> str:
    if limit == 0:
        return "Ask an admin of your team for a role or a limit with tokens."
    return "Ask something shorter, wait until the limit resets, or ask an admin of your team to raise it."
