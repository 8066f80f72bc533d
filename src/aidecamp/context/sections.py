"""What each context type is told, the dearest first; every figure comes from the host's port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta

from aidecamp.actor import Actor
from aidecamp.context import words
from aidecamp.context.budget import Section
from aidecamp.db.transaction import Transaction
from aidecamp.host.port import AudienceFigures, CampaignFigures, Counts, Host, Overview, Slice

PERIOD_DAYS = 28
WEEKS = 8
DAYS = 14
BEST, WORST, HOURS = 2, 1, 3
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

LEAST_FOR_RANK = 100
"""Campaigns with fewer recipients are luck as much as merit, so they are not called best or worst."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a section may use: the asking user's own transaction and the host's port."""

    tx: Transaction
    actor: Actor
    host: Host
    overview: Overview
    daily: dict[str, list[Slice]]
    """The last weeks by day, of each channel that sent something worth telling."""
    campaign: CampaignFigures | None = None
    audience: AudienceFigures | None = None

    @property
    def until(self) -> date | None:
        return self.overview.until


Teller = Callable[[Ask], Awaitable[Section]]


async def gather(ask: Ask, context_type: str) -> list[Section]:
    """The sections of a context type in their order; empty ones are left out."""
    found = [await tell(ask) for tell in (_focus, *ORDER[context_type])]
    return [section for section in found if section.rows]


async def daily(tx: Transaction, actor: Actor, host: Host, until: date | None) -> dict[str, list[Slice]]:
    """What several sections are made of, fetched once."""
    days = 7 * WEEKS
    found = await host.figures.by_channel(tx, actor, days=days, until=until)
    return {
        channel.label: await host.figures.by_day(tx, actor, days=days, until=until, channel=channel.label)
        for channel in found
        if words.is_told(channel.counts)
    }


def head(overview: Overview) -> Section:
    """Who could be reached, and how fresh the figures are: always told."""
    if overview.until is None:
        return Section("overview", f"{_audience_of(overview)} Nothing was sent yet.", ())
    origin = " Part of the events is simulated." if overview.simulated else ""
    return Section("overview", f"{_audience_of(overview)} Figures up to {overview.until}.{origin}", ())


def _audience_of(overview: Overview) -> str:
    reach = ", ".join(f"{channel} {words.people(n)}" for channel, n in sorted(overview.reachable.items()))
    return f"{words.people(overview.contacts)} contacts" + (f"; reachable by {reach}." if reach else ".")


async def _focus(ask: Ask) -> Section:
    if ask.campaign is not None:
        return _about_campaign(ask.campaign)
    if ask.audience is not None:
        return Section("focus", "Asked about this audience:", (_audience(ask.audience),))
    return Section("focus", "", ())


def _about_campaign(campaign: CampaignFigures) -> Section:
    rows = [f"{words.name(campaign.name)}, {campaign.channel}, {campaign.status}"]
    if words.is_told(campaign.counts):
        rows.append(words.results(campaign.counts))
    for field, value in campaign.content.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if value:
            rows.append(f"{field}:\n{words.passage(shown, 1500)}")
    return Section("focus", "Asked about this campaign:", tuple(rows))


async def _totals(ask: Ask) -> Section:
    now = await ask.host.figures.by_channel(ask.tx, ask.actor, days=PERIOD_DAYS, until=ask.until)
    earlier = ask.until - timedelta(days=PERIOD_DAYS) if ask.until else None
    before = await ask.host.figures.by_channel(ask.tx, ask.actor, days=PERIOD_DAYS, until=earlier)
    past = {slice_.label: slice_.counts for slice_ in before} if earlier else {}
    rows = [
        f"{s.label}: {words.results(s.counts)}{_before(past.get(s.label))}"
        for s in now
        if words.is_told(s.counts)
    ]
    return Section("totals", f"Last {PERIOD_DAYS} days by channel (the {PERIOD_DAYS} before):", tuple(rows))


def _before(counts: Counts | None) -> str:
    return f" ({words.results(counts)})" if counts is not None and words.is_told(counts) else ""


async def _weeks(ask: Ask) -> Section:
    rows: dict[str, list[str]] = {}
    for channel, days in ask.daily.items():
        for start, counts in _by_week(days, ask.until):
            if words.is_told(counts):
                rows.setdefault(start, []).append(f"{channel} {words.results(counts)}")
    newest_first = sorted(rows, reverse=True)
    told = tuple(f"{start}: {'; '.join(rows[start])}" for start in newest_first)
    return Section("weeks", "By week from, newest first:", told)


async def _days(ask: Ask) -> Section:
    rows: dict[str, list[str]] = {}
    for channel, days in ask.daily.items():
        for day in days:
            if words.is_told(day.counts) and _back(day, ask.until) < DAYS:
                rows.setdefault(day.label, []).append(f"{channel} {words.results(day.counts)}")
    told = tuple(f"{_weekday(day)} {day}: {'; '.join(rows[day])}" for day in sorted(rows, reverse=True))
    return Section("days", "By day, newest first:", told)


def _by_week(days: list[Slice], until: date | None) -> list[tuple[str, Counts]]:
    """Weeks of seven days that end with the newest one, so that no week is short."""
    weeks: dict[str, list[Counts]] = {}
    for day in days:
        start = (until or date.max) - timedelta(days=7 * (_back(day, until) // 7) + 6)
        weeks.setdefault(start.isoformat(), []).append(day.counts)
    return [(start, words.total(counts)) for start, counts in weeks.items()]


def _back(day: Slice, until: date | None) -> int:
    return ((until or date.max) - date.fromisoformat(day.label)).days


def _weekday(day: str) -> str:
    return WEEKDAYS[date.fromisoformat(day).weekday()]


async def _campaigns(ask: Ask) -> Section:
    sent = await ask.host.figures.campaigns(ask.tx, ask.actor, status="sent", limit=100)
    ranked = sorted((c for c in sent if c.counts.sent >= LEAST_FOR_RANK), key=_clicks, reverse=True)
    rows: list[str] = []
    for channel in dict.fromkeys(c.channel for c in ranked):
        of_channel = [c for c in ranked if c.channel == channel]
        worst = of_channel[BEST:][-WORST:]
        rows += [f"best {_campaign(c)}" for c in of_channel[:BEST]]
        rows += [f"worst {_campaign(c)}" for c in reversed(worst)]
    return Section("campaigns", "Campaigns of each channel by click rate:", tuple(rows))


def _clicks(campaign: CampaignFigures) -> float:
    return campaign.counts.clicked / (campaign.counts.delivered or campaign.counts.sent)


def _campaign(campaign: CampaignFigures) -> str:
    subject = f", subject {words.name(campaign.subject)}" if campaign.subject else ""
    sent_on = f", {campaign.sent_on}" if campaign.sent_on else ""
    return (
        f"{campaign.channel}: {words.name(campaign.name)}{sent_on}{subject}: {words.results(campaign.counts)}"
    )


async def _audiences(ask: Ask) -> Section:
    found = await ask.host.figures.audiences(ask.tx, ask.actor, limit=20)
    rows = [_audience(each) for each in sorted(found, key=lambda each: -each.size)]
    return Section("audiences", "Audiences (people; active in the last 30 days):", tuple(rows))


def _audience(audience: AudienceFigures) -> str:
    if audience.size < words.LEAST_GROUP:
        return f"{words.name(audience.name)} {words.people(audience.size)}"
    active = words.rate(audience.engaged_30d, audience.size)
    return f"{words.name(audience.name)} {words.count(audience.size)}; {active}"


async def _hours(ask: Ask) -> Section:
    rows = []
    for channel in ask.daily:
        found = await ask.host.figures.by_weekday_hour(
            ask.tx, ask.actor, days=7 * WEEKS, until=ask.until, channel=channel
        )
        clicks = sum(slot.counts.clicked for slot in found)
        enough = [slot for slot in found if slot.counts.clicked >= words.LEAST_GROUP]
        best = sorted(enough, key=lambda slot: slot.counts.clicked, reverse=True)[:HOURS]
        told = ", ".join(f"{_slot(s.label)} {words.rate(s.counts.clicked, clicks)}" for s in best)
        rows += [f"{channel}: {told}"] if best else []
    return Section("hours", "When clicks came, share of all clicks:", tuple(rows))


def _slot(label: str) -> str:
    weekday, _, hour = label.partition("-")
    return f"{WEEKDAYS[int(weekday)]} {int(hour):02}:00"


async def _material(ask: Ask) -> Section:
    fields = await ask.host.figures.merge_fields(ask.tx, ask.actor)
    links = await ask.host.figures.links(ask.tx, ask.actor)
    rows = [f"Merge tags: {', '.join(fields[:20])}"] if fields else []
    rows += [f"Own sites: {', '.join(links[:5])}"] if links else []
    return Section("material", "For writing:", tuple(rows))


ORDER: dict[str, tuple[Teller, ...]] = {
    "campaign": (_material, _audiences, _campaigns, _totals, _hours),
    "content": (_material, _campaigns, _audiences, _totals),
    "analytics": (_totals, _weeks, _campaigns, _audiences, _hours, _days),
    "strategy": (_totals, _audiences, _campaigns, _hours, _weeks, _material),
}
