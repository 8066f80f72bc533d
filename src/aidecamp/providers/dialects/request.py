"""What every dialect makes of a prompt: one HTTP request without its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is appended to the endpoint's own path. The key's header is added where the vault is opened."""

    method: Literal["GET", "POST"]
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a model or server does differently, as data; `refused` are parameters it was seen to refuse."""

    max_tokens_field: str = "max_tokens"
    takes_temperature: bool = True
    highest_temperature: float = 2.0
    reports_usage: bool = True
    """Accepts `stream_options.include_usage`."""
    azure: Literal["", "classic", "v1"] = ""
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Config:
    """A provider's saved parameters; the API refuses unknown keys, so nothing here is a surprise."""

    temperature: float | None = None
    max_tokens: int = 2000
    api_version: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Config:
        return cls(
            temperature=stored.get("temperature"),
            max_tokens=stored.get("max_tokens") or 2000,
            api_version=stored.get("api_version"),
            extra=stored.get("extra") or {},
        )


def warmth(wanted: float | None, config: Config, quirks: Quirks) -> float | None:
    """The temperature to send, or None where the model refuses one."""
    chosen = config.temperature if wanted is None else wanted
    if chosen is None or not quirks.takes_temperature:
        return None
    return min(chosen, quirks.highest_temperature)


def without(body: dict[str, Any], quirks: Quirks) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None and name not in quirks.refused}
