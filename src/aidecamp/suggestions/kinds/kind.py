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
    channel: Channel | None = None
    texts: Callable[[Content], list[str]] = lambda content: [
        v for v in content.values() if isinstance(v, str)
    ]


def line(low: int, high: int) -> dict[str, Any]:
    """A string whose length stands in the pattern: llama.cpp's grammar fails on pattern with maxLength."""
    return {"type": "string", "pattern": f"^[A-Za-z0-9 ,.!?%'-]{{{low},{high}}}$"}


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
