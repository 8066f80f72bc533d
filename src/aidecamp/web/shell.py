"""The frame around every page: which rooms the reader may see, whose data it is, what is left of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the rail; `icon` names a symbol of static/icons.svg."""

    label: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Meter:
    """Tokens of the running day; `limit` is None where nothing limits."""

    used: int
    limit: int | None
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shell:
    entries: tuple[Entry, ...]
    customer: str
    person: str
    email: str
    role: str
    quota: Meter | None = None


def fill(request: Request, shell: Shell) -> None:
    """Called by a dependency of app.py before a page runs; pages without it get the bare frame."""
    request.state.shell = shell


def of(request: Request) -> Shell | None:
    return getattr(request.state, "shell", None)
