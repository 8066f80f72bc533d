"""Figures as short text for a model: rates from counts, small groups hidden, names made harmless."""

from __future__ import annotations

import re
from dataclasses import fields

from aidecamp.host.port import Counts

LEAST_GROUP = 10
"""Fewer people than this are not told: a figure about a handful is a figure about somebody."""

MAX_NAME = 60
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.\w+")
_PHONE = re.compile(r"(?<![\w.])\+?\d[\d ()/.-]{7,}\d(?!\w)")
_INVISIBLE = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f"
_HARMFUL = re.compile(rf"[<>{{}}\[\]`|\\\u200b-\u200f\u2060-\u2064\ufeff{_INVISIBLE}]+")
_HARMFUL_IN_TEXT = re.compile(rf"[<>`{_INVISIBLE}]+")


def name(text: str) -> str:
    """A name given by somebody, as data in quotes: one line, no markup, no address or number of a person."""
    plain = " ".join(_HARMFUL.sub(" ", text).split())
    masked = _PHONE.sub("(number)", _ADDRESS.sub("(address)", plain)).replace('"', "'")
    return f'"{masked[: MAX_NAME - 1]}…"' if len(masked) > MAX_NAME else f'"{masked}"'


def passage(text: str, limit: int) -> str:
    """Longer text of a campaign, on one line each, with no way out of its fence."""
    lines = (" ".join(_HARMFUL_IN_TEXT.sub(" ", line).split()) for line in text.splitlines())
    plain = "\n".join(f"> {line}" for line in lines if line)
    return plain if len(plain) <= limit else f"{plain[:limit]}…"


def count(number: float) -> str:
    return f"{number / 1000:.0f}k" if number >= 100_000 else f"{number:.0f}"


def people(number: int) -> str:
    return f"under {LEAST_GROUP}" if 0 < number < LEAST_GROUP else count(number)


def rate(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def results(counts: Counts) -> str:
    """`sent 1200, open 35.1%, click 4.2%, …`: of what was delivered; what never happened is left out."""
    if counts.sent < LEAST_GROUP:
        return f"sent {people(counts.sent)}"
    reached = counts.delivered or counts.sent
    told = [f"sent {count(counts.sent)}"]
    for label, number in (
        ("open", counts.opened),
        ("click", counts.clicked),
        ("convert", counts.converted),
        ("unsubscribe", counts.unsubscribed),
    ):
        told += [f"{label} {rate(number, reached)}"] if number else []
    told += [f"bounce {rate(counts.bounced, counts.sent)}"] if counts.bounced else []
    told += [f"revenue {count(counts.revenue)}"] if counts.revenue else []
    return ", ".join(told)


def is_told(counts: Counts) -> bool:
    return counts.sent >= LEAST_GROUP


def total(many: list[Counts]) -> Counts:
    return Counts(**{field.name: sum(getattr(one, field.name) for one in many) for field in fields(Counts)})
