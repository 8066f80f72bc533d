"""A user's connection to a model, as the other rooms may hold it: never with a readable key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from aidecamp.egress import Endpoint
from aidecamp.providers.vault import Sealed, Secret

ProviderType = Literal["openai", "anthropic", "ollama", "azure_openai", "custom"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the model may be asked for: tool calls, JSON of a schema. What it can't do it is not asked to."""

    tools: bool = True
    schema: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """Resolved and checked, ready to be called. `id` is None for a test of what is not saved yet."""

    id: UUID | None
    customer_id: UUID
    user_id: UUID
    name: str
    provider_type: ProviderType
    endpoint: Endpoint
    model_name: str
    config: Mapping[str, Any]
    capabilities: Capabilities
    key: Sealed | Secret | None = field(default=None, repr=False)
    version: int = 1
