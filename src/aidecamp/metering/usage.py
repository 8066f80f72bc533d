"""How much was used in a span of days: totals, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Invalid
from aidecamp.identity.rights import Right, demand
from aidecamp.metering import store
from aidecamp.metering.store.usage import Alert, ByModel, ByProvider, Day, TopUser, Total

Period = Literal["month", "day"]
Scope = Literal["me", "customer"]
LONGEST = 400
YEARS = range(2000, 2101)


class NotASpan(Invalid):
    title = "These days are no period"


@dataclass(frozen=True, slots=True)
class Span:
    """Local days, both included. `whole` names the window that it exactly is, if it is one."""

    first: date
    last: date
    whole: Period | None


@dataclass(frozen=True, slots=True)
class Report:
    """`limit` is None where nothing limits or the span is no window; costs are None where unknown."""

    span: Span
    today: date
    total: Total
    limit: int | None
    daily: list[Day]
    by_provider: list[ByProvider]
    by_model: list[ByModel]
    top_users: list[TopUser]
    alerts: list[Alert]

    @property
    def percent(self) -> float | None:
        if self.limit is None:
            return None
        if self.limit == 0:
            return 100.0 if self.total.tokens else 0.0
        return round(100 * self.total.tokens / self.limit, 1)

    @property
    def cost(self) -> Decimal | None:
        return known_cost(self.total.cost, self.total.tokens)

    @property
    def unpriced_share(self) -> float:
        return round(self.total.unpriced_tokens / self.total.tokens, 4) if self.total.tokens else 0.0


def known_cost(cost: Decimal | None, tokens: int) -> Decimal | None:
    """Nothing used costs nothing; something used without any price is unknown, not free."""
    return Decimal(0) if cost is None and tokens == 0 else cost


async def report(
    tx: Transaction,
    actor: Actor,
    *,
    period: Period = "month",
    first: date | None = None,
    last: date | None = None,
    scope: Scope = "me",
) -> Report:
    """Everybody's usage is for manager and up; one's own is everyone's."""
    if scope == "customer":
        demand(actor, Right.CUSTOMER_USAGE)
    today = await store.usage.today(tx)
    span = span_of(period, first, last, today)
    person = actor.person if scope == "me" else None
    return Report(
        span=span,
        today=today,
        total=await store.usage.total(tx, person, span.first, span.last),
        limit=await _limit(tx, actor, person, span.whole),
        daily=await store.usage.by_day(tx, person, span.first, span.last),
        by_provider=await store.usage.by_provider(tx, person, span.first, span.last),
        by_model=await store.usage.by_model(tx, person, span.first, span.last),
        top_users=await store.usage.top_users(tx, span.first, span.last) if person is None else [],
        alerts=await store.usage.alerts(tx, actor.person, today) if person else [],
    )


def span_of(period: Period, first: date | None, last: date | None, today: date) -> Span:
    """`from` and `to` win over the period; one of them alone is completed by it."""
    for name, day in (("from", first), ("to", last)):
        if day is not None and day.year not in YEARS:
            raise NotASpan("There is no usage in that year.", errors=[_wrong(name, "is out of range")])
    if first is None and last is None:
        first = today if period == "day" else today.replace(day=1)
        last = today if period == "day" else _month_end(first)
    elif first is None:
        assert last is not None
        first = last if period == "day" else last.replace(day=1)
    elif last is None:
        last = max(first, today)
    if last < first:
        raise NotASpan("The period ends before it begins.", errors=[_wrong("to", "is before `from`")])
    if (last - first).days >= LONGEST:
        raise NotASpan(
            f"At most {LONGEST} days can be shown at once.", errors=[_wrong("from", "is too long ago")]
        )
    return Span(first, last, _whole(first, last))


def _whole(first: date, last: date) -> Period | None:
    if first == last:
        return "day"
    return "month" if first.day == 1 and last == _month_end(first) else None


def _month_end(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _wrong(field: str, message: str) -> dict[str, str]:
    return {"field": field, "message": message}


async def _limit(tx: Transaction, actor: Actor, person: UUID | None, whole: Period | None) -> int | None:
    if whole is None:
        return None
    if person is None:
        cap = await store.limits.cap(tx)
        return None if cap is None else (cap.daily if whole == "day" else cap.monthly)
    standing = await store.quota.of(tx, actor.customer_id, person)
    return None if standing is None else (standing.daily if whole == "day" else standing.monthly)
