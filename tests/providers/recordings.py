"""The recorded answers of real providers, as the replay tests use them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from aidecamp.providers.dialects import anthropic, ollama, openai
from tests.material import folder


@dataclass(frozen=True)
class Recording:
    name: str
    dialect: ModuleType
    status: int
    headers: dict[str, str]
    body: bytes
    expected: dict[str, Any]
    request: dict[str, Any]


@lru_cache
def recordings() -> tuple[Recording, ...]:
    """All of them; empty where the shared data are absent, as in a checkout elsewhere."""
    return tuple(_read(path) for path in sorted((folder() / "llm").glob("*.json")))


def _read(path: Path) -> Recording:
    held = json.loads(path.read_text(encoding="utf-8"))
    response = held["response"]
    native = held["provider"] == "ollama" and "/v1/" not in held["request"]["path"]
    dialect = anthropic if held["provider"] == "anthropic" else ollama if native else openai
    headers = {name.lower(): value for name, value in response["headers"].items()}
    body = response["body"].encode()
    return Recording(path.stem, dialect, response["status"], headers, body, held["expected"], held["request"])
