"""A stored suggestion: the proposal, its checks, its status and what it became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from aidecamp.content.checks import Check
from aidecamp.host.drafts import Effect, Target, TargetKind
from aidecamp.suggestions.kinds import KINDS, Kind

Status = Literal["pending", "accepted", "rejected", "applied"]
STATUSES: tuple[Status, ...] = ("pending", "accepted", "rejected", "applied")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One row of ai_suggestions."""

    id: UUID
    conversation_id: UUID | None
    message_id: UUID | None
    user_id: UUID
    suggestion_type: str
    title: str
    content: dict[str, Any]
    reasoning: str
    confidence: float | None
    status: Status
    checks: list[dict[str, Any]]
    given_links: list[str]
    applied_to_id: UUID | None
    applied_to_kind: TargetKind | None
    effect: dict[str, Any] | None
    applied_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def kind(self) -> Kind:
        return KINDS[self.suggestion_type]

    @property
    def findings(self) -> list[Check]:
        return msgspec.convert(self.checks, list[Check])

    @property
    def target(self) -> Target | None:
        if self.applied_to_id is None or self.applied_to_kind is None:
            return None
        return Target(self.applied_to_kind, self.applied_to_id)

    @property
    def done(self) -> Effect:
        """What apply did; only an applied suggestion has it."""
        return msgspec.convert(self.effect, Effect)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which suggestions a list shows."""

    status: Status | None = None
    suggestion_type: str | None = None
    conversation_id: UUID | None = None
    message_id: UUID | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    suggestion: Suggestion
    target: Target
