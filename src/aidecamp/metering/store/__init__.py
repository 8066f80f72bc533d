"""All SQL of the room, by noun: calls (the ledger), prices, quota, limits, usage, books."""

from aidecamp.metering.store import books, calls, limits, prices, quota, usage

__all__ = ["books", "calls", "limits", "prices", "quota", "usage"]
