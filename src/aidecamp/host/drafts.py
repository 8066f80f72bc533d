"""What a suggestion becomes in the campaign application: drafts, their target and the way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

Channel = Literal["email", "sms", "social"]
TargetKind = Literal["campaign", "plan", "audience"]


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A draft campaign. `content` holds the channel's fields:

    email: subject, preheader, body, cta_text, cta_url; sms: message; social: text, hashtags, platform.
    `audience` is a name as the model or the user gave it; the host links it to a saved audience of exactly
    that name, else keeps the words. `send_time` is text for a person, never a schedule by itself.
    """

    channel: Channel
    name: str
    content: dict[str, Any]
    audience: str | None = None
    send_time: str | None = None


@dataclass(frozen=True, slots=True)
class PlanStep:
    action: str
    timeline: str
    channel: str
    rationale: str


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan; each step becomes a linked, empty draft campaign of its channel."""

    name: str
    steps: tuple[PlanStep, ...]


Draft = CampaignDraft | PlanDraft


@dataclass(frozen=True, slots=True)
class Target:
    kind: TargetKind
    id: UUID


@dataclass(frozen=True, slots=True)
class Effect:
    """What `apply` did, stored with the suggestion so that `undo` works days later.

    `created` are ids made (campaigns, plan, audience) with their version; `replaced` holds what a changed
    object was before.
    """

    target: Target
    created: list[dict[str, Any]] = field(default_factory=list)
    replaced: dict[str, Any] | None = None
