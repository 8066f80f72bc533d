"""Names to addresses: once per connection, all answers checked, in bounded time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from aidecamp.egress import addresses
from aidecamp.egress.endpoint import Endpoint
from aidecamp.egress.policy import Policy

SECONDS = 2.0
MOST_ANSWERS = 64
THREADS = 16

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Closed(OSError):
    """The name leads where the policy does not; an OSError, since that is what aiohttp carries through."""


class SystemNames:
    """The system's resolver in threads of its own, so that slow names can't starve other work."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _lookup, host, port)
        return [str(entry[4][0]) for entry in found]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _lookup(host: str, port: int) -> list[tuple[object, object, int, str, tuple[object, ...]]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


async def checked(resolve: Resolve, policy: Policy, endpoint: Endpoint) -> list[str]:
    """The endpoint's addresses. One not permitted refuses them all: which one is dialled is chance."""
    # A trailing dot keeps the machine's search domains from turning a public name into an inner one.
    name = endpoint.host if policy.lists(endpoint) or "." not in endpoint.host else f"{endpoint.host}."
    try:
        async with asyncio.timeout(SECONDS):
            found = await resolve(name, endpoint.port)
    except (TimeoutError, OSError, UnicodeError):
        raise OSError("the name can't be resolved") from None
    if not found or len(found) > MOST_ANSWERS:
        raise OSError("the name can't be resolved")
    literals = [addresses.parse(text) for text in found]
    if not all(literal is not None and policy.permits(endpoint, literal) for literal in literals):
        raise Closed("not permitted")
    return [str(literal) for literal in literals]


class PinnedResolver(AbstractResolver):
    """aiohttp's resolver for one endpoint: what it answers is what was checked."""

    def __init__(self, resolve: Resolve, policy: Policy, endpoint: Endpoint) -> None:
        self._resolve, self._policy, self._endpoint = resolve, policy, endpoint

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host.removesuffix(".") != self._endpoint.host:
            raise Closed("another host than the one that was checked")
        found = await checked(self._resolve, self._policy, self._endpoint)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=self._endpoint.port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
        ]

    async def close(self) -> None:
        return None
