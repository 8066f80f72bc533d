"""Bytes into lines and server-sent events, split on line feeds only and bounded before they are parsed."""

from __future__ import annotations

from typing import NamedTuple

EVENT_LIMIT = 1 << 20


class Oversized(ValueError):
    """One line or event went over 1 MiB without an end."""


class Lines:
    """Whole lines without their end, whatever the chunks; U+2028 and U+0085 are text, not line ends."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        if b"\n" not in data:
            self._tail += data
            self._check(len(self._tail))
            return []
        first, *others = data.split(b"\n")
        rest = others.pop()
        lines = [bytes(self._tail + first), *others]
        self._tail = bytearray(rest)
        for line in (*lines, rest):
            self._check(len(line))
        return [line.removesuffix(b"\r") for line in lines]

    def rest(self) -> bytes:
        rest, self._tail = bytes(self._tail), bytearray()
        return rest.removesuffix(b"\r")

    @staticmethod
    def _check(size: int) -> None:
        if size > EVENT_LIMIT:
            raise Oversized


class ServerEvent(NamedTuple):
    name: str
    data: bytes


class Events:
    """The event stream of the HTML standard, for the fields that providers use: `event` and `data`."""

    __slots__ = ("_data", "_lines", "_name", "_size")

    def __init__(self) -> None:
        self._lines = Lines()
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[ServerEvent]:
        events = []
        for line in self._lines.feed(data):
            if line:
                self._field(line)
            elif self._data:
                events.append(self._take())
            else:
                self._name = ""
        return events

    def rest(self) -> list[ServerEvent]:
        """What the connection's end left without its blank line; some servers never send the last one."""
        line = self._lines.rest()
        if line:
            self._field(line)
        return [self._take()] if self._data else []

    def _take(self) -> ServerEvent:
        event = ServerEvent(self._name, b"\n".join(self._data))
        self._name, self._data, self._size = "", [], 0
        return event

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._size += len(value)
            Lines._check(self._size)
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._name = value.strip().decode("utf-8", "replace")
