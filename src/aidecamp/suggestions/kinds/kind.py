"""What a kind of suggestion consists of: a shape, checks, the draft it becomes, a card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aidecamp.content.checks import Check, Facts
from aidecamp.host.drafts import Channel, Draft

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """How a person edits one field: a line, a text, a choice, words apart, or rows of further fields."""

    name: str
    label: str
    form: Literal["line", "text", "choice", "words", "rows"] = "line"
    hint: str = ""
    choices: Sequence[tuple[str, str]] = ()
    columns: Sequence[Field] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One question with a good answer: a very small model follows an example better than any instruction."""

    question: str
    reply: str
    title: str
    content: Content
    reasoning: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One suggestion type. `channel` is that of the draft it becomes; None where it becomes a plan.

    `schema` is the JSON Schema of the content as models see it; `lean` is the same for a very small model,
    with the lengths inside patterns.
    """

    name: str
    label: str
    purpose: str
    schema: dict[str, Any]
    lean: dict[str, Any]
    read: Callable[[Any], dict[str, Any]]
    checks: Callable[[Content, Facts], list[Check]]
    draft: Callable[[str, Content], Draft]
    card: str
    fields: Sequence[Field]
    example: Example
    channel: Channel | None = None
    texts: Callable[[Content], list[str]] = lambda content: [
        v for v in content.values() if isinstance(v, str)
    ]


# Lengths stand in the pattern, since llama.cpp's grammar fails on pattern with maxLength; and without digits,
# since a model this small loops on them.
WORDS = "[A-Za-z ,'-]"


def line(low: int, high: int) -> dict[str, Any]:
    """A phrase of so many characters, for a very small model."""
    return {"type": "string", "pattern": f"^[A-Z]{WORDS}{{{low - 1},{high - 1}}}$"}


def sentences(least: int, most: int) -> dict[str, Any]:
    """Whole sentences of up to 80 characters, for a very small model."""
    sentence = f"[A-Z]{WORDS}{{8,78}}[.!?]"
    return {"type": "string", "pattern": f"^{sentence}( {sentence}){{{least - 1},{most - 1}}}$"}


def text(description: str | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "string"} | ({"description": description} if description else {}) | more


def closed(properties: dict[str, Any], optional: Sequence[str] = ()) -> dict[str, Any]:
    """A closed object in which all but the optional names are required."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
