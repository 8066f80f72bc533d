"""E-mail addresses as people type them, and the one spelling by which they are found."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from aidecamp.errors import Invalid

LONGEST = 254
LONGEST_LOCAL = 64
# No white space, controls, brackets, commas or quotes: what would break out of a mail header has no place.
_LOCAL = re.compile(r"[^\s\x00-\x1f\x7f-\x9f()<>\[\]:;@\\,\"]+", re.UNICODE)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class InvalidAddress(Invalid):
    title = "This is not an e-mail address"

    def __init__(self) -> None:
        super().__init__(
            "This is not an e-mail address.",
            errors=[{"field": "email", "message": "must be an e-mail address like ana@example.org"}],
        )


def parse(text: str) -> str:
    """The address as it is kept and shown: trimmed, NFC, in lower case; a domain may be international."""
    address = unicodedata.normalize("NFC", text).strip(" ").lower()
    local, at, domain = address.rpartition("@")
    if not at or len(address) > LONGEST or len(local) > LONGEST_LOCAL or not _is_local(local):
        raise InvalidAddress()
    _ascii(domain)
    return address


def digest(address: str) -> bytes:
    """What the directory keeps. Both spellings of an international domain are the same address."""
    local, _, domain = parse(address).rpartition("@")
    return hashlib.sha256(f"email:{local}@{_ascii(domain)}".encode()).digest()


def _is_local(local: str) -> bool:
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return False
    # Cc, Cf, Cs: controls, invisible and direction-changing characters, lone surrogates.
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") for character in local)


def _ascii(domain: str) -> str:
    try:
        encoded = domain.encode("idna").decode()
    except UnicodeError as error:
        raise InvalidAddress() from error
    labels = encoded.split(".")
    if len(encoded) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidAddress()
    return encoded
