"""A campaign's content as it will look and count, with what the rules find in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aidecamp.content import email, sms, social
from aidecamp.content.checks import Check, Facts
from aidecamp.workspace.models import Campaign


@dataclass(frozen=True, slots=True)
class Preview:
    """`note` counts what the channel counts: segments, characters."""

    channel: str
    content: dict[str, Any]
    note: str = ""
    is_empty: bool = False


def preview(campaign: Campaign) -> Preview:
    content = campaign.content
    if not any(content.values()):
        return Preview(campaign.channel, content, is_empty=True)
    if campaign.channel == "sms":
        count = sms.count(_text(content, "message"))
        plural = "" if count.segments == 1 else "s"
        return Preview("sms", content, f"{count.segments} segment{plural}, {count.units} characters")
    if campaign.channel == "social":
        platform = social.PLATFORMS.get(_text(content, "platform"))
        post = social.composed(_text(content, "text"), _tags(content))
        length = social.length(post, _text(content, "platform"))
        note = f"{length} of {platform.limit} characters" if platform else f"{length} characters"
        return Preview("social", content, note)
    return Preview("email", content)


def findings(campaign: Campaign, facts: Facts) -> list[Check]:
    """What the content rules say about a draft that has content."""
    content = campaign.content
    if not any(content.values()):
        return []
    if campaign.channel == "sms":
        return sms.check("message", _text(content, "message"), facts)
    if campaign.channel == "social":
        platform = _text(content, "platform")
        known = platform in social.PLATFORMS
        return social.check(_text(content, "text"), _tags(content), platform, facts) if known else []
    return [
        *email.check_subject(_text(content, "subject"), _text(content, "preheader"), facts),
        *email.check_preheader(_text(content, "preheader"), facts),
        *email.check_body(_text(content, "body"), facts),
        *email.check_call(_text(content, "cta_text"), content.get("cta_url"), facts),
    ]


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""


def _tags(content: dict[str, Any]) -> list[str]:
    tags = content.get("hashtags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
