"""Links in a text: well-formed, on a host that somebody gave, or marked as the placeholder they are."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from urllib.parse import SplitResult, urlsplit

import regex

from aidecamp.content.checks import Check, Facts, Fix

MOST_FINDINGS = 10
SHORTENERS = frozenset(("bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "t.co", "tinyurl.com"))

LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,61}[\p{L}\p{N}])?"
WITH_SCHEME = regex.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,15}://[^\s<>\"'`|\\^]*")
# After one slash stands a path or "24/7"; after two, an address without its scheme.
BARE = regex.compile(
    rf"(?i)(?<![\p{{L}}\p{{N}}@.])(?<!(?<!/)/)(?:{LABEL}\.)+(?P<tld>[\p{{L}}]{{2,24}})(?![\p{{L}}\p{{N}}@])"
    r"(?::\d{1,5})?(?:[/?#][^\s<>\"'`|\\^]*)?"
)
TRAILING = ".,;:!?)]}*_'\"”’…»"
EXAMPLES = ("example.com", "example.org", "example.net", "example", "test", "invalid", "localhost")
"""Names that RFC 2606 keeps for examples: nobody can own them, so they are placeholders, not inventions."""


def find(text: str) -> list[str]:
    """Addresses as written, with or without a scheme, in order."""
    found = [(m.start(), m.group().rstrip(TRAILING)) for m in WITH_SCHEME.finditer(text)]
    rest = WITH_SCHEME.sub(lambda match: " " * len(match.group()), text)
    found += [
        (m.start(), m.group().rstrip(TRAILING)) for m in BARE.finditer(rest) if is_tld(m["tld"].lower())
    ]
    return [address for _, address in sorted(found)]


def hosts(texts: Iterable[str]) -> frozenset[str]:
    """The host names that these texts link to or mention."""
    return frozenset(h for text in texts for address in find(text) if (h := host(address)))


def host(address: str) -> str | None:
    """The comparable host name of an address, or None where it has none."""
    parts = split(address)
    if parts is None or not parts.hostname:
        return None
    name = parts.hostname.rstrip(".").lower().removeprefix("www.")
    try:
        return name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        return None


def check(field: str, text: str, facts: Facts) -> list[Check]:
    """Every address in a text must be one that somebody gave."""
    checks: list[Check] = []
    for address in dict.fromkeys(find(text)):
        checks += _check(field, address, facts)
        if len(checks) >= MOST_FINDINGS:
            break
    return checks


def check_address(field: str, address: str, facts: Facts) -> list[Check]:
    """A field that holds one address and nothing else."""
    parts = split(address.strip())
    if parts is None or parts.scheme not in ("http", "https") or host(address.strip()) is None:
        sentence = "This is not a web address that a button can open."
        return [Check("error", "invalid_link", field, sentence, Fix("Write it as https://…", field))]
    return _check(field, address.strip(), facts)


def is_given(name: str, given: Iterable[str]) -> bool:
    return any(name == one or name.endswith(f".{one}") for one in (g.removeprefix("www.") for g in given))


def split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address if "://" in address[:20] else f"https://{address}")
        # Reading the port raises where it is none.
        return parts if parts.hostname and (parts.port is None or parts.port > 0) else None
    except ValueError:
        return None


def is_tld(name: str) -> bool:
    return name in top_level() or not name.isascii()


@lru_cache(maxsize=1)
def top_level() -> frozenset[str]:
    """IANA's list of top-level domains, in ASCII."""
    lines = resources.files("aidecamp.content").joinpath("tlds.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _check(field: str, address: str, facts: Facts) -> list[Check]:
    shown = address if len(address) <= 80 else f"{address[:77]}…"
    parts, name = split(address), host(address)
    if (
        parts is None
        or name is None
        or parts.scheme not in ("http", "https")
        or _is_odd(address, parts, name)
    ):
        fix = Fix("Link to a page by its https:// address.", field)
        return [Check("error", "invalid_link", field, f"{shown} is not a link that may be sent.", fix)]
    if any(name == reserved or name.endswith(f".{reserved}") for reserved in EXAMPLES):
        fix = Fix("Put your own address in its place.", field)
        return [Check("warning", "placeholder_link", field, f"{shown} is a placeholder.", fix)]
    if not is_given(name, facts.links):
        sentence = f"Nobody gave the link {shown}: it may be invented."
        fix = Fix("Replace it by an address that you know, or type it yourself.", field)
        return [Check("error", "unknown_link", field, sentence, fix)]
    if name in SHORTENERS:
        fix = Fix("Use the full address of the page.", field)
        return [Check("warning", "short_link", field, f"{shown} hides where it leads.", fix)]
    return []


def _is_odd(address: str, parts: SplitResult, name: str) -> bool:
    """User names in links fool readers, numbers instead of names are never a shop's address.

    Without a scheme, what follows two slashes is an address of its own to many readers.
    """
    if "://" not in address and "//" in address:
        return True
    if parts.username is not None or parts.password is not None:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.rpartition(".")[2].isdigit()
    return True
