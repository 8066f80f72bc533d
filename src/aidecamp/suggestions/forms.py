"""The edit form of a suggestion: fields to inputs and back, by the kind's own description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aidecamp.suggestions.kinds import Field, Kind

MOST_ROWS = 20


def content(kind: Kind, sent: Mapping[str, str]) -> dict[str, Any]:
    """What a person sent, as the kind's content; emptying an optional field removes it."""
    found = {field.name: _value(field, field.name, sent) for field in kind.fields if _is_there(field, sent)}
    required = kind.schema["required"]
    return {name: value if value or name in required else None for name, value in found.items()}


def words(value: Any) -> str:
    """A list of words as one line to edit."""
    return " ".join(value) if isinstance(value, list) else ""


def _is_there(field: Field, sent: Mapping[str, str]) -> bool:
    return field.form == "rows" or field.name in sent


def _value(field: Field, name: str, sent: Mapping[str, str]) -> Any:
    if field.form == "rows":
        rows = [_row(field, f"{name}-{number}", sent) for number in range(MOST_ROWS)]
        return [row for row in rows if any(row.values())]
    text = sent.get(name, "").replace("\r\n", "\n")
    if field.form == "words":
        return text.replace(",", " ").split()
    return text if field.form == "text" else " ".join(text.split())


def _row(field: Field, prefix: str, sent: Mapping[str, str]) -> dict[str, Any]:
    return {column.name: _value(column, f"{prefix}-{column.name}", sent) for column in field.columns}
