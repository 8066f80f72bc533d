"""What the operator opened beyond the public internet, and the one question: may we go there?"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from aidecamp.egress import addresses
from aidecamp.egress.endpoint import Endpoint, EndpointBlocked

# Names that mean "inside": reserved by RFC 6761, 6762, 8375 and ICANN, or used so by habit.
INSIDE = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "corp",
    "home",
    "private",
    "home.arpa",
    "localdomain",
)


class PolicyInvalid(ValueError):
    """The operator's list can't be read; the server must not start with half of it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`AIDECAMP_PRIVATE_ENDPOINTS`: exact `host:port` pairs, and networks in CIDR form."""

    hosts: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, listed: str) -> Policy:
        entries = [entry.strip() for entry in listed.split(",") if entry.strip()]
        return cls(
            frozenset(_host_port(entry) for entry in entries if "/" not in entry),
            tuple(_network(entry) for entry in entries if "/" in entry),
        )

    def check(self, endpoint: Endpoint) -> None:
        """Refuse what is known to be closed before any name is looked up."""
        literal = endpoint.literal
        if self.lists(endpoint):
            return
        if literal is not None:
            if not self.permits(endpoint, literal):
                raise EndpointBlocked
            return
        if "." not in endpoint.host or any(f".{endpoint.host}".endswith(f".{name}") for name in INSIDE):
            raise EndpointBlocked
        if not _is_standard(endpoint) and not self.networks:
            raise EndpointBlocked

    def permits(self, endpoint: Endpoint, address: addresses.Address) -> bool:
        """May this endpoint be dialled at this resolved address? Asked again for every connection."""
        if self.lists(endpoint):
            return True
        if any(addresses.plain(address) in network for network in self.networks):
            return True
        return _is_standard(endpoint) and addresses.is_public(address)

    def lists(self, endpoint: Endpoint) -> bool:
        return (endpoint.host, endpoint.port) in self.hosts


def _is_standard(endpoint: Endpoint) -> bool:
    return endpoint.scheme == "https" and endpoint.port == 443


def _host_port(entry: str) -> tuple[str, int]:
    host, _, port = entry.rpartition(":")
    literal = addresses.parse(host.strip("[]"))
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise PolicyInvalid(
            f"AIDECAMP_PRIVATE_ENDPOINTS: {entry!r} is neither host:port nor a network like 10.0.0.0/8."
        )
    return (str(literal) if literal is not None else host.lower().removesuffix("."), int(port))


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(entry)
    except ValueError:
        message = f"AIDECAMP_PRIVATE_ENDPOINTS: {entry!r} is neither host:port nor a network like 10.0.0.0/8."
        raise PolicyInvalid(message) from None
