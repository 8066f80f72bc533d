"""What a check finds: a level, a code, the field, a sentence for a person and, where possible, a way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "info"]
RANK: dict[str, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Fix:
    """The way out in words; with `value`, accepting it sets `field` to that whole text."""

    label: str
    field: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One finding about one field. An error blocks apply."""

    level: Level
    code: str
    field: str
    message: str
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules may hold a text against: the contact fields that exist, the host names that somebody
    gave (the customer's content, the user's words), and the customer's name."""

    merge_fields: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    sender: str = ""


MOST = 40
"""Nobody reads more; the errors among them come first."""


def ordered(checks: Iterable[Check]) -> list[Check]:
    """Errors first, each finding once, as many as a person reads."""
    return sorted(dict.fromkeys(checks), key=lambda check: RANK[check.level])[:MOST]


def has_errors(checks: Iterable[Check]) -> bool:
    return any(check.level == "error" for check in checks)


def empty(field: str, value: str, what: str) -> list[Check]:
    if value.strip():
        return []
    fix = Fix(f"Write {what}.", field)
    return [Check("error", "empty_field", field, f"There is no {what} yet.", fix)]
