"""The simulated part of the demo: campaigns over the real customers, seeded and labelled as simulated.

Who opens, clicks and unsubscribes follows recency and frequency of the real purchases. Planted on purpose:
e-mail opens rise by about 15 % in the newest week, and SMS works best on Tuesdays.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aidecamp.demo.cdnow import Purchase
from aidecamp.demo.people import Invented

ZONE = ZoneInfo("America/New_York")
SEED = 20260101
WEEKS = 12
NEWEST_WEEK_LIFT = 1.15
TUESDAY_LIFT = 1.6


@dataclass(frozen=True, slots=True)
class Sent:
    """One simulated campaign. `key` names it for its events; `content` is shaped as in docs/api.md."""

    key: str
    channel: str
    name: str
    sent_at: datetime
    content: dict[str, object]
    reach: float
    appeal: float


@dataclass(frozen=True, slots=True)
class Happening:
    contact_key: str
    campaign_key: str | None
    channel: str | None
    kind: str
    at: datetime
    value: float | None = None


EMAILS = (
    ("New arrivals this week", "Fresh in the racks: {week}", 1.00),
    ("Staff picks", "Five records we can't stop playing", 1.10),
    ("Weekend listening", "Your weekend soundtrack is here", 0.95),
    ("Back in stock", "They're back, but not for long", 1.25),
    ("Jazz month", "Blue notes, warm evenings", 0.85),
    ("Members' evening", "You're on the list, {{first_name | default: \"friend\"}}", 1.15),
)  # fmt: skip
TEXTS = (
    ("Flash sale", "Today only: 20% off all vinyl at northsiderecords.example/sale", 1.1),
    ("In-store signing", "Signing at Northside, Sat 2 pm. Save a spot: northsiderecords.example/live", 0.8),
)  # fmt: skip
BODY = """Hello {{first_name | default: "there"}},

here is what came in this week, picked by the people behind the counter.

Your Northside team"""
POSTS = (
    ("Crate of the week", "What's in the crate this week? Swipe and tell us your favourite.", "instagram"),
)


def campaigns(newest: date) -> list[Sent]:
    """Weekly e-mails, a text every week on changing weekdays, a post every second week.

    Weeks are the seven days that end with `newest`, so that "the last 7 days" always hold a campaign.
    """
    planned: list[Sent] = []
    for week in range(WEEKS):
        start = newest - timedelta(days=7 * (WEEKS - week) - 1)
        planned.append(email(week, start))
        planned.append(text(week, start))
        if week % 2 == 0:
            planned.append(post(week, start))
    return planned


def email(week: int, start: date) -> Sent:
    name, subject, appeal = EMAILS[week % len(EMAILS)]
    label = f"{on(start, 3):%d %B}"
    content: dict[str, object] = {
        "subject": subject.replace("{week}", label),
        "preheader": "Hand-picked by the Northside team",
        "body": BODY,
        "cta_text": "Browse the racks",
        "cta_url": "https://northsiderecords.example/new",
    }
    lift = NEWEST_WEEK_LIFT if week == WEEKS - 1 else 1.0
    return Sent(f"email-{week}", "email", f"{name}, {label}", at(start, 3, 10), content, 1.0, appeal * lift)


def text(week: int, start: date) -> Sent:
    name, message, appeal = TEXTS[week % len(TEXTS)]
    weekday = (1, 4, 1, 2, 5)[week % 5]
    lift = TUESDAY_LIFT if weekday == 1 else 1.0
    label = f"{on(start, weekday):%d %B}"
    content: dict[str, object] = {"message": f"{message} Reply STOP to opt out"}
    return Sent(f"sms-{week}", "sms", f"{name}, {label}", at(start, weekday, 14), content, 0.8, appeal * lift)


def post(week: int, start: date) -> Sent:
    name, words, platform = POSTS[0]
    content: dict[str, object] = {"text": words, "hashtags": ["#vinyl", "#newin"], "platform": platform}
    return Sent(f"social-{week}", "social", f"{name}, week {week + 1}", at(start, 5, 11), content, 0.0, 1.0)


def at(start: date, weekday: int, hour: int) -> datetime:
    return datetime.combine(on(start, weekday), time(hour), ZONE)


def on(start: date, weekday: int) -> date:
    return start + timedelta(days=(weekday - start.weekday()) % 7)


def happenings(history: list[Purchase], people: list[Invented], sent: list[Sent]) -> Iterator[Happening]:
    """Every event of the demo: the real purchases, then what each simulated campaign met."""
    chance = random.Random(SEED)  # noqa: S311 - a repeatable simulation, no secret
    for purchase in history:
        hour = time(chance.choice((9, 11, 12, 13, 17, 19, 20, 21)), chance.randrange(60))
        moment = datetime.combine(purchase.day, hour, ZONE)
        yield Happening(key(purchase.customer), None, None, "purchased", moment, float(purchase.value))
    warmth = engagement(history)
    gone: set[tuple[str, str]] = set()
    for campaign in sent:
        for person in people:
            consents = person.email_consent if campaign.channel == "email" else person.sms_consent
            if not consents or (person.key, campaign.channel) in gone or chance.random() > campaign.reach:
                continue
            events = list(reactions(person, campaign, warmth.get(person.key, 0.1), chance))
            if events[-1].kind in ("unsubscribed", "bounced"):
                gone.add((person.key, campaign.channel))
            yield from events


def reactions(person: Invented, campaign: Sent, warmth: float, chance: random.Random) -> Iterator[Happening]:
    def happened(kind: str, minutes: float) -> Happening:
        moment = campaign.sent_at + timedelta(minutes=minutes)
        return Happening(person.key, campaign.key, campaign.channel, kind, moment)

    yield happened("sent", 0)
    if chance.random() < 0.012:
        yield happened("bounced", 1)
        return
    yield happened("delivered", 1)
    delay = chance.expovariate(1 / 180)
    opens, clicks = (0.45, 0.22) if campaign.channel == "email" else (0.0, 0.16)
    opened = campaign.channel == "sms" or chance.random() < min(0.95, opens * warmth * campaign.appeal)
    if opened and campaign.channel == "email":
        yield happened("opened", 2 + delay)
    if opened and chance.random() < min(0.9, clicks * warmth * campaign.appeal):
        yield happened("clicked", 3 + delay * 1.2)
        if chance.random() < 0.12:
            yield happened("converted", 10 + delay * 1.5)
    elif chance.random() < 0.0015:
        yield happened("unsubscribed", 5 + delay)


def engagement(history: list[Purchase]) -> dict[str, float]:
    """0.3 for one old purchase up to about 1.6 for frequent recent buyers."""
    newest = max(purchase.day for purchase in history)
    warmth: dict[str, float] = {}
    for purchase in history:
        recency = math.exp(-(newest - purchase.day).days / 200)
        warmth[key(purchase.customer)] = warmth.get(key(purchase.customer), 0.3) + 0.25 * recency
    return {person: min(1.6, value) for person, value in warmth.items()}


def key(customer: int) -> str:
    return f"cdnow-{customer:04d}"
