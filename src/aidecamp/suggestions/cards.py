"""A suggestion as people see it: its kind's words, its preview, its checks, what it became."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aidecamp.actor import Actor
from aidecamp.content import sms, social, tags
from aidecamp.content.checks import Check
from aidecamp.host.port import Host
from aidecamp.identity.rights import Right, may
from aidecamp.suggestions import access
from aidecamp.suggestions.kinds import Kind
from aidecamp.suggestions.models import Suggestion

ICONS = {"email": "email", "sms": "sms", "social": "social", None: "strategy"}
TONES = {"pending": "accent", "accepted": "good", "rejected": "neutral", "applied": "good"}
WORDS = {"pending": "To review", "accepted": "Accepted", "rejected": "Dismissed", "applied": "Applied"}
BECAME = {"campaign": "draft campaign", "plan": "plan", "audience": "audience"}


@dataclass(frozen=True, slots=True)
class Card:
    """What the templates `_card.html`, `_row.html` and `suggestion.html` are given, as `card`."""

    suggestion: Suggestion
    kind: Kind
    icon: str
    tone: str
    status: str
    checks: list[Check]
    meter: dict[str, Any]
    """The preview's figures: segments of a text message, the length of a post against its limit."""
    may_review: bool
    target_url: str | None
    became: str

    @property
    def errors(self) -> list[Check]:
        return [check for check in self.checks if check.level == "error"]

    @property
    def warnings(self) -> list[Check]:
        return [check for check in self.checks if check.level == "warning"]

    def named(self, field: str) -> str:
        """A field's label where the kind has one: "Button opens", not "cta_url"."""
        return next((each.label for each in self.kind.fields if each.name == field), "")

    @property
    def content(self) -> dict[str, Any]:
        return self.suggestion.content

    @property
    def summary(self) -> str:
        """One line of what is in it."""
        values = (self.content.get(field.name) for field in self.kind.fields)
        texts = [value for value in values if isinstance(value, str)] or self.kind.texts(self.content)
        line = next((text for text in (" ".join(text.split()) for text in texts) if text), "")
        return line if len(line) <= 140 else f"{line[:139]}…"


def card(suggestion: Suggestion, actor: Actor, host: Host) -> Card:
    kind, target = suggestion.kind, suggestion.target
    return Card(
        suggestion=suggestion,
        kind=kind,
        icon=ICONS[kind.channel],
        tone=TONES[suggestion.status],
        status=WORDS[suggestion.status],
        checks=suggestion.findings,
        meter=_meter(suggestion),
        may_review=access.is_own(actor, suggestion) and may(actor, Right.REVIEW_SUGGESTIONS),
        target_url=host.url(target) if target else None,
        became=BECAME[target.kind] if target else "",
    )


def _meter(suggestion: Suggestion) -> dict[str, Any]:
    content = suggestion.content
    if suggestion.kind.channel == "sms":
        counted = sms.count(tags.filled(content["message"]))
        return {
            "segments": counted.segments,
            "units": counted.units,
            "left": counted.room,
            "in": counted.encoding,
        }
    if suggestion.kind.channel == "social":
        rules = social.PLATFORMS[content["platform"]]
        post = social.composed(content["text"], content["hashtags"])
        used = social.length(post, content["platform"])
        return {"platform": rules.label, "used": used, "limit": rules.limit}
    return {}
