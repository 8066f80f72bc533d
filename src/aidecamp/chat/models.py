"""Conversations, messages and questions as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

ContextType = Literal["campaign", "analytics", "strategy", "content"]
CONTEXT_TYPES: tuple[ContextType, ...] = ("campaign", "analytics", "strategy", "content")
Status = Literal["streaming", "complete", "stopped", "interrupted", "failed"]
MAX_QUESTION_CHARS = 32_000


@dataclass(frozen=True, slots=True)
class Conversation:
    id: UUID
    user_id: UUID
    ai_provider_id: UUID | None
    title: str
    context_type: ContextType
    context_ref: dict[str, Any] | None
    context_data: dict[str, Any]
    is_archived: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    id: UUID
    conversation_id: UUID
    role: Literal["user", "assistant", "system"]
    content: str
    tokens_input: int | None
    tokens_output: int | None
    model_used: str | None
    latency_ms: int | None
    status: Status
    error_code: str | None
    is_estimated: bool
    finish_reason: str | None
    created_at: datetime
    tokens_cached: int | None = None
    time_to_first_token_ms: int | None = None
    estimated_cost: Decimal | None = None
    question_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks: cleaned text and the kinds of suggestion wanted."""

    conversation_id: UUID
    content: str
    want: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was admitted, and the answer that is being written to it."""

    conversation_id: UUID
    question_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class Ending:
    """All that closing an answer writes on its row."""

    status: Status
    content: str
    model_used: str
    error_code: str | None = None
    finish_reason: str | None = None
    tokens_input: int | None = None
    tokens_cached: int | None = None
    tokens_output: int | None = None
    is_estimated: bool = False
    estimated_cost: str | None = None
    latency_ms: int | None = None
    time_to_first_token_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One numbered event of an answer; `data` is its JSON text."""

    seq: int
    kind: str
    data: str

    @property
    def is_last(self) -> bool:
        return self.kind in ("end", "error")


@dataclass(frozen=True, slots=True)
class Abandoned:
    """An answer whose process died: its lease ran out."""

    customer_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class Choice:
    """A thing that a person may pick on the page."""

    value: str
    label: str
    is_chosen: bool = False
