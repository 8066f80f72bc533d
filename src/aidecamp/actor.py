"""Who is asking, for which customer, in which role: one frozen value, handed down, never ambient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    VIEWER = "viewer"
    USER = "user"
    SUPPORT = "support"
    MANAGER = "manager"
    ADMIN = "admin"
    OWNER = "owner"

    def at_least(self, other: Role) -> bool:
        return RANK[self] >= RANK[other]


RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting (`user_id` set) or the system acting for a customer (`user_id` is None).

    `timezone` is the customer's IANA zone; `via` says how the person was recognised
    (`session`, `token`, `cli`, `job`).
    """

    customer_id: UUID
    user_id: UUID | None
    role: Role
    timezone: str = "UTC"
    via: str = "session"

    @property
    def person(self) -> UUID:
        """The user's id where a person is required; a system actor here is a programming error."""
        if self.user_id is None:
            raise RuntimeError("a person must act here, not the system")
        return self.user_id

    @classmethod
    def system(cls, customer_id: UUID, timezone: str = "UTC") -> Actor:
        """A job acting inside one customer; it has the owner's rights there and none elsewhere."""
        return cls(customer_id, None, Role.OWNER, timezone, "job")
