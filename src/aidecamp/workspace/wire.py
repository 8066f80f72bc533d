"""The workspace as the API takes and shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from aidecamp.web.text import CleanName, CleanText
from aidecamp.workspace.models import Audience, Campaign, Contact, Import, ImportKind, Status

Channel = Literal["email", "sms", "social"]
Platform = Literal["x", "instagram", "facebook", "linkedin", "threads", "tiktok", "pinterest", "youtube"]
Name = Annotated[CleanName, Field(min_length=1, max_length=200)]
Words = Annotated[CleanName, Field(max_length=200)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class EmailContent(Strict):
    subject: CleanName = Field("", max_length=500)
    preheader: CleanName = Field("", max_length=500)
    body: CleanText = Field("", max_length=100_000)
    cta_text: CleanName = Field("", max_length=200)
    cta_url: CleanName | None = Field(None, max_length=2000)


class SmsContent(Strict):
    message: CleanText = Field("", max_length=2000)


class SocialContent(Strict):
    text: CleanText = Field("", max_length=63_206)
    hashtags: list[Annotated[CleanName, Field(min_length=1, max_length=140)]] = Field([], max_length=60)
    platform: Platform | None = None


CONTENT: dict[str, type[Strict]] = {"email": EmailContent, "sms": SmsContent, "social": SocialContent}


class NewCampaign(Strict):
    """A draft. `audience` is a saved audience's name or free words; `send_time` is words for people."""

    name: Name
    channel: Channel
    content: dict[str, Any] = Field(default_factory=dict, description="The channel's fields, see CampaignOut")
    audience: Words | None = None
    send_time: Words | None = None


class CampaignChange(Strict):
    """What is left out stays. `version`, where given, must be the one that was read, else 409."""

    name: Name | None = None
    content: dict[str, Any] | None = None
    audience: Words | None = None
    send_time: Words | None = None
    version: int | None = None


class CampaignOut(BaseModel):
    """`content` by channel: email `{subject, preheader, body, cta_text, cta_url}`, sms `{message}`, social
    `{text, hashtags, platform}`. `suggestion_id` names the suggestion that the content came from."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    channel: Channel
    status: Status
    content: dict[str, Any]
    audience_id: UUID | None
    audience: str | None
    send_time: str | None
    sent_at: datetime | None
    created_by: UUID | None
    plan_id: UUID | None
    plan_step: int | None
    suggestion_id: UUID | None
    is_simulated: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, campaign: Campaign) -> CampaignOut:
        return cls.model_validate(campaign)


class NewAudience(Strict):
    name: Name
    description: CleanText = Field("", max_length=2000)
    contact_ids: list[Annotated[UUID, Field(strict=False)]] = Field([], max_length=10_000)


class AudienceChange(Strict):
    name: Name | None = None
    description: CleanText | None = Field(None, max_length=2000)


class AudienceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    rules: dict[str, Any] | None
    size: int
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, audience: Audience) -> AudienceOut:
        return cls.model_validate(audience)


class ContactOut(BaseModel):
    """Consent `null` = never asked."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    key: str | None
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    attributes: dict[str, Any] | None
    email_consent: bool | None
    sms_consent: bool | None
    last_engaged_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, contact: Contact) -> ContactOut:
        return cls.model_validate(contact)


class ImportOut(BaseModel):
    """A job; `read` = `created` + `updated` + `unchanged` + `rejected` once it is done."""

    id: UUID
    kind: ImportKind
    file_name: str
    status: Literal["queued", "running", "done", "failed"]
    progress: float = Field(ge=0, le=1)
    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    rejected_url: str | None
    notes: list[str]
    error: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Import) -> ImportOut:
        fields = {name: getattr(job, name) for name in cls.model_fields if name != "rejected_url"}
        url = f"/api/v1/imports/{job.id}/rejected" if job.rejected_id else None
        return cls(**fields, rejected_url=url)
