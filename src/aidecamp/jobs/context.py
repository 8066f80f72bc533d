"""What a task may use: set once where the application is put together, read by the tasks of every room."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aidecamp.db.pool import Database
from aidecamp.settings import Settings


@dataclass(slots=True)
class Services:
    """The same objects that a request finds on the application's state.

    Rooms above are unknown here, so their objects go by name: `ledger: Ledger = services()["ledger"]`.
    """

    settings: Settings
    database: Database
    others: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.others[name]


_current: ContextVar[Services] = ContextVar("services")


def services() -> Services:
    return _current.get()


def set_services(services: Services) -> None:
    """For the running task and all tasks it starts."""
    _current.set(services)
