"""What the workspace's pages send: all text, checked by the same shapes as the API's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aidecamp.errors import Invalid
from aidecamp.web.validation import told
from aidecamp.workspace.models import Campaign
from aidecamp.workspace.wire import CONTENT, CampaignChange

STATUSES = ("draft", "scheduled", "sent")
CHANNELS = ("email", "sms", "social")


@dataclass(frozen=True, slots=True)
class CampaignFilter:
    status: str
    channel: str


class Filled(BaseModel):
    model_config = ConfigDict(extra="forbid")

    csrf_token: str = Field(default="", max_length=200)


class NewDraft(Filled):
    name: str = Field(default="", max_length=1000)
    channel: str = Field(default="email", max_length=20)


class AudienceForm(Filled):
    name: str = Field(default="", max_length=1000)
    description: str = Field(default="", max_length=10_000)


class DraftForm(Filled):
    """The fields of every channel; only those of the draft's own count."""

    version: int | None = None
    name: str = Field(default="", max_length=1000)
    audience: str = Field(default="", max_length=1000)
    send_time: str = Field(default="", max_length=1000)
    subject: str = ""
    preheader: str = ""
    body: str = ""
    cta_text: str = ""
    cta_url: str = ""
    message: str = ""
    text: str = ""
    hashtags: str = ""
    platform: str = ""

    @classmethod
    def of(cls, campaign: Campaign) -> DraftForm:
        known: dict[str, Any] = {
            name: value
            for name, value in campaign.content.items()
            if name in cls.model_fields and isinstance(value, str)
        }
        tags = campaign.content.get("hashtags")
        return cls.model_construct(
            None,
            **known
            | {
                "hashtags": " ".join(map(str, tags)) if isinstance(tags, list) else "",
                "name": campaign.name,
                "audience": campaign.audience or "",
                "send_time": campaign.send_time or "",
                "version": campaign.version,
            },
        )

    def change(self, channel: str) -> CampaignChange:
        try:
            return CampaignChange.model_validate(
                {
                    "name": self.name,
                    "content": self.content(channel),
                    "audience": self.audience,
                    "send_time": self.send_time,
                    "version": self.version,
                }
            )
        except ValidationError as error:
            raise Invalid("Please check what you entered.", errors=told(error.errors())) from None

    def content(self, channel: str) -> dict[str, Any]:
        """Empty fields are left out, so that a draft nobody wrote yet stays empty."""
        filled: dict[str, Any] = {}
        for name in CONTENT[channel].model_fields:
            value = getattr(self, name)
            if value.strip():
                filled[name] = value.split() if name == "hashtags" else value
        return filled
