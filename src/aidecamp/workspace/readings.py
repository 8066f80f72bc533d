"""What the insights page shows: figures of a period, drawn, each with its sentence and its table."""

from __future__ import annotations

from calendar import day_name
from dataclasses import dataclass, replace
from datetime import date, timedelta

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.host.port import CampaignFigures, Counts, Figures, Overview, Slice

ENOUGH_SENT = 100
ENOUGH_REACTIONS = 50
CAMPAIGNS_READ = 200
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of delivered mail, as the field defines them; None where nothing was delivered."""

    opened: float | None
    clicked: float | None
    converted: float | None
    unsubscribed: float | None


@dataclass(frozen=True, slots=True)
class ChannelRow:
    channel: str
    counts: Counts
    rates: Rates


@dataclass(frozen=True, slots=True)
class CampaignRow:
    campaign: CampaignFigures
    rate: float


@dataclass(frozen=True, slots=True)
class Reading:
    overview: Overview
    days: int
    since: date
    until: date
    now: Counts
    before: Counts | None
    """The period of the same length before, if the data reaches back that far."""
    rates: Rates
    channels: list[ChannelRow]
    daily: list[Slice]
    reactions: list[list[float | None]]
    best_hour: str | None
    best: list[CampaignRow]
    worst: list[CampaignRow]

    def points(self, kind: str) -> list[tuple[str, float]]:
        return [(_short(day.label), float(getattr(day.counts, kind))) for day in self.daily]


def _short(iso: str) -> str:
    """2026-03-05 → 5 Mar: room is scarce under a chart."""
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%b}"


async def read(tx: Transaction, actor: Actor, figures: Figures, days: int) -> Reading | None:
    """None without any events."""
    overview = await figures.overview(tx, actor)
    if overview.until is None or overview.since is None:
        return None
    until = overview.until
    since = max(until - timedelta(days=days - 1), overview.since)
    now = await figures.totals(tx, actor, days=days, until=until)
    earlier = since - timedelta(days=1)
    whole = earlier - timedelta(days=days - 1) >= overview.since
    before = await figures.totals(tx, actor, days=days, until=earlier) if whole else None
    channels = await figures.by_channel(tx, actor, days=days, until=until)
    hours = await figures.by_weekday_hour(tx, actor, days=days, until=until)
    campaigns = await figures.campaigns(tx, actor, status="sent", limit=CAMPAIGNS_READ)
    ranked = _ranked([c for c in campaigns if c.sent_on and since <= c.sent_on <= until])
    reactions, best_hour = _reactions(hours)
    return Reading(
        overview=overview,
        days=days,
        since=since,
        until=until,
        now=now,
        before=before,
        rates=replace(rates(now), opened=opened(channels)),
        channels=[ChannelRow(each.label, each.counts, rates(each.counts)) for each in channels],
        daily=await figures.by_day(tx, actor, days=days, until=until),
        reactions=reactions,
        best_hour=best_hour,
        best=ranked[:SHOWN],
        worst=list(reversed(ranked))[: min(SHOWN, len(ranked) - SHOWN)] if len(ranked) > SHOWN else [],
    )


def rates(counts: Counts) -> Rates:
    """Of delivered messages; where deliveries are not reported, of sent ones."""
    reached = counts.delivered or counts.sent

    def share(value: int) -> float | None:
        return value / reached if reached else None

    return Rates(
        share(counts.opened), share(counts.clicked), share(counts.converted), share(counts.unsubscribed)
    )


def opened(channels: list[Slice]) -> float | None:
    """Only channels that report opens count: text messages would water the rate down."""
    telling = [each.counts for each in channels if each.counts.opened]
    reached = sum(each.delivered or each.sent for each in telling)
    return sum(each.opened for each in telling) / reached if reached else None


def change(now: float | None, before: float | None) -> float | None:
    """The relative change, or None where there is nothing to compare with."""
    return None if now is None or not before else now / before - 1


def _ranked(campaigns: list[CampaignFigures]) -> list[CampaignRow]:
    """By click rate, among those sent to enough people to say something."""
    rows = [
        CampaignRow(each, clicked)
        for each in campaigns
        if each.counts.sent >= ENOUGH_SENT and (clicked := rates(each.counts).clicked) is not None
    ]
    return sorted(rows, key=lambda row: -row.rate)


def _reactions(hours: list[Slice]) -> tuple[list[list[float | None]], str | None]:
    """Opens, clicks and conversions by weekday and hour; nothing is said below a sample of 50.

    Purchases don't count here: many shops give their day only, which would make midnight the best hour.
    """
    table: list[list[float | None]] = [[0.0] * 24 for _ in range(7)]
    peak, best = 0, None
    total = 0
    for each in hours:
        weekday, hour = map(int, each.label.split("-"))
        counts = each.counts
        value = counts.opened + counts.clicked + counts.converted
        table[weekday][hour] = float(value)
        total += value
        if value > peak:
            peak, best = value, f"{day_name[weekday]} {hour:02d}:00"
    if total < ENOUGH_REACTIONS:
        return [[None] * 24 for _ in range(7)], None
    return table, best
