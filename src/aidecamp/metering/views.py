"""The usage page's words and addresses, made from a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from aidecamp.metering.store.usage import ByProvider, Day
from aidecamp.metering.usage import Period, Report, Scope, known_cost

PROVIDERS = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "ollama": "Ollama",
    "azure_openai": "Azure OpenAI",
    "custom": "Own endpoint",
}
ZERO = (0, 0, 0, None, 0)


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    href: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what it is, its figures, its share of everything."""

    label: str
    tokens: int
    requests: int
    cost: Decimal | None
    share: float


@dataclass(frozen=True, slots=True)
class UsageView:
    title: str
    points: list[tuple[str, float]]
    today: str | None
    days: list[Row]
    models: list[Row]
    providers: list[Row]
    periods: list[Link]
    scopes: list[Link]
    earlier: Link
    later: Link | None


def usage_view(report: Report, period: Period, scope: Scope) -> UsageView:
    days = _every_day(report)
    total = report.total.tokens
    return UsageView(
        title=_span_title(report),
        points=[(_short(day.date), float(day.tokens)) for day in days],
        today=_short(report.today),
        days=[Row(_long(d.date), d.tokens, d.request_count, known_cost(d.cost, d.tokens), 0) for d in days],
        models=[_row(m.model, m.tokens, m.request_count, m.cost, total) for m in report.by_model],
        providers=_providers(report),
        periods=_periods(report, scope),
        scopes=[
            Link(label, _address(period, report, value), value == scope)
            for label, value in (("Me", "me"), ("Whole team", "customer"))
        ],
        earlier=_earlier(report, scope),
        later=_later(report, scope),
    )


def _every_day(report: Report) -> list[Day]:
    """A day without usage is a bar of no height, not a missing one; the future is not shown."""
    used = {day.date: day for day in report.daily}
    last = min(report.span.last, max(report.today, report.span.first))
    count = (last - report.span.first).days + 1
    dates = [report.span.first + timedelta(days=n) for n in range(count)]
    return [used.get(day, Day(*ZERO, date=day)) for day in dates]


def _row(label: str, tokens: int, requests: int, cost: Decimal | None, total: int) -> Row:
    return Row(label, tokens, requests, known_cost(cost, tokens), tokens / total if total else 0.0)


def _providers(report: Report) -> list[Row]:
    """By the kind of provider: each person connects their own, and their names are theirs."""
    kinds: dict[str, list[ByProvider]] = {}
    for part in report.by_provider:
        kinds.setdefault(part.provider_type or "", []).append(part)
    rows = []
    for kind, parts in kinds.items():
        costs = [part.cost for part in parts if part.cost is not None]
        rows.append(
            _row(
                PROVIDERS.get(kind, "Unnamed"),
                sum(part.tokens for part in parts),
                sum(part.request_count for part in parts),
                sum(costs, Decimal(0)) if costs else None,
                report.total.tokens,
            )
        )
    return sorted(rows, key=lambda row: -row.tokens)


def _periods(report: Report, scope: Scope) -> list[Link]:
    span, today = report.span, report.today
    month = today.replace(day=1)
    return [
        Link(
            "Today",
            f"/usage?{urlencode({'period': 'day', 'scope': scope})}",
            span.first == span.last == today,
        ),
        Link(
            "This month",
            f"/usage?{urlencode({'period': 'month', 'scope': scope})}",
            span.whole == "month" and span.first == month,
        ),
        Link(
            "Last 90 days",
            _range(today - timedelta(days=89), today, scope),
            (span.first, span.last) == (today - timedelta(days=89), today),
        ),
    ]


def _earlier(report: Report, scope: Scope) -> Link:
    last = report.span.first - timedelta(days=1)
    first = last.replace(day=1) if report.span.whole == "month" else last - _length(report)
    return Link("Earlier", _range(first, last, scope))


def _later(report: Report, scope: Scope) -> Link | None:
    first = report.span.last + timedelta(days=1)
    if first > report.today:
        return None
    last = first + _length(report)
    if report.span.whole == "month":
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return Link("Later", _range(first, last, scope))


def _length(report: Report) -> timedelta:
    return report.span.last - report.span.first


def _address(period: Period, report: Report, scope: str) -> str:
    return _range(report.span.first, report.span.last, scope, period)


def _range(first: date, last: date, scope: str, period: Period = "month") -> str:
    return f"/usage?{urlencode({'period': period, 'from': first, 'to': last, 'scope': scope})}"


def _span_title(report: Report) -> str:
    span = report.span
    if span.whole == "month":
        return f"{span.first:%B %Y}"
    if span.whole == "day":
        return "Today" if span.first == report.today else _long(span.first)
    return f"{_long(span.first)} to {_long(span.last)}"


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
