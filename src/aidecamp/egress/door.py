"""Requests through the guard: pinned addresses, no redirects, cookies or proxies, bounded bytes and time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from aidecamp.egress import addresses
from aidecamp.egress.endpoint import Endpoint, EndpointBlocked
from aidecamp.egress.faults import Fault, FaultKind
from aidecamp.egress.names import Closed, PinnedResolver, Resolve, SystemNames, checked
from aidecamp.egress.policy import Policy

# Shorter than the idle time of common servers (five seconds), so that we seldom send on a dying connection.
KEEPALIVE_SECONDS = 4.0
MOST_POOLS = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines in seconds and bounds in bytes of one exchange. `pace` bytes must come in each `window`."""

    connect: float = 10.0
    start: float = 180.0
    idle: float = 60.0
    total: float = 900.0
    window: float = 30.0
    pace: int = 30
    most_bytes: int = 64 << 20


class Egress:
    """One per process. Connections are shared only within one owner (customer, provider, version)."""

    def __init__(self, private_endpoints: str = "", *, resolve: Resolve | None = None) -> None:
        self.policy = Policy.parse(private_endpoints)
        self._names = SystemNames()
        self._resolve: Resolve = resolve or self._names
        self._tls: ssl.SSLContext | None = None
        self._pools: OrderedDict[Hashable, Pool] = OrderedDict()

    def check(self, endpoint: Endpoint) -> None:
        """EndpointBlocked where the policy closes the endpoint whatever its name resolves to."""
        self.policy.check(endpoint)

    async def look(self, endpoint: Endpoint) -> None:
        """`check`, and what a name resolves to now; one that doesn't resolve may do so later."""
        self.check(endpoint)
        if endpoint.literal is None:
            try:
                await checked(self._resolve, self.policy, endpoint)
            except Closed:
                raise EndpointBlocked from None
            except OSError:
                return

    def public(self, endpoint: Endpoint, owner: Hashable = None) -> Door:
        """The door to an endpoint that a user named."""
        self.check(endpoint)
        return Door(self, endpoint, self.policy, owner)

    def operator(self, url: str) -> Door:
        """The door to an address out of the settings: its operator may mean a private one."""
        endpoint = Endpoint.parse(url)
        return Door(self, endpoint, Policy(frozenset({(endpoint.host, endpoint.port)})), "operator")

    async def close(self) -> None:
        pools, self._pools = list(self._pools.values()), OrderedDict()
        for pool in pools:
            await pool.session.close()
        self._names.close()

    async def pool(self, endpoint: Endpoint, policy: Policy, owner: Hashable) -> Pool:
        key = (owner, endpoint)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(self._session(endpoint, policy))
        self._pools.move_to_end(key)
        await self._evict()
        return pool

    async def _evict(self) -> None:
        idle = [key for key, pool in self._pools.items() if pool.users == 0]
        for key in idle[: max(0, len(self._pools) - MOST_POOLS)]:
            await self._pools.pop(key).session.close()

    def _session(self, endpoint: Endpoint, policy: Policy) -> aiohttp.ClientSession:
        self._tls = self._tls or ssl.create_default_context()

        def connect(info: Any) -> socket.socket:
            # The last check, on the very address about to be dialled, however the host was spelled.
            family, kind, proto, _, address = info
            literal = addresses.parse(str(address[0]))
            if literal is None or not policy.permits(endpoint, literal):
                raise Closed("not permitted")
            return socket.socket(family, kind, proto)

        connector = aiohttp.TCPConnector(
            resolver=PinnedResolver(self._resolve, policy, endpoint),
            socket_factory=connect,
            use_dns_cache=False,
            limit=0,
            ssl=self._tls,
            keepalive_timeout=KEEPALIVE_SECONDS,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "aidecamp"},
            timeout=aiohttp.ClientTimeout(total=None),
        )


class Pool:
    """A session and how many exchanges use it, so that eviction never cuts one."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.users = 0


@dataclass(frozen=True, slots=True)
class Door:
    egress: Egress
    endpoint: Endpoint
    policy: Policy
    owner: Hashable

    @asynccontextmanager
    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        limits: Limits | None = None,
    ) -> AsyncIterator[Answer]:
        """One exchange. `path` is appended to the endpoint's own.

        EndpointBlocked where the name leads inside, else `Fault`; leaving the block closes the connection
        unless the body was read to its end.
        """
        limits = limits or Limits()
        self.policy.check(self.endpoint)
        pool = await self.egress.pool(self.endpoint, self.policy, self.owner)
        pool.users += 1
        try:
            response = await self._begin(pool.session, method, path, headers, body, limits)
            try:
                if 300 <= response.status < 400:
                    raise Fault("redirect")
                if response.headers.get("Content-Encoding", "identity").strip().lower() not in (
                    "identity",
                    "",
                ):
                    raise Fault("encoded")
                yield Answer(response, limits)
            finally:
                response.close()
        finally:
            pool.users -= 1

    async def _begin(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        limits: Limits,
    ) -> aiohttp.ClientResponse:
        url = URL(self.endpoint.url + path, encoded=True)
        timeout = aiohttp.ClientTimeout(total=None, connect=limits.connect, sock_connect=limits.connect)
        try:
            async with asyncio.timeout(limits.start):
                return await session.request(
                    method, url, headers=headers, data=body or None, allow_redirects=False, timeout=timeout
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _sorted(error) from None


class Answer:
    """The head of an answer, and its body as it comes."""

    def __init__(self, response: aiohttp.ClientResponse, limits: Limits) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._content = response.content
        self._limits = limits

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body's bytes as they arrive, under every limit."""
        limits, clock = self._limits, asyncio.get_running_loop().time
        began = window_began = clock()
        received = in_window = 0
        while True:
            left = began + limits.total - clock()
            if left <= 0:
                raise Fault("total")
            piece = await self._next(min(limits.idle, left), "idle" if left > limits.idle else "total")
            if not piece:
                return
            received += len(piece)
            in_window += len(piece)
            if received > limits.most_bytes:
                raise Fault("too_much")
            if clock() - window_began >= limits.window:
                if in_window < limits.pace:
                    raise Fault("drip")
                window_began, in_window = clock(), 0
            yield piece

    async def read(self, most: int) -> bytes:
        """The body's first bytes: enough of a refusal to understand it."""
        held = bytearray()
        async for piece in self.pieces():
            held += piece
            if len(held) >= most:
                break
        return bytes(held[:most])

    async def _next(self, seconds: float, late: FaultKind) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await self._content.readany()
        except TimeoutError:
            raise Fault(late) from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Fault("cut") from None


def _sorted(error: Exception) -> Exception:
    """Our word for a transport's exception, whose own text may hold headers and is dropped."""
    if isinstance(error, Closed) or isinstance(getattr(error, "os_error", None), Closed):
        return EndpointBlocked()
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return Fault("tls")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Fault("connect")
    if isinstance(error, TimeoutError):
        return Fault("late_start")
    if isinstance(error, aiohttp.ClientResponseError | ValueError):
        return Fault("protocol")
    return Fault("cut")
