"""JSON as a provider may send it: no NaN, no infinity, bounded depth and digits, broken text made whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec


class Malformed(ValueError):
    """The bytes are not the JSON they claim to be; the message never quotes them."""


def decode(data: bytes | bytearray) -> Any:
    """The value of one JSON text. Invalid UTF-8 becomes U+FFFD; lone surrogates are left for `Whole`."""
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise Malformed("nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _patiently(bytes(data))


def _patiently(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8", "replace"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Malformed("not valid JSON") from None


def _refuse(name: str) -> float:
    raise ValueError(name)


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError("number out of range")
    return value


def encode(value: Any) -> bytes:
    """Compact JSON in UTF-8; a lone surrogate in it becomes U+FFFD, since no provider accepts one."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


class Whole:
    """Makes text storable piece by piece: a surrogate pair cut in two is joined, a lone half is U+FFFD."""

    __slots__ = ("_high",)

    def __init__(self) -> None:
        self._high = ""

    def add(self, piece: str) -> str:
        if piece.isascii() and not self._high:
            return piece.replace("\0", "\ufffd") if "\0" in piece else piece
        text = self._high + piece
        self._high = text[-1] if text and "\ud800" <= text[-1] <= "\udbff" else ""
        return whole(text[:-1] if self._high else text)

    def rest(self) -> str:
        rest, self._high = ("\ufffd" if self._high else ""), ""
        return rest


def whole(text: str) -> str:
    """The text with NUL and lone surrogates, which PostgreSQL cannot hold, replaced by U+FFFD."""
    text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
