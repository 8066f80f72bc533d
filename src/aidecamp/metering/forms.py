"""What the page of limits sends: an empty field means unlimited."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from aidecamp.actor import Role
from aidecamp.metering.limits import Change
from aidecamp.metering.store.limits import Cap, PersonLimit, RoleLimit
from aidecamp.metering.wire import LARGEST_LIMIT, Closed, Reason


def _blank_is_none(value: object) -> object:
    if not isinstance(value, str):
        return value
    digits = value.strip().replace(",", "").replace(" ", "")
    return digits or None


Amount = Annotated[int | None, BeforeValidator(_blank_is_none), Field(ge=0, le=LARGEST_LIMIT)]
Day = Annotated[date | None, BeforeValidator(_blank_is_none)]


class Filled(Closed):
    csrf_token: str = Field("", max_length=200)


class TeamForm(Filled):
    """The owner's fields are absent where an admin, who may not change them, sends the form."""

    user_daily: Amount = None
    user_monthly: Amount = None
    support_daily: Amount = None
    support_monthly: Amount = None
    manager_daily: Amount = None
    manager_monthly: Amount = None
    admin_daily: Amount = None
    admin_monthly: Amount = None
    owner_daily: Amount = None
    owner_monthly: Amount = None
    customer_daily: Amount = None
    customer_monthly: Amount = None

    def change(self) -> Change:
        cap = Cap(self.customer_daily, self.customer_monthly)
        return Change(
            roles=[
                RoleLimit(role.value, getattr(self, f"{role}_daily"), getattr(self, f"{role}_monthly"))
                for role in Role
                if f"{role}_daily" in self.model_fields_set
            ],
            customer=None if cap == Cap(None, None) else cap,
            sets_customer=True,
        )


class PersonForm(Filled):
    user_id: UUID
    daily: Amount = None
    monthly: Amount = None
    reason: Reason = ""
    until: Day = None

    def limit(self, zone: str) -> PersonLimit:
        """`until` is the last local day on which the grant holds."""
        end = None
        if self.until is not None:
            end = datetime.combine(self.until + timedelta(days=1), time(), ZoneInfo(zone))
        return PersonLimit(self.user_id, self.daily, self.monthly, self.reason, end)
