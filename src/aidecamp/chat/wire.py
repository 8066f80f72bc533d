"""What the room says and hears over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from aidecamp.chat.models import MAX_QUESTION_CHARS, ContextType, Conversation, Message, Question, Status
from aidecamp.metering.wire import QuotaOut
from aidecamp.suggestions.wire import SuggestionOut
from aidecamp.web.text import CleanName, CleanText

Title = Annotated[CleanName, StringConstraints(max_length=255)]
Said = Annotated[CleanText, StringConstraints(min_length=1, max_length=MAX_QUESTION_CHARS)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ContextRef(Body):
    """One campaign or audience that the conversation is about."""

    kind: Literal["campaign", "audience"]
    id: UUID

    def stored(self) -> dict[str, Any]:
        return {"kind": self.kind, "id": str(self.id)}


class ConversationIn(Body):
    title: Title | None = None
    context_type: ContextType
    context_ref: ContextRef | None = None
    ai_provider_id: UUID | None = None


class ConversationChange(Body):
    title: Annotated[Title, Field(min_length=1)] | None = None
    is_archived: bool | None = None


class ConversationOut(BaseModel):
    id: UUID
    user_id: UUID
    ai_provider_id: UUID | None
    title: str
    context_type: ContextType
    context_ref: ContextRef | None
    context_data: dict[str, Any]
    is_archived: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, conversation: Conversation) -> ConversationOut:
        return cls.model_validate(conversation, from_attributes=True)


class QuestionIn(Body):
    """`want` names the kinds of suggestion to propose; without it the question and the context decide."""

    content: Said
    want: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=10)] = []

    def question(self, conversation_id: UUID) -> Question:
        return Question(conversation_id, self.content, tuple(self.want))


class MessageOut(BaseModel):
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

    @classmethod
    def of(cls, message: Message) -> MessageOut:
        return cls.model_validate(message, from_attributes=True)


class UsageOut(BaseModel):
    tokens_input: int | None
    tokens_cached: int | None
    tokens_output: int | None
    estimated_cost: str | None
    is_estimated: bool
    latency_ms: int | None
    time_to_first_token_ms: int | None


class AnswerOut(BaseModel):
    """An answer when it is done, after settlement."""

    message: MessageOut
    suggestions: list[SuggestionOut]
    usage: UsageOut
    quota: QuotaOut
