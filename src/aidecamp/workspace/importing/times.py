"""Times in a file: understood in the forms that exports use, and kept within reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aidecamp.workspace.importing.cells import BadCell, line, unquoted

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)


class Clock:
    """Times of one file: with an offset as they say, without one in the customer's zone."""

    def __init__(self, zone: str, now: datetime) -> None:
        self._zone = ZoneInfo(zone)
        self._latest = now + timedelta(days=1)

    def moment(self, cell: str) -> datetime:
        try:
            when = _read(cell)
        except (ValueError, OverflowError, OSError):
            raise BadCell("The time is not understood; write it as 2026-11-22 14:30.") from None
        if when.tzinfo is None:
            when = when.replace(tzinfo=self._zone)
        if not when >= EARLIEST:
            raise BadCell("The time lies before 1970.")
        if when > self._latest:
            raise BadCell("The time lies in the future.")
        return when


def _read(cell: str) -> datetime:
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        plain = unquoted(line(cell))
        if plain.isdecimal() and len(plain) in (10, 13):
            return datetime.fromtimestamp(int(plain[:10]), UTC)
        bare = plain.removesuffix(" UTC").removesuffix(" Z")
        when = datetime.fromisoformat(bare.replace("/", "-"))
        return when.replace(tzinfo=UTC) if bare != plain else when
