"""The frozen values of identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from aidecamp.actor import Actor, Role

KeyKind = Literal["session", "token"]


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who presented a valid key: the actor, and the session or token that proved it."""

    actor: Actor
    kind: KeyKind
    key_id: UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """What the directory knows about the hash of an address or a key."""

    kind: str
    customer_id: UUID
    user_id: UUID
    object_id: UUID


@dataclass(frozen=True, slots=True)
class User:
    id: UUID
    email: str
    name: str
    role: Role
    is_active: bool
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", Role(self.role))


@dataclass(frozen=True, slots=True)
class Account:
    """A user as sign-in sees one; `password_hash` is None where no password was ever set."""

    customer_id: UUID
    id: UUID
    role: Role
    timezone: str
    password_hash: str | None
    is_active: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", Role(self.role))


@dataclass(frozen=True, slots=True)
class Token:
    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and its key, which nobody can read again."""

    recognised: Recognised
    key: str
    expires_at: datetime
