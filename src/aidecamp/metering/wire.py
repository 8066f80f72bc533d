"""The JSON of the room: closed shapes in, the contract's shapes out."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from aidecamp.actor import Role
from aidecamp.metering.limits import Change, Limits
from aidecamp.metering.quota import Quota
from aidecamp.metering.store.limits import Cap, PersonLimit, RoleLimit
from aidecamp.metering.store.usage import Identity, Part
from aidecamp.metering.usage import Report, known_cost
from aidecamp.web.text import CleanText

LARGEST_LIMIT = 10**15
Tokens = Annotated[int, Field(ge=0, le=LARGEST_LIMIT, strict=True)]
Reason = Annotated[CleanText, StringConstraints(max_length=500)]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class WindowOut(BaseModel):
    """`limit` and `remaining` are null when unlimited."""

    limit: int | None
    used: int
    reserved: int
    remaining: int | None
    resets_at: datetime


class QuotaOut(BaseModel):
    daily: WindowOut
    monthly: WindowOut

    @classmethod
    def of(cls, quota: Quota) -> QuotaOut:
        return cls.model_validate(quota.wire())


class MeUser(BaseModel):
    id: UUID
    email: str
    name: str
    role: Role


class MeCustomer(BaseModel):
    id: UUID
    name: str
    timezone: str


class Me(BaseModel):
    user: MeUser
    customer: MeCustomer
    quota: QuotaOut

    @classmethod
    def of(cls, who: Identity, customer_id: UUID, quota: Quota) -> Me:
        return cls(
            user=MeUser(id=who.id, email=who.email, name=who.name, role=Role(who.role)),
            customer=MeCustomer(id=customer_id, name=who.customer_name, timezone=who.timezone),
            quota=QuotaOut.of(quota),
        )


class PartOut(BaseModel):
    """`estimated_cost` is a decimal string in USD, or null where no price is known."""

    input_tokens: int
    output_tokens: int
    request_count: int
    estimated_cost: str | None


class DayOut(PartOut):
    date: date


class ProviderOut(PartOut):
    ai_provider_id: UUID | None
    provider_type: str | None


class ModelOut(PartOut):
    model: str


class TopUserOut(BaseModel):
    user_id: UUID
    email: str | None
    tokens: int


class UsageOut(BaseModel):
    total_tokens: int
    limit: int | None
    percent: float | None
    estimated_cost: str | None
    currency: str = "USD"
    unpriced_share: float
    daily: list[DayOut]
    by_provider: list[ProviderOut]
    by_model: list[ModelOut]
    top_users: list[TopUserOut]

    @classmethod
    def of(cls, report: Report) -> UsageOut:
        return cls(
            total_tokens=report.total.tokens,
            limit=report.limit,
            percent=report.percent,
            estimated_cost=money(report.cost),
            unpriced_share=report.unpriced_share,
            daily=[DayOut(date=day.date, **_part(day)) for day in report.daily],
            by_provider=[
                ProviderOut(ai_provider_id=p.ai_provider_id, provider_type=p.provider_type, **_part(p))
                for p in report.by_provider
            ],
            by_model=[ModelOut(model=m.model, **_part(m)) for m in report.by_model],
            top_users=[
                TopUserOut(user_id=u.user_id, email=u.email, tokens=u.tokens) for u in report.top_users
            ],
        )


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount.normalize() if amount else Decimal(0), "f")


def _part(part: Part) -> dict[str, Any]:
    return {
        "input_tokens": part.input_tokens,
        "output_tokens": part.output_tokens,
        "request_count": part.request_count,
        "estimated_cost": money(known_cost(part.cost, part.tokens)),
    }


class Allowance(Closed):
    """Tokens a day and a month; null = unlimited."""

    daily: Tokens | None
    monthly: Tokens | None


class PersonAllowance(Allowance):
    user_id: UUID
    reason: Reason = ""
    expires_at: AwareDatetime | None = None


class LimitsIn(Closed):
    """What is absent stays as it is; `users` is the whole list; `"customer": null` removes the cap."""

    roles: dict[Role, Allowance] = {}
    customer: Allowance | None = None
    users: Annotated[list[PersonAllowance], Field(max_length=5000)] | None = None

    def change(self) -> Change:
        people = None
        if self.users is not None:
            people = [PersonLimit(u.user_id, u.daily, u.monthly, u.reason, u.expires_at) for u in self.users]
        return Change(
            roles=[RoleLimit(role.value, a.daily, a.monthly) for role, a in self.roles.items()],
            users=people,
            customer=Cap(self.customer.daily, self.customer.monthly) if self.customer else None,
            sets_customer="customer" in self.model_fields_set,
        )


class LimitsOut(BaseModel):
    roles: dict[Role, Allowance]
    customer: Allowance | None
    users: list[PersonAllowance]

    @classmethod
    def of(cls, limits: Limits) -> LimitsOut:
        cap = limits.customer
        return cls(
            roles={role: Allowance(daily=r.daily, monthly=r.monthly) for role, r in limits.roles.items()},
            customer=Allowance(daily=cap.daily, monthly=cap.monthly) if cap else None,
            users=[
                PersonAllowance(
                    user_id=u.user_id,
                    daily=u.daily,
                    monthly=u.monthly,
                    reason=u.reason,
                    expires_at=u.expires_at,
                )
                for u in limits.users
            ],
        )
