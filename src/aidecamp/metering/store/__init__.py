"""All SQL of the room, by noun: calls (the ledger), prices, limits, usage."""

from aidecamp.metering.store import calls, prices

__all__ = ["calls", "prices"]
