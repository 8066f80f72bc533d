"""What was not valid, field by field, in our words and never with the value that was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aidecamp.web.patience import Broken
from aidecamp.web.text import clean_name

MOST = 50
_PLACES = ("body", "query", "path", "header", "cookie")

# Written anew, since the library's sentences repeat parts of the input for some kinds.
_SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field here",
    "uuid_parsing": "must be an id",
    "uuid_type": "must be an id",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "decimal_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "must be text",
    "string_pattern_mismatch": "has a form that is not allowed",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "json_invalid": "is not valid JSON",
    "date_parsing": "must be a date like 2026-11-30",
    "date_from_datetime_parsing": "must be a date like 2026-11-30",
    "datetime_parsing": "must be a time like 2026-11-30T14:00:00Z",
    "datetime_from_date_parsing": "must be a time like 2026-11-30T14:00:00Z",
    "timezone_aware": "must carry a time zone, for example Z",
    "cursor": "is not a cursor of this list",
}
_COLLECTIONS = ("List", "Tuple", "Dictionary", "Set", "Frozenset")
_WITH_BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "may have at most {max_length} characters",
    "too_short": "must have at least {min_length} {things}",
    "too_long": "may have at most {max_length} {things}",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
}


def told(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {"field": _field(error.get("loc", ())), "message": _message(error)} for error in list(errors)[:MOST]
    ]


def _field(loc: Sequence[Any]) -> str:
    parts = list(loc[1:] if loc and loc[0] in _PLACES else loc)
    if loc and loc[0] == "body" and len(parts) == 1 and isinstance(parts[0], int):
        return ""  # the offset of a JSON error, not a field
    return ".".join(clean_name(str(part))[:80] for part in parts)


def _message(error: Mapping[str, Any]) -> str:
    kind = "json_invalid" if isinstance(error.get("input"), Broken) else str(error.get("type", ""))
    context = error.get("ctx") or {}
    if kind in _WITH_BOUNDS:
        if kind == "string_too_short" and context.get("min_length") == 1:
            return "must not be empty"
        things = "entries" if context.get("field_type") in _COLLECTIONS else "characters"
        return _WITH_BOUNDS[kind].format_map(_Bounds(context, things=things))
    if kind == "value_error" and isinstance(context.get("error"), ValueError):
        return str(context["error"])  # raised by our own validators, in our own words
    return _SENTENCES.get(kind, "is not valid")


class _Bounds(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
