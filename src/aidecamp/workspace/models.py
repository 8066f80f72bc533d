"""The frozen values of the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

Status = Literal["draft", "scheduled", "sent"]
ImportKind = Literal["contacts", "events", "campaigns"]

EVENT_KINDS = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "converted",
    "unsubscribed",
    "bounced",
    "purchased",
)
CHANNELS = ("email", "sms", "social")


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign; a draft's `content` may still be empty. `suggestion_id` is where the content came from."""

    id: UUID
    key: str | None
    name: str
    channel: str
    status: str
    content: dict[str, Any]
    audience_id: UUID | None
    audience: str | None
    send_time: str | None
    sent_at: datetime | None
    created_by: UUID | None
    plan_id: UUID | None
    plan_step: int | None
    suggestion_id: UUID | None
    is_simulated: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    id: UUID
    name: str
    steps: list[dict[str, Any]]
    created_by: UUID | None
    suggestion_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Audience:
    id: UUID
    name: str
    description: str
    rules: dict[str, Any] | None
    size: int
    version: int
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    id: UUID
    key: str | None
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    attributes: dict[str, Any] | None
    email_consent: bool | None
    sms_consent: bool | None
    last_engaged_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Import:
    """One import and what became of its rows; `read` = created + updated + unchanged + rejected."""

    id: UUID
    kind: ImportKind
    file_name: str
    file_id: UUID | None
    rejected_id: UUID | None
    status: str
    progress: float
    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    notes: list[str]
    error: str | None
    created_by: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last local day with events."""

    since: date | None
    until: date | None
