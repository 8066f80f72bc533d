"""A model's proposal: read from a tool call or a block, whole and right, or malformed with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from aidecamp.suggestions.kinds import KINDS
from aidecamp.suggestions.shapes import WrongShape, cleaned, convert, strict_json

TOOL_PREFIX = "suggest_"
CUT = "the answer ended before the suggestion was whole"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A right shape, not yet stored; its checks may still fail."""

    suggestion_type: str
    title: str
    content: Mapping[str, Any]
    reasoning: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """What was meant as a suggestion and is none. `is_repairable` is False where the answer was cut."""

    reasons: tuple[str, ...]
    raw: str
    suggestion_type: str | None = None
    is_repairable: bool = True


class _Envelope(msgspec.Struct, frozen=True):
    """Names that the server decides (status, ids, owners) are not here, so a model cannot set them."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    content: dict[str, Any]
    reasoning: Annotated[str, msgspec.Meta(max_length=5000)]
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


def from_call(name: str, arguments: str) -> Proposal | Malformed:
    """A call of `suggest_<type>` with its raw arguments."""
    return _read(name.removeprefix(TOOL_PREFIX), arguments)


def from_block(text: str) -> Proposal | Malformed:
    """A fenced block's text, which names its type itself."""
    return _read(None, text)


def from_value(value: Any, raw: str) -> Proposal | Malformed:
    """The suggestion of an answer that was asked for as JSON and is read already."""
    return _build(None, value, raw)


def _read(suggestion_type: str | None, raw: str) -> Proposal | Malformed:
    try:
        value = strict_json(raw)
    except WrongShape as error:
        return Malformed(error.reasons, raw, suggestion_type)
    return _build(suggestion_type, value, raw)


def _build(suggestion_type: str | None, value: Any, raw: str) -> Proposal | Malformed:
    try:
        value = _unwrapped(value)
        if not isinstance(value, dict):
            raise WrongShape("expected one JSON object")
        value = {**value, "content": _unwrapped(value.get("content"))}
        suggestion_type = suggestion_type or _type_of(value)
        kind = KINDS.get(suggestion_type)
        if kind is None:
            raise WrongShape(f"`type` must be one of {', '.join(KINDS)}")
        value = cleaned(value)
        named = {**value, "title": " ".join(value["title"].split())} if _has_title(value) else value
        envelope = convert(named, _Envelope, "suggestion")
        content = kind.read(envelope.content)
    except WrongShape as error:
        return Malformed(error.reasons, raw, suggestion_type)
    return Proposal(kind.name, envelope.title, content, envelope.reasoning, envelope.confidence)


def _unwrapped(value: Any) -> Any:
    """Some models write JSON inside a JSON string where an object was asked for."""
    return strict_json(value) if isinstance(value, str) and value.lstrip()[:1] == "{" else value


def _type_of(value: dict[str, Any]) -> str:
    named = value.get("type", value.get("suggestion_type"))
    return named if isinstance(named, str) else ""


def _has_title(value: dict[str, Any]) -> bool:
    return isinstance(value.get("title"), str)
