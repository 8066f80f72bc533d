"""Languages, zones, numbers: how values are written for a reader."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent

DEFAULT = "en"


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    return name in zones()


@lru_cache(maxsize=64)
def negotiate(accept_language: str) -> str:
    """The first language of an Accept-Language header that we can format for, else English."""
    for part in accept_language[:200].split(","):
        tag = part.split(";")[0].strip().replace("-", "_")
        try:
            return str(Locale.parse(tag))
        except (UnknownLocaleError, ValueError):
            continue
    return DEFAULT


def number(value: int | float | Decimal, locale: str = DEFAULT) -> str:
    return format_decimal(value, locale=locale)


def compact(value: int | float, locale: str = DEFAULT) -> str:
    return format_compact_decimal(value, locale=locale, fraction_digits=1)


def percent(share: float, locale: str = DEFAULT, digits: int = 1) -> str:
    return format_percent(share, format=f"#,##0.{'#' * digits} %", locale=locale)


def money(amount: Decimal | None, currency: str = "USD", locale: str = DEFAULT) -> str:
    """Two decimals from a cent on, four below it; unknown is said, never shown as zero."""
    if amount is None:
        return "unknown"
    digits = "0.00" if amount == 0 or abs(amount) >= Decimal("0.01") else "0.0000"
    return format_currency(amount, currency, format=f"¤#,##{digits}", locale=locale, currency_digits=False)


def moment(when: datetime, zone: str = "UTC", locale: str = DEFAULT, format: str = "medium") -> str:
    return format_datetime(when, format, tzinfo=ZoneInfo(zone), locale=locale)
