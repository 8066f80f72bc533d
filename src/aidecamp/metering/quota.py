"""What is left to a person: the local day and the local month, as the meter and the API show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound
from aidecamp.metering import store


@dataclass(frozen=True, slots=True)
class Window:
    """`limit` and `remaining` are None where nothing limits; `remaining` also minds the customer's cap."""

    limit: int | None
    used: int
    reserved: int
    remaining: int | None
    resets_at: datetime

    def wire(self) -> dict[str, Any]:
        return {
            "limit": self.limit,
            "used": self.used,
            "reserved": self.reserved,
            "remaining": self.remaining,
            "resets_at": self.resets_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }


@dataclass(frozen=True, slots=True)
class Quota:
    daily: Window
    monthly: Window

    def wire(self) -> dict[str, Any]:
        """The JSON object of the API and of the events of an answer."""
        return {"daily": self.daily.wire(), "monthly": self.monthly.wire()}


async def quota(tx: Transaction, actor: Actor) -> Quota:
    found = await store.quota.of(tx, actor.customer_id, actor.person)
    if found is None:
        raise NotFound
    return Quota(
        _window(found.daily, found.day_used, found.day_reserved, found.day_cap_room, found.day_resets_at),
        _window(
            found.monthly, found.month_used, found.month_reserved, found.month_cap_room, found.month_resets_at
        ),
    )


def _window(limit: int | None, used: int, reserved: int, cap_room: int | None, resets_at: datetime) -> Window:
    rooms = [
        room for room in (None if limit is None else limit - used - reserved, cap_room) if room is not None
    ]
    return Window(limit, used, reserved, max(min(rooms), 0) if rooms else None, resets_at)
