"""Passwords: argon2id, off the event loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash

from aidecamp.errors import Invalid, RateLimited

Result = TypeVar("Result")

SHORTEST, LONGEST = 8, 1024
# Each hash takes 64 MiB and a core for a tenth of a second: two at once leave room for everything else.
AT_ONCE = 2
WAITING = 64

_HASHER = PasswordHash.recommended()
_WORKERS = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
_PLACES = threading.BoundedSemaphore(WAITING)

# Verified where an account or its password does not exist, so that the answer takes equally long.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$ogOPh3Fwv8bnt9NMgi+E2A$gISPaYXsbYdji4gB8pNBTf6UGtuh/YEdgyOuFcviRKE"


class WeakPassword(Invalid):
    title = "This password can't be used"


def check(password: str, email: str = "") -> None:
    """Length is what counts (NIST SP 800-63B); the address itself is the one word that is refused."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"A password needs {SHORTEST} to {LONGEST} characters.")
    if password.strip().casefold() == email.casefold():
        raise WeakPassword("Your e-mail address is the first password that anyone would try.")


def suggest() -> str:
    """A first password for somebody else, to be handed over once."""
    return secrets.token_urlsafe(12)


async def hash_of(password: str) -> str:
    return await _aside(lambda: _HASHER.hash(_normal(password)))


async def verify(password: str, known_hash: str | None) -> tuple[bool, str | None]:
    """Whether it is right, and a newer hash where the parameters grew since. None never matches."""
    if len(password) > LONGEST:
        return False, None
    right, newer = await _aside(lambda: _HASHER.verify_and_update(_normal(password), known_hash or _NOBODY))
    return right and known_hash is not None, newer if known_hash else None


def _normal(password: str) -> str:
    text = unicodedata.normalize("NFC", password)
    return text.encode("utf-8", "replace").decode()


async def _aside(work: Callable[[], Result]) -> Result:
    if not _PLACES.acquire(blocking=False):
        raise RateLimited("Too many people are signing in right now.", retry_after=5)
    future = _WORKERS.submit(work)
    # The place is free when the work is done, not when the asking client gave up.
    future.add_done_callback(lambda _: _PLACES.release())
    return await asyncio.wrap_future(future)
