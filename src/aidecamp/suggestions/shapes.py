"""Model output as data: JSON read strictly, shapes converted strictly, reasons that a model can act on."""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeVar

import msgspec

Shape = TypeVar("Shape")

MAX_CHARACTERS = 256_000
MAX_DEPTH = 16
MAX_DIGITS = 18

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HIDDEN = re.compile(
    "[\x01-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


class WrongShape(ValueError):
    """Says what is wrong, in words for the model and for a person; never repeats what was written."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def strict_json(text: str) -> Any:
    """JSON without its dark corners: bounded in size, depth and digits, finite, no name twice."""
    if len(text) > MAX_CHARACTERS:
        raise WrongShape(f"longer than {MAX_CHARACTERS:,} characters")
    if _depth(text) > MAX_DEPTH:
        raise WrongShape(f"nested deeper than {MAX_DEPTH} levels")
    try:
        # Raw line breaks in strings are the commonest slip of models and lose nothing.
        return json.loads(
            text,
            strict=False,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise WrongShape(f"not valid JSON: {error.msg.lower()} at character {error.pos}") from error


def cleaned(value: Any, depth: int = 0) -> Any:
    """Every text in it as it may be stored and shown: no NUL, control, override or hidden character."""
    if depth > MAX_DEPTH:
        raise WrongShape(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(name)): cleaned(item, depth + 1) for name, item in value.items()}
    return [cleaned(item, depth + 1) for item in value] if isinstance(value, list) else value


def clean(text: str) -> str:
    """Character by character, so that the result is the same wherever a stream was cut."""
    return _HIDDEN.sub("", _SURROGATE.sub("\ufffd", text.replace("\0", "\ufffd")))


def convert(value: Any, shape: type[Shape], at: str) -> Shape:
    """The typed value, or WrongShape; `at` is the name under which reasons speak of it."""
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        raise WrongShape(_reason(str(error), at)) from error


def content_of(shape: msgspec.Struct) -> dict[str, Any]:
    """The shape as plain data, without what was left out."""
    whole: dict[str, Any] = _without_none(msgspec.to_builtins(shape))
    return whole


def unknown(given: Any, known: Any, at: str = "content") -> list[str]:
    """Paths in what was given that the shape does not have: for people, who should hear of a typing slip."""
    if isinstance(given, dict) and isinstance(known, dict):
        lost = [
            f"{at}.{name}" for name, item in given.items() if name not in known and item not in (None, "")
        ]
        return lost + [
            path
            for name in given
            if name in known
            for path in unknown(given[name], known[name], f"{at}.{name}")
        ]
    if isinstance(given, list) and isinstance(known, list):
        pairs = enumerate(zip(given, known, strict=False))
        return [path for i, (one, other) in pairs for path in unknown(one, other, f"{at}[{i}]")]
    return []


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in _STRINGS.sub("", text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise WrongShape("the same name twice in one object")
    return made


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise WrongShape("a number with too many digits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= 40 else math.inf
    if not math.isfinite(value):
        raise WrongShape("a number that is too large or too long")
    return value


def _constant(name: str) -> float:
    raise WrongShape("NaN and Infinity are not numbers here")


def _reason(message: str, at: str) -> str:
    if message.startswith("Invalid enum value"):
        _, _, path = message.rpartition(" - at `")
        message = f"Not one of the allowed values - at `{path}" if path else "Not one of the allowed values"
    return message.replace("`$", f"`{at}").replace("Expected", "expected", 1)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(item) for name, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value
