"""A text message; applied, a draft SMS campaign."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from aidecamp.content import links, sms
from aidecamp.content.checks import Check, Facts, empty
from aidecamp.host.drafts import CampaignDraft
from aidecamp.suggestions.kinds.kind import Content, Example, Field, Kind, closed, line, sentences, text
from aidecamp.suggestions.shapes import content_of, convert


class SmsContent(msgspec.Struct, frozen=True):
    message: Annotated[str, msgspec.Meta(max_length=10_000)]
    audience: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    send_time: Annotated[str, msgspec.Meta(max_length=100)] | None = None


def read(content: Any) -> dict[str, Any]:
    return content_of(convert(content, SmsContent, "content"))


def checks(content: Content, facts: Facts) -> list[Check]:
    message = content["message"]
    return [
        *empty("message", message, "message"),
        *sms.check("message", message, facts),
        *links.check("message", message, facts),
    ]


def draft(title: str, content: Content) -> CampaignDraft:
    fields = {"message": content["message"]}
    return CampaignDraft("sms", title, fields, content.get("audience"), content.get("send_time"))


SLOT = {
    "type": "string",
    "pattern": "^(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday) (9|10|11|12) am$|"
    "^(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday) [1-6] pm$",
}

KIND = Kind(
    name="sms_content",
    label="SMS campaign",
    purpose="Propose a text message.",
    schema=closed(
        {
            "message": text("≤ 160 plain characters, ends with an opt-out such as Reply STOP to opt out"),
            "audience": text(),
            "send_time": text(),
        },
        optional=("audience", "send_time"),
    ),
    lean=closed({"message": sentences(1, 2), "audience": line(6, 24), "send_time": SLOT}),
    read=read,
    checks=checks,
    draft=draft,
    card="suggestions/_sms.html",
    fields=(
        Field("message", "Message", "text"),
        Field("audience", "Audience"),
        Field("send_time", "Send time"),
    ),
    example=Example(
        question="Write a text message about the summer sale.",
        reply="Here is a short text for the summer sale.",
        title="Summer sale text",
        content={
            "message": "Our summer sale is on today. Save on your favourites in store and online.",
            "audience": "Active Buyers",
            "send_time": "Tuesday 2 pm",
        },
        reasoning="Your texts get the most clicks on Tuesdays.",
    ),
    channel="sms",
)
