"""What tokens cost: a dated list of rates in USD per million; what is not on it is unknown, never free."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

MILLION = Decimal(1_000_000)
LONGEST_MODEL_NAME = 200
CACHE_SIZE = 1000

Tiers = Sequence[Sequence[Any]]
"""`[[threshold, "rate"], …]`: the rate of requests with more input tokens than the threshold."""


@dataclass(frozen=True, slots=True)
class Price:
    """One model's rates from `starts_on` on: tiers by kind (input, cached, cache_write, output)."""

    id: UUID
    provider_type: str
    position: int
    model: str
    match: Mapping[str, Any]
    starts_on: date
    rates: Mapping[str, Tiers]


def cost(price: Price | None, input: int, cached: int, written: int, output: int) -> Decimal | None:
    """USD, or None where a needed rate is unknown. `cached` and `written` are parts of `input`.

    The same sum as the database's `cost_of`; a test holds them together.
    """
    if price is None:
        return None
    plain, answer = _rate(price, "input", input), _rate(price, "output", input)
    if plain is None or answer is None:
        return None
    c = min(cached, input)
    w = min(written, max(input - cached, 0))
    total = max(input - c - w, 0) * plain
    total += c * (_rate(price, "cached", input, plain) or 0)
    total += w * (_rate(price, "cache_write", input, plain) or 0)
    return (total + output * answer) / MILLION


def _rate(price: Price, kind: str, input: int, otherwise: Decimal | None = None) -> Decimal | None:
    fitting = [tier for tier in price.rates.get(kind, ()) if tier[0] == 0 or tier[0] < input]
    return Decimal(max(fitting, key=lambda tier: tier[0])[1]) if fitting else otherwise


def matches(clause: Mapping[str, Any], model: str) -> bool:
    """Whether a model's name is meant by a clause of genai-prices' list; each clause has one member."""
    ((kind, value),) = clause.items()
    match kind:
        case "equals":
            return bool(model == value)
        case "starts_with":
            return model.startswith(value)
        case "ends_with":
            return model.endswith(value)
        case "contains":
            return value in model
        case "regex":
            return re.search(value, model) is not None
        case "or":
            return any(matches(part, model) for part in value)
        case "and":
            return all(matches(part, model) for part in value)
        case _:
            return False


@dataclass(slots=True)
class PriceBook:
    """The list as this process read it, found by provider type and model name."""

    prices: Sequence[Price] = ()
    _found: dict[tuple[str, str, date], Price | None] = field(default_factory=dict)

    def find(self, provider_type: str | None, model: str, today: date) -> Price | None:
        if provider_type is None or len(model) > LONGEST_MODEL_NAME:
            return None
        key = (provider_type, model.lower(), today)
        if key not in self._found:
            if len(self._found) >= CACHE_SIZE:
                self._found.clear()
            self._found[key] = self._search(*key)
        return self._found[key]

    def _search(self, provider_type: str, model: str, today: date) -> Price | None:
        listed = [p for p in self.prices if p.provider_type == provider_type and p.starts_on <= today]
        meant = next((p for p in sorted(listed, key=lambda p: p.position) if matches(p.match, model)), None)
        if meant is None:
            return None
        return max((p for p in listed if p.model == meant.model), key=lambda p: p.starts_on)
