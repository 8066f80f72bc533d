"""Fills an empty installation: a record shop with real purchases, a small neighbour, and people."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from aidecamp.actor import Actor, Role
from aidecamp.db.pool import Database
from aidecamp.demo import cdnow, simulation
from aidecamp.demo.cdnow import Purchase
from aidecamp.demo.people import Invented, invent
from aidecamp.identity import users
from aidecamp.identity.store import users as known
from aidecamp.workspace import seed as workspace
from aidecamp.workspace.seed import CampaignSeed, ContactSeed, EventSeed

NOTE = "demo.json"
SHOP, NEIGHBOUR = "Northside Records", "Fjord Outdoor"
ZONE = str(simulation.ZONE)
PEOPLE = {
    Role.OWNER: "Olivia Owens",
    Role.ADMIN: "Adam Adler",
    Role.MANAGER: "Maria Moreau",
    Role.SUPPORT: "Sam Sommer",
    Role.USER: "Uma Usman",
    Role.VIEWER: "Vera Vogel",
}


@dataclass(frozen=True, slots=True)
class SignIn:
    email: str
    role: str
    customer: str
    customer_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """Who can sign in; everybody has the same password, made up for this installation alone."""

    password: str
    sign_ins: list[SignIn]


async def seeded(database: Database, home: Path) -> Seeded:
    """The demo's customers and people; made at the first start, found again at every other."""
    noted = read_note(home)
    if noted and await still_there(database, noted):
        return noted
    password = secrets.token_urlsafe(9)
    shop = await users.create_customer(database, SHOP, ZONE)
    neighbour = await users.create_customer(database, NEIGHBOUR, "Europe/Oslo")
    made = [
        await person(database, shop, SHOP, role, name, f"{role.value}@northside.example", password)
        for role, name in PEOPLE.items()
    ]
    made.append(
        await person(
            database, neighbour, NEIGHBOUR, Role.MANAGER, "Nils Nagy", "manager@fjord.example", password
        )
    )
    await fill_shop(database, Actor.system(shop, ZONE))
    await fill_neighbour(database, Actor.system(neighbour, "Europe/Oslo"))
    fresh = Seeded(password, made)
    write_note(home, fresh)
    return fresh


async def still_there(database: Database, noted: Seeded) -> bool:
    """The note may be older than the database, when somebody removed that."""
    first = noted.sign_ins[0]
    async with database.of(UUID(first.customer_id)) as tx:
        return await known.get(tx, UUID(first.user_id)) is not None


async def person(
    database: Database, customer: UUID, customer_name: str, role: Role, name: str, email: str, password: str
) -> SignIn:
    user = await users.create(database, Actor.system(customer), email, role, name, password)
    return SignIn(email, role.value, customer_name, str(customer), str(user.id))


async def fill_shop(database: Database, actor: Actor) -> None:
    newest = datetime.now(UTC).date() - timedelta(days=1)
    history = cdnow.purchases(newest)
    chance = random.Random(simulation.SEED)  # noqa: S311 - a repeatable simulation, no secret
    crowd = [invent(customer, chance) for customer in sorted({p.customer for p in history})]
    sent = simulation.campaigns(newest)
    async with database.customer(actor) as tx:
        await workspace.load_contacts(tx, actor, map(contact, crowd))
        for name, description, keys in audiences(history, newest):
            await workspace.load_audience(tx, actor, name, description, keys)
        await workspace.load_campaigns(tx, actor, map(campaign, sent))
        await workspace.load_events(tx, actor, events(history, crowd, sent))


async def fill_neighbour(database: Database, actor: Actor) -> None:
    """Small on purpose: it is there to show that nothing of it is ever seen next door."""
    chance = random.Random(simulation.SEED + 1)  # noqa: S311 - a repeatable simulation, no secret
    crowd = [contact(invent(number, chance)) for number in range(9001, 9041)]
    async with database.customer(actor) as tx:
        await workspace.load_contacts(tx, actor, crowd)
        await workspace.load_campaigns(tx, actor, [NEIGHBOURS_DRAFT])


NEIGHBOURS_DRAFT = CampaignSeed(
    "winter-tents",
    "Winter tents",
    "email",
    {
        "subject": "Sleep warm at minus twenty",
        "preheader": "Our winter tents are back",
        "body": "The new winter tents have arrived at Fjord Outdoor.",
        "cta_text": "See the tents",
        "cta_url": "https://fjordoutdoor.example/tents",
    },
    is_simulated=True,
)


def contact(one: Invented) -> ContactSeed:
    return ContactSeed(
        one.key,
        one.email,
        one.phone,
        one.first_name or None,
        one.last_name,
        email_consent=one.email_consent,
        sms_consent=one.sms_consent,
    )


def campaign(one: simulation.Sent) -> CampaignSeed:
    return CampaignSeed(one.key, one.name, one.channel, one.content, one.sent_at, is_simulated=True)


def events(
    history: list[Purchase], crowd: list[Invented], sent: list[simulation.Sent]
) -> Iterator[EventSeed]:
    for number, one in enumerate(simulation.happenings(history, crowd, sent)):
        yield EventSeed(
            one.contact_key, one.kind, one.at, one.campaign_key, one.channel, one.value, f"demo-{number}"
        )


def audiences(history: list[Purchase], newest: date) -> Iterator[tuple[str, str, list[str]]]:
    """Who bought lately, who has not for long, and who keeps coming back: from the real purchases."""
    last: dict[int, date] = {}
    times: dict[int, int] = {}
    for purchase in history:
        last[purchase.customer] = max(purchase.day, last.get(purchase.customer, purchase.day))
        times[purchase.customer] = times.get(purchase.customer, 0) + 1
    recent, old = newest - timedelta(days=90), newest - timedelta(days=365)
    yield "Active Buyers", "Bought in the last 90 days", keys(c for c, day in last.items() if day >= recent)
    yield "Lapsed Buyers", "No purchase for a year", keys(c for c, day in last.items() if day < old)
    yield "Regulars", "Five purchases or more", keys(c for c, count in times.items() if count >= 5)


def keys(customers: Iterator[int]) -> list[str]:
    return [simulation.key(customer) for customer in customers]


def read_note(home: Path) -> Seeded | None:
    path = home / NOTE
    if not path.exists():
        return None
    noted = json.loads(path.read_text("utf-8"))
    return Seeded(noted["password"], [SignIn(**entry) for entry in noted["sign_ins"]])


def write_note(home: Path, made: Seeded) -> None:
    path = home / NOTE
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(json.dumps(asdict(made), indent=2), "utf-8")
