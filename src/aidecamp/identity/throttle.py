"""Guessing is slowed before any password is hashed: by account, and by where the guesses come from."""

from __future__ import annotations

import hashlib
import ipaddress

from starlette.requests import Request

from aidecamp.db.pool import Database
from aidecamp.errors import RateLimited
from aidecamp.identity.store import throttle as store

# Failures only: a right password gives its attempt back. A team behind one address shares the second pair.
PER_ACCOUNT, ACCOUNT_REFILL = 10.0, 1 / 60
PER_ADDRESS, ADDRESS_REFILL = 50.0, 1 / 6


class TooManyGuesses(RateLimited):
    title = "Too many attempts to sign in"
    help = "Wait a little before the next attempt; an admin of your team can set a new password."


async def take(database: Database, account: bytes, address: str) -> None:
    """One attempt from both buckets, or a refusal that takes nothing."""
    buckets = _buckets(account, address)
    async with database.outside() as tx:
        for key, capacity, refill in buckets:
            if not await store.take(tx, key, capacity, refill):
                wait = await store.seconds_until_next(tx, key, refill)
                raise TooManyGuesses(retry_after=round(wait, 1))


async def give_back(database: Database, account: bytes, address: str) -> None:
    async with database.outside() as tx:
        for key, capacity, _ in _buckets(account, address):
            await store.give_back(tx, key, capacity)


def address_of(request: Request, trusted_hops: int) -> str:
    """Where a request comes from: the socket's peer, or what the operator's own proxies say about it.

    X-Forwarded-For grows to the right: the last entry was written by the nearest proxy, the only one that
    the operator vouches for with one hop; whatever stands further left is the client's own claim.
    """
    peer = request.client.host if request.client else ""
    if trusted_hops == 0:
        return peer
    hops = [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
    return hops[-trusted_hops] if len(hops) >= trusted_hops else peer


def _buckets(account: bytes, address: str) -> list[tuple[bytes, float, float]]:
    """In one order for everybody, so that two attempts never wait for each other in a circle."""
    return sorted(
        [
            (_key("account", account), PER_ACCOUNT, ACCOUNT_REFILL),
            (_key("address", _network(address).encode()), PER_ADDRESS, ADDRESS_REFILL),
        ]
    )


def _network(address: str) -> str:
    """IPv6 counts by /64: one household has 2^64 addresses."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if ip.version == 6 and ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)


def _key(kind: str, value: bytes) -> bytes:
    return hashlib.sha256(kind.encode() + b":" + value).digest()
