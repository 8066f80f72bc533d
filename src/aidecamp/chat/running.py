"""A turn while it runs: what it has, what it said, and how it is being ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.chat.answer import Answer
from aidecamp.chat.gathering import Material
from aidecamp.chat.journal import Feed
from aidecamp.chat.models import Asked, Status
from aidecamp.chat.refusals import Interrupted
from aidecamp.errors import Refusal
from aidecamp.metering.quota import Quota
from aidecamp.metering.reservation import Charge, Outcome, Reservation
from aidecamp.providers.call import Call


@dataclass(frozen=True, slots=True)
class Opened:
    """What the second transaction made."""

    asked: Asked
    reservation: Reservation
    quota: Quota


@dataclass(eq=False, slots=True)
class Running:
    actor: Actor
    asked: Asked
    material: Material
    feed: Feed
    reservation: Reservation | None
    """The call that is open; None while all calls of the turn are booked."""
    answer: Answer
    call: Call | None = None
    booked: list[tuple[Charge, Outcome]] = field(default_factory=list)
    failure: Refusal | None = None
    is_stopped: bool = False
    cut: Interrupted | None = None
    reading: asyncio.Task[None] | None = None
    task: asyncio.Task[None] | None = None

    @property
    def message_id(self) -> UUID:
        return self.asked.message_id

    @property
    def is_cut(self) -> bool:
        return self.is_stopped or self.cut is not None

    @property
    def status(self) -> Status:
        if self.is_stopped:
            return "stopped"
        if self.failure is None:
            return "complete"
        return "interrupted" if self.answer.text or self.cut else "failed"

    @property
    def refusal(self) -> Refusal | None:
        """What the reader is told in an `error` event; a stop is no failure."""
        return None if self.is_stopped else self.failure

    def outcome(self) -> Outcome:
        """What is known of the open call; without a call nothing was sent."""
        return self.call.outcome() if self.call else Outcome(usage=None, opened=False)

    def stop(self) -> None:
        self.is_stopped = True
        self._cancel()

    def interrupt(self, why: Interrupted) -> None:
        self.cut = self.cut or why
        self._cancel()

    def _cancel(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
