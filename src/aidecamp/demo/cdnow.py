"""The real part of the demo: CDNOW purchases of 1997–98, moved forward by whole weeks so that weekdays stay.

Source: Fader and Hardie's sample, as shipped by Lifetimes (see data/NOTICE).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Purchase:
    customer: int
    day: date
    quantity: int
    value: Decimal


def purchases(newest: date) -> list[Purchase]:
    """All 6,919 purchases in file order; the last day falls on `newest` or up to six days before it."""
    lines = files("aidecamp.demo").joinpath("data/cdnow_sample.txt").read_text("ascii").splitlines()
    recorded = [parse(line) for line in lines if line.strip()]
    shift = timedelta(weeks=(newest - max(purchase.day for purchase in recorded)).days // 7)
    return [Purchase(p.customer, p.day + shift, p.quantity, p.value) for p in recorded]


def parse(line: str) -> Purchase:
    _, customer, day, quantity, value = line.split()
    return Purchase(int(customer), date.fromisoformat(day), int(quantity), Decimal(value))
