"""What is known of a call while it runs and after it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from aidecamp.metering.reservation import Usage


@dataclass(slots=True)
class Record:
    """What happened so far; `opened` once the provider may have begun to work."""

    started: float | None = None
    ended: float | None = None
    opened: bool = False
    finished: bool = False
    usage: Usage | None = None
    given: int = 0
    pieces: list[str] = field(default_factory=list)
    first_ms: int | None = None
    error_code: str | None = None

    def take(self, piece: str) -> None:
        self.given += len(piece)
        self.pieces.append(piece)

    def elapsed(self) -> int | None:
        """Milliseconds since the call began; None while it has not, for it may be stopped before that."""
        if self.started is None:
            return None
        end = time.monotonic() if self.ended is None else self.ended
        return round((end - self.started) * 1000)
