"""Prompts and answers in our words; dialects translate them to and from a provider's protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from aidecamp.metering.reservation import Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "other"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model asks for. `arguments` is the raw JSON text; nobody trusted it yet."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    parameters: dict[str, Any]
    """A JSON Schema object."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request to a model. `schema` asks for a JSON answer of that shape, where the model can."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    schema: dict[str, Any] | None = None
    schema_name: str = "answer"
    temperature: float | None = None
    max_tokens: int = 2000
    stream: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Thinking that the provider shows apart from the answer; it counts as output, it is not content."""

    text: str


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The newest usage known; a later report replaces an earlier one, they are never added up."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The provider's own terminal event; without it an answer is not complete."""

    reason: FinishReason
    model: str | None = None


Event = TextDelta | ReasoningDelta | ToolCall | UsageReport | Finished
