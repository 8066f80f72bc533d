"""Random keys of sessions and tokens; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import re
import secrets

TOKEN_PREFIX = "adc_"  # noqa: S105  # a fixed mark, so that secret scanners find a leaked token

# 256 random bits need no slow hash: there is nothing to guess.
_KEY = re.compile(r"(adc_)?[A-Za-z0-9_-]{43}")


def new_session_key() -> str:
    return secrets.token_urlsafe(32)


def new_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def is_key(text: str) -> bool:
    """Whether it has the form of a key; anything else never reaches the database."""
    return _KEY.fullmatch(text) is not None


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
