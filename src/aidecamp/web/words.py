"""Small phrases for readers: how long ago, which day, whose initials."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta

JUST_NOW = timedelta(seconds=45)
LONG_AGO = timedelta(days=30)


def ago(when: datetime, *, now: datetime, locale: str) -> str:
    """Relative within a month, the date beyond it."""
    distance = when - now
    if abs(distance) < JUST_NOW:
        return "just now"
    if abs(distance) > LONG_AGO:
        return format_date(when, "medium", locale=locale)
    return format_timedelta(distance, add_direction=True, locale=locale, threshold=0.9)


def day(when: datetime | date, zone: str, locale: str) -> str:
    local = when.astimezone(ZoneInfo(zone)).date() if isinstance(when, datetime) else when
    return format_date(local, "medium", locale=locale)


def initials(name: str) -> str:
    """At most two letters for an avatar; an address gives its first."""
    parts = name.split("@")[0].replace(".", " ").replace("_", " ").split()
    return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper() or "?"
