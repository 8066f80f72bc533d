"""Which addresses are public, by our own table: the standard library calls metadata services global."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

# IANA special-purpose registries, multicast, reserved space; and Azure's WireServer, a public address.
DENIED_V4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
GLOBAL_V6 = IPv6Network("2000::/3")
# Within global unicast: Teredo and 6to4, whose tunnels can hide any IPv4 address, and documentation.
DENIED_V6 = tuple(
    IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
NAT64 = IPv6Network("64:ff9b::/96")
ISATAP = (0x00005EFE, 0x02005EFE)


def parse(text: str) -> Address | None:
    """The address of a literal, without its zone; None for a name."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 form carries to the same host, else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """True only for unicast addresses of the open internet, also inside every IPv4-carrying IPv6 form."""
    address = plain(address)
    if isinstance(address, IPv4Address):
        return not any(address in net for net in DENIED_V4)
    if address not in GLOBAL_V6 or any(address in net for net in DENIED_V6):
        return False
    if int(address) >> 32 & 0xFFFFFFFF in ISATAP:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return True


def classic(host: str) -> IPv4Address | None:
    """An IPv4 address in any spelling that C libraries take: `127.1`, `0x7f000001`, `0177.0.0.1`."""
    parts = host.split(".")
    if not 1 <= len(parts) <= 4 or not all(parts):
        return None
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        return None
    *heads, tail = [number or 0 for number in numbers]
    if any(head > 255 for head in heads) or tail >= 256 ** (4 - len(heads)):
        return None
    value = tail
    for position, head in enumerate(heads):
        value |= head << (8 * (3 - position))
    return IPv4Address(value)


def _number(part: str) -> int | None:
    if len(part) > 16 or not part.isascii():
        return None
    base = 16 if part[:2].lower() == "0x" else 8 if part[0] == "0" and len(part) > 1 else 10
    try:
        return int(part[2:] or "0", 16) if base == 16 else int(part, base) if part.isalnum() else None
    except ValueError:
        return None
