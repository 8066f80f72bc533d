"""Where a request may go: a parsed address whose every part is part of the key's identity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from aidecamp.egress import addresses
from aidecamp.errors import Invalid, Refusal

LONGEST = 2048
LONGEST_HOST = 253
LABEL = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
PATH = re.compile(r"[A-Za-z0-9._~/:@=+,-]*")
DEFAULT_PORTS = {"https": 443, "http": 80}


class EndpointBlocked(Refusal):
    """One sentence for everything that is not allowed, so that it tells nothing about a private network."""

    status, code, title = 422, "endpoint_blocked", "This address is not allowed for AI providers"
    help = (
        "Use https on the standard port and a public address. For a model server in your own network, "
        "ask the operator to list its host and port in AIDECAMP_PRIVATE_ENDPOINTS."
    )


class EndpointInvalid(Invalid):
    title = "This is not a usable address"
    help = "Write it like https://models.example.com/v1: no user name, no query, no fragment."

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The endpoint {reason}.",
            errors=[{"field": "api_endpoint", "message": f"The endpoint {reason}."}],
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Scheme, host (lower case, no trailing dot, IPv6 without brackets), port and path prefix."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """An endpoint as a user writes it; EndpointInvalid says what is wrong without repeating it."""
        if len(url) > LONGEST:
            raise EndpointInvalid("is too long")
        if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise EndpointInvalid(
                "holds spaces or letters that an address can't have (use the punycode form)"
            )
        if "?" in url or "#" in url:
            raise EndpointInvalid("has a query or fragment")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise EndpointInvalid("has no valid host and port") from None
        if not parts.scheme:
            raise EndpointInvalid("must begin with https://")
        if parts.scheme not in DEFAULT_PORTS:
            raise EndpointBlocked
        if "@" in parts.netloc:
            raise EndpointInvalid("holds a user name or password")
        if port == 0:
            raise EndpointBlocked
        return cls(
            parts.scheme,
            _host(parts.netloc, parts.hostname),
            port or DEFAULT_PORTS[parts.scheme],
            _path(parts.path),
        )

    @property
    def literal(self) -> addresses.Address | None:
        return addresses.parse(self.host)

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (
            f":{self.port}" if self.port != DEFAULT_PORTS[self.scheme] else ""
        )

    @property
    def url(self) -> str:
        return self.origin + self.path


def _host(netloc: str, host: str | None) -> str:
    host = (host or "").removesuffix(".")
    if not host or len(host) > LONGEST_HOST:
        raise EndpointInvalid("has no valid host")
    if netloc.startswith("["):
        address = addresses.parse(host)
        if "%" in host:  # a zone: only addresses that never leave the machine's own links have one
            raise EndpointBlocked
        if address is None:
            raise EndpointInvalid("has no valid host")
        return str(address)
    number = addresses.classic(host)
    if number is not None:
        return str(number)
    labels = host.split(".")
    if not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise EndpointInvalid("has no valid host")
    return host


def _path(path: str) -> str:
    path = path.rstrip("/")
    if not PATH.fullmatch(path) or "//" in path or ".." in path.split("/") or "." in path.split("/"):
        raise EndpointInvalid("has a path with characters that we can't use")
    return path
