"""Invented names and addresses for real purchase histories: seeded, at example.com only."""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib.resources import files


def names(which: str) -> list[str]:
    return files("aidecamp.demo").joinpath(f"data/{which}_names.txt").read_text("utf-8").split()


FIRST, LAST = names("first"), names("last")


@dataclass(frozen=True, slots=True)
class Invented:
    key: str
    email: str
    phone: str | None
    first_name: str
    last_name: str
    email_consent: bool
    sms_consent: bool


def invent(customer: int, random_: random.Random) -> Invented:
    """One in forty has no first name, as in every real list: a greeting must cope with that."""
    first, last = random_.choice(FIRST), random_.choice(LAST)
    sms = random_.random() < 0.42
    return Invented(
        key=f"cdnow-{customer:04d}",
        email=f"{ascii_only(first)}.{ascii_only(last)}.{customer}@example.com".lower(),
        # 555-01xx numbers are reserved for fiction (NANPA).
        phone=f"+1{random_.choice((212, 312, 415, 617))}55501{random_.randrange(100):02d}" if sms else None,
        first_name="" if random_.random() < 0.025 else first,
        last_name=last,
        email_consent=random_.random() < 0.93,
        sms_consent=sms,
    )


def ascii_only(name: str) -> str:
    return name.replace("ö", "o").replace("é", "e")
