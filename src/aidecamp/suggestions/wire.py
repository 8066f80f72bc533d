"""Suggestions as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from aidecamp.host.drafts import Target, TargetKind
from aidecamp.host.port import Host
from aidecamp.suggestions.models import Applied, Status, Suggestion


class FixOut(BaseModel):
    """A way out; with `value`, setting the field to it mends the check."""

    label: str
    field: str
    value: str | None = None


class CheckOut(BaseModel):
    level: Literal["error", "warning", "info"]
    code: str
    field: str
    message: str
    fix: FixOut | None = None


class SuggestionOut(BaseModel):
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
    checks: list[CheckOut]
    applied_to_id: UUID | None
    applied_to_kind: TargetKind | None
    created_at: datetime
    updated_at: datetime


class TargetOut(BaseModel):
    kind: TargetKind
    id: UUID
    url: str


class AppliedOut(BaseModel):
    suggestion: SuggestionOut
    target: TargetOut


class SuggestionChange(BaseModel):
    """What of a suggestion a person may change; fields of `content` that are not named stay as they are."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    title: str | None = None
    content: dict[str, Any] | None = None


class ApplyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    campaign_id: UUID | None = None


def out(suggestion: Suggestion) -> SuggestionOut:
    return SuggestionOut.model_validate(suggestion, from_attributes=True)


def target_out(target: Target, host: Host) -> TargetOut:
    return TargetOut(kind=target.kind, id=target.id, url=host.url(target))


def applied_out(applied: Applied, host: Host) -> AppliedOut:
    return AppliedOut(suggestion=out(applied.suggestion), target=target_out(applied.target, host))
