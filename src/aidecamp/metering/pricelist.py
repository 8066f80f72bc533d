"""Prints genai-prices' list as JSON: run as a process of its own, since that module weighs 60 MB."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from typing import Any

PROVIDERS = {"openai": ("openai",), "anthropic": ("anthropic",), "azure_openai": ("azure", "openai")}
"""Where the prices of a provider type are looked for, in this order. Own and local servers have none."""

KINDS = {
    "input": "input_mtok",
    "cached": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "output": "output_mtok",
}
ALWAYS = date(1970, 1, 1)


def main() -> None:
    json.dump({"list": edition(), "prices": list(entries())}, sys.stdout)


def edition() -> str:
    """Names the list without loading it."""
    return f"genai-prices {version('genai-prices')}"


def entries() -> Iterator[dict[str, Any]]:
    from genai_prices.data import providers  # the heavy part

    listed = {provider.id: provider for provider in providers}
    for provider_type, sources in PROVIDERS.items():
        seen: set[str] = set()
        models = [model for source in sources for model in listed[source].models]
        for position, model in enumerate(models):
            if model.id in seen:
                continue
            seen.add(model.id)
            for starts_on, prices in _dated(model.prices):
                if rates := _rates(prices):
                    yield {
                        "provider_type": provider_type,
                        "position": position,
                        "model": model.id,
                        "match": _clause(model.match),
                        "starts_on": starts_on.isoformat(),
                        "rates": rates,
                    }


def _dated(prices: Any) -> Iterator[tuple[date, Any]]:
    if not isinstance(prices, list):
        yield ALWAYS, prices
        return
    for conditional in prices:
        if conditional.constraint is None:
            yield ALWAYS, conditional.prices
        elif hasattr(conditional.constraint, "start_date"):
            yield conditional.constraint.start_date, conditional.prices


def _rates(prices: Any) -> dict[str, Any]:
    rates = {}
    for kind, name in KINDS.items():
        price = getattr(prices, name, None)
        if isinstance(price, Decimal):
            rates[kind] = [[0, str(price)]]
        elif price is not None:
            rates[kind] = [[0, str(price.base)], *([tier.start, str(tier.price)] for tier in price.tiers)]
    return rates


def _clause(match: Any) -> dict[str, Any]:
    ((name, value),) = vars(match).items()
    if isinstance(value, list):
        return {name.rstrip("_"): [_clause(part) for part in value]}
    return {name.rstrip("_"): value}


if __name__ == "__main__":
    main()
