"""An e-mail: subject, preheader, body and a button; applied, a draft e-mail campaign."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from aidecamp.content import email
from aidecamp.content.checks import Check, Facts
from aidecamp.host.drafts import CampaignDraft
from aidecamp.suggestions.kinds.kind import Content, Example, Field, Kind, closed, line, sentences, text
from aidecamp.suggestions.shapes import content_of, convert

CHANNEL_FIELDS = ("subject", "preheader", "body", "cta_text", "cta_url")


class EmailContent(msgspec.Struct, frozen=True):
    subject: Annotated[str, msgspec.Meta(max_length=1000)]
    preheader: Annotated[str, msgspec.Meta(max_length=1000)]
    body: Annotated[str, msgspec.Meta(max_length=100_000)]
    cta_text: Annotated[str, msgspec.Meta(max_length=200)]
    cta_url: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    audience: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    send_time: Annotated[str, msgspec.Meta(max_length=100)] | None = None


def read(content: Any) -> dict[str, Any]:
    return content_of(convert(content, EmailContent, "content"))


def checks(content: Content, facts: Facts) -> list[Check]:
    return [
        *email.check_subject(content["subject"], content["preheader"], facts),
        *email.check_preheader(content["preheader"], facts),
        *email.check_body(content["body"], facts),
        *email.check_call(content["cta_text"], content.get("cta_url"), facts),
    ]


def draft(title: str, content: Content) -> CampaignDraft:
    fields = {name: content[name] for name in CHANNEL_FIELDS if name in content}
    return CampaignDraft("email", title, fields, content.get("audience"), content.get("send_time"))


KIND = Kind(
    name="email_content",
    label="E-mail",
    purpose="Propose an e-mail.",
    schema=closed(
        {
            "subject": text("≤ 60 characters"),
            "preheader": text(),
            "body": text('plain text; merge tags like {{ first_name | default: "there" }}'),
            "cta_text": text(),
            "cta_url": text("only if given to you"),
            "audience": text(),
            "send_time": text(),
        },
        optional=("cta_url", "audience", "send_time"),
    ),
    lean=closed(
        {
            "subject": line(12, 60),
            "preheader": line(12, 70),
            "body": sentences(2, 4),
            "cta_text": line(4, 20),
        }
    ),
    read=read,
    checks=checks,
    draft=draft,
    card="suggestions/_email.html",
    fields=(
        Field("subject", "Subject"),
        Field("preheader", "Preheader", hint="What inboxes show after the subject"),
        Field("body", "Body", "text"),
        Field("cta_text", "Button"),
        Field("cta_url", "Button opens", hint="The full address, https://…"),
        Field("audience", "Audience"),
        Field("send_time", "Send time"),
    ),
    example=Example(
        question="Write an e-mail about the summer sale.",
        reply="Here is a friendly e-mail for the summer sale.",
        title="Summer sale e-mail",
        content={
            "subject": "The summer sale starts today",
            "preheader": "Save on your favourites this week",
            "body": "Summer is here, and so is our sale. This week you save on everything you love."
            " Come by or shop online, and bring a friend.",
            "cta_text": "Shop the sale",
        },
        reasoning="Short e-mails with one clear offer get the most clicks.",
    ),
    channel="email",
)
