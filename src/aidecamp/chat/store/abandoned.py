"""What the sweeper must know of an answer that nobody writes any more."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aidecamp.db.transaction import Transaction
from aidecamp.metering.reservation import Purpose, Reservation


@dataclass(frozen=True, slots=True)
class OpenCall:
    """The ledger's row of an answer that is still 'streaming'."""

    id: UUID
    customer_id: UUID
    user_id: UUID
    provider_id: UUID | None
    purpose: Purpose
    model: str
    estimated_input: int
    max_output: int
    request_bytes: int
    shown_bytes: int
    was_opened: bool

    def reservation(self) -> Reservation:
        return Reservation(
            id=self.id,
            customer_id=self.customer_id,
            user_id=self.user_id,
            provider_id=self.provider_id,
            purpose=self.purpose,
            model=self.model,
            estimated_input=self.estimated_input,
            max_output=self.max_output,
            request_bytes=self.request_bytes,
        )


async def open_call(tx: Transaction, message_id: UUID) -> OpenCall | None:
    """None where the answer was closed or deleted; else its row is locked against the process coming back."""
    return await tx.maybe(
        OpenCall,
        """
        select r.id, r.customer_id, r.user_id, r.ai_provider_id as provider_id, r.purpose, r.model,
            r.estimated_input, r.max_output, r.request_bytes, r.shown_bytes,
            r.opened_at is not null as was_opened
        from ai_messages m
        join ai_requests r on r.customer_id = m.customer_id and r.id = m.request_id
        where m.id = %(id)s and m.status = 'streaming'
        for no key update of m
        """,
        id=message_id,
    )
