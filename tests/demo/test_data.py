"""The demo material: real purchases kept exact, simulated campaigns repeatable, planted effects findable."""

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

from aidecamp.demo import cdnow, people, simulation

NEWEST = date(2026, 11, 21)


def material():
    history = cdnow.purchases(NEWEST)
    chance = random.Random(1)
    crowd = [people.invent(customer, chance) for customer in sorted({p.customer for p in history})]
    return history, crowd, simulation.campaigns(NEWEST)


def test_purchases_are_the_known_sample():
    history = cdnow.purchases(NEWEST)
    assert len(history) == 6919
    assert len({purchase.customer for purchase in history}) == 2357
    assert sum(purchase.value for purchase in history) == Decimal("244091.94")


def test_moving_purchases_keeps_weekdays_and_ends_in_the_newest_week():
    history = cdnow.purchases(NEWEST)
    newest = max(purchase.day for purchase in history)
    assert NEWEST - timedelta(days=6) <= newest <= NEWEST
    assert newest.weekday() == date(1998, 6, 30).weekday()


def test_invented_people_can_never_be_reached():
    _, crowd, _ = material()
    assert all(person.email.endswith("@example.com") for person in crowd)
    assert all(person.phone is None or "55501" in person.phone for person in crowd)
    assert any(person.first_name == "" for person in crowd)


def test_every_week_has_an_email_inside_the_seven_days_it_belongs_to():
    days = [c.sent_at.date() for c in simulation.campaigns(NEWEST) if c.channel == "email"]
    assert len(days) == simulation.WEEKS
    assert all(
        NEWEST - timedelta(days=7 * (simulation.WEEKS - week) - 1) <= day for week, day in enumerate(days)
    )
    assert max(days) <= NEWEST


def test_the_same_seed_tells_the_same_story():
    first = list(simulation.happenings(*material()))
    assert first == list(simulation.happenings(*material()))


def test_what_was_planted_can_be_found():
    history, crowd, sent = material()
    weekday = {campaign.key: campaign.sent_at.weekday() for campaign in sent}
    seen = Counter(
        (event.channel, event.kind, weekday.get(event.campaign_key or ""))
        for event in simulation.happenings(history, crowd, sent)
    )
    tuesday = seen["sms", "clicked", 1] / seen["sms", "sent", 1]
    friday = seen["sms", "clicked", 4] / seen["sms", "sent", 4]
    assert tuesday > friday * 1.2


def test_nobody_is_written_to_after_unsubscribing():
    gone: set[tuple[str, str | None]] = set()
    for event in simulation.happenings(*material()):
        if event.kind == "sent":
            assert (event.contact_key, event.channel) not in gone
        if event.kind == "unsubscribed":
            gone.add((event.contact_key, event.channel))
