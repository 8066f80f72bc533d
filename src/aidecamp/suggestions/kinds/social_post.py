"""A post for one platform; applied, a draft post."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from aidecamp.content import social
from aidecamp.content.checks import Check, Facts
from aidecamp.content.social import PLATFORMS
from aidecamp.host.drafts import CampaignDraft
from aidecamp.suggestions.kinds.kind import Content, Example, Field, Kind, closed, sentences, text
from aidecamp.suggestions.shapes import content_of, convert

Platform = Literal["x", "instagram", "facebook", "linkedin", "threads", "tiktok", "pinterest", "youtube"]
ALIASES = {"twitter": "x", "x (twitter)": "x", "x/twitter": "x"}


class SocialPost(msgspec.Struct, frozen=True):
    text: Annotated[str, msgspec.Meta(max_length=70_000)]
    hashtags: Annotated[list[Annotated[str, msgspec.Meta(max_length=150)]], msgspec.Meta(max_length=100)]
    platform: Platform
    send_time: Annotated[str, msgspec.Meta(max_length=100)] | None = None


def read(content: Any) -> dict[str, Any]:
    return content_of(convert(_spelt(content), SocialPost, "content"))


def checks(content: Content, facts: Facts) -> list[Check]:
    return social.check(content["text"], content["hashtags"], content["platform"], facts)


def draft(title: str, content: Content) -> CampaignDraft:
    fields = {name: content[name] for name in ("text", "hashtags", "platform")}
    return CampaignDraft("social", title, fields, None, content.get("send_time"))


def _spelt(content: Any) -> Any:
    """Platforms by their everyday names and hashtags without their mark are slips, not wrong shapes."""
    if not isinstance(content, dict):
        return content
    spelt = dict(content)
    if isinstance(platform := spelt.get("platform"), str):
        name = platform.strip().lower()
        spelt["platform"] = ALIASES.get(name, name)
    if isinstance(tags := spelt.get("hashtags"), list):
        spelt["hashtags"] = [_marked(tag) for tag in tags if tag != ""]
    return spelt


def _marked(tag: Any) -> Any:
    return f"#{tag.strip().lstrip('#')}" if isinstance(tag, str) and tag.strip() else tag


KIND = Kind(
    name="social_post",
    label="Social post",
    purpose="Propose a social media post.",
    schema=closed(
        {
            "text": text(),
            "hashtags": {"type": "array", "items": text()},
            "platform": {"enum": list(PLATFORMS)},
            "send_time": text(),
        },
        optional=("send_time",),
    ),
    lean=closed(
        {
            "text": sentences(1, 3),
            "hashtags": {
                "type": "array",
                "items": {"type": "string", "pattern": "^#[a-z]{3,16}$"},
                "minItems": 1,
                "maxItems": 3,
            },
            "platform": {"enum": ["instagram", "facebook", "linkedin", "x"]},
        }
    ),
    read=read,
    checks=checks,
    draft=draft,
    card="suggestions/_social.html",
    fields=(
        Field("text", "Text", "text"),
        Field("hashtags", "Hashtags", "words"),
        Field("platform", "Platform", "choice", choices=[(name, p.label) for name, p in PLATFORMS.items()]),
        Field("send_time", "Send time"),
    ),
    example=Example(
        question="Write a post about the summer sale.",
        reply="Here is a post for the summer sale.",
        title="Summer sale post",
        content={
            "text": "Summer is here, and so is our sale. Which favourite will you take home?",
            "hashtags": ["#summersale", "#newin"],
            "platform": "instagram",
        },
        reasoning="A question invites people to answer.",
    ),
    channel="social",
)
