"""What the assistant needs from any campaign application, in the assistant's own words.

The embedded workspace is one adapter; a remote application would be another. Every call happens inside
the asking user's own transaction, so the assistant is never stronger than its caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.host.drafts import Draft, Effect, Target


@dataclass(frozen=True, slots=True)
class Counts:
    """Event counts of one slice. Rates are computed from them, never stored."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    converted: int = 0
    unsubscribed: int = 0
    bounced: int = 0
    purchased: int = 0
    revenue: float = 0.0


@dataclass(frozen=True, slots=True)
class Slice:
    """Counts under a label: a day (ISO date), a channel, a campaign name, a weekday-hour, an audience."""

    label: str
    counts: Counts
    id: UUID | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class AudienceFigures:
    id: UUID
    name: str
    size: int
    engaged_30d: int
    """Members who opened, clicked or bought within the last 30 days of the data."""


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    id: UUID
    name: str
    channel: str
    status: str
    subject: str | None
    sent_on: date | None
    counts: Counts
    content: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """Totals of the workspace. `until` is the newest day with events: all periods end there."""

    contacts: int
    reachable: dict[str, int]
    """Contacts that consented and are reachable, by channel (`email`, `sms`)."""
    campaigns: dict[str, int]
    """Campaigns by status."""
    since: date | None
    until: date | None
    simulated: bool
    """True when some of the events are simulated, as in the demo; shown wherever figures are shown."""


class Figures(Protocol):
    """Read-only aggregates; never a contact's personal data."""

    async def overview(self, tx: Transaction, actor: Actor) -> Overview: ...

    async def totals(self, tx: Transaction, actor: Actor, *, days: int, until: date | None) -> Counts: ...

    async def by_day(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None, channel: str | None = None
    ) -> list[Slice]: ...

    async def by_channel(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None
    ) -> list[Slice]: ...

    async def by_weekday_hour(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None, channel: str | None = None
    ) -> list[Slice]:
        """Labels are `"<weekday 0=Monday>-<hour 0..23>"` in the customer's zone."""
        ...

    async def campaigns(
        self, tx: Transaction, actor: Actor, *, status: str | None = None, limit: int = 50
    ) -> list[CampaignFigures]: ...

    async def campaign(self, tx: Transaction, actor: Actor, campaign_id: UUID) -> CampaignFigures:
        """One campaign that the actor may see, with its content; else NotFound."""
        ...

    async def audiences(self, tx: Transaction, actor: Actor, *, limit: int = 20) -> list[AudienceFigures]: ...

    async def merge_fields(self, tx: Transaction, actor: Actor) -> list[str]:
        """The contact fields that a merge tag may name, e.g. `first_name`."""
        ...

    async def links(self, tx: Transaction, actor: Actor) -> list[str]:
        """Host names that the customer's own content links to: the links that somebody gave."""
        ...


class Drafts(Protocol):
    """Putting an answer to work, and taking it back. All of it joins the caller's transaction."""

    async def apply(
        self, tx: Transaction, actor: Actor, draft: Draft, key: UUID, campaign_id: UUID | None = None
    ) -> tuple[Target, Effect]:
        """Make the draft real. The same `key` (the suggestion's id) again gives the same target.

        With `campaign_id`, the content of that draft campaign is replaced instead; NotFound where the
        actor may not see it, Forbidden where not change it, Conflict where it is no draft any more.
        """
        ...

    async def undo(self, tx: Transaction, actor: Actor, effect: Effect) -> None:
        """Remove what `apply` made or restore what it changed; Conflict where it changed since."""
        ...

    async def may_apply(self, tx: Transaction, actor: Actor) -> bool: ...


class Host(Protocol):
    """The campaign application, as a whole."""

    figures: Figures
    drafts: Drafts

    def url(self, target: Target) -> str:
        """Where a person sees the target."""
        ...
