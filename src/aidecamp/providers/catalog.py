"""The provider types, and what models do differently, as rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

from aidecamp.providers.dialects import anthropic, ollama, openai
from aidecamp.providers.dialects.request import Config, Quirks
from aidecamp.providers.models import Capabilities, ProviderType


@dataclass(frozen=True, slots=True)
class Kind:
    """One provider type: how it speaks, where it lives, what its form asks for."""

    name: ProviderType
    label: str
    dialect: ModuleType
    endpoint: str | None
    """The vendor's own address, used where none is given; None = one must be given."""
    needs_key: bool
    key_example: str
    models: tuple[str, ...]
    """Offered in the form before a test has listed the account's own."""
    endpoint_label: str = "Custom endpoint"
    endpoint_example: str = ""
    model_label: str = "Model"


KINDS: dict[ProviderType, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "openai", "OpenAI", openai, "https://api.openai.com/v1", True, "sk-…",
            ("gpt-5-mini", "gpt-5", "gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "gpt-4-turbo"),
            endpoint_example="https://api.openai.com/v1",
        ),
        Kind(
            "anthropic", "Anthropic", anthropic, "https://api.anthropic.com", True, "sk-ant-…",
            ("claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"),
            endpoint_example="https://api.anthropic.com",
        ),
        Kind(
            "ollama", "Ollama", ollama, "http://localhost:11434", False, "usually none",
            ("llama3.2", "llama3.1", "qwen3", "mistral", "mixtral", "gemma3"),
            endpoint_label="Address", endpoint_example="http://localhost:11434",
        ),
        Kind(
            "azure_openai", "Azure OpenAI", openai, None, True, "the resource's key", (),
            endpoint_label="Resource", endpoint_example="https://my-team.openai.azure.com",
            model_label="Deployment",
        ),
        Kind(
            "custom", "Custom (OpenAI-compatible)", openai, None, False, "if the server asks for one", (),
            endpoint_label="Endpoint", endpoint_example="https://openrouter.ai/api/v1",
        ),
    )
}  # fmt: skip

# Parameters beyond temperature and length that a dialect knows; all others are refused when saving.
EXTRAS: dict[str, frozenset[str]] = {
    openai.__name__: frozenset(
        {"top_p", "frequency_penalty", "presence_penalty", "seed", "reasoning_effort"}
    ),
    anthropic.__name__: frozenset({"top_p", "top_k"}),
    ollama.__name__: frozenset(
        {"top_p", "top_k", "min_p", "repeat_penalty", "seed", "num_ctx", "keep_alive", "think"}
    ),
}

# Models that think before they answer refuse a temperature and take only the newer name of the output limit.
REASONING = re.compile(r"(^|/)(o[1-9]|gpt-5)")
FIXED_TEMPERATURE = re.compile(r"(^|/)(o[1-9]|gpt-5(?!.*chat))")
# Before this version Azure's classic form knew neither the newer limit nor usage in streams.
MODERN_AZURE = "2024-09-01"
NO_TOOLS = re.compile(
    r"smollm|gemma2|gemma:|phi3|tinyllama|gpt-3\.5-turbo-instruct|deepseek-r1", re.IGNORECASE
)
ANTHROPIC_SCHEMA = re.compile(r"-4-[5-9]|-[5-9]\b|-[5-9]-")


def endpoint_of(kind: Kind, written: str | None) -> str | None:
    """The address to parse: what was written, the vendor's own, or None where one is missing.

    Azure's bare resource label stands for its host.
    """
    if written and kind.name == "azure_openai" and re.fullmatch(r"[a-z0-9-]{2,64}", written):
        return f"https://{written}.openai.azure.com"
    return written or kind.endpoint


def quirks(provider_type: ProviderType, model: str, config: Config) -> Quirks:
    """How this model's server wants its requests; unknown ones get the form that most servers take."""
    match provider_type:
        case "anthropic":
            return Quirks(highest_temperature=1.0)
        case "openai":
            return Quirks("max_completion_tokens", takes_temperature=not FIXED_TEMPERATURE.search(model))
        case "azure_openai":
            return _azure(model, config)
        case _:
            return Quirks()


def capabilities(
    provider_type: ProviderType, model: str, learned: Mapping[str, object] | None = None
) -> Capabilities:
    """What a test has shown, else what the model's name promises."""
    tools = not NO_TOOLS.search(model)
    schema = provider_type != "anthropic" or bool(ANTHROPIC_SCHEMA.search(model))
    known = learned or {}
    return Capabilities(bool(known.get("tools", tools)), bool(known.get("schema", schema)))


def _azure(model: str, config: Config) -> Quirks:
    if not config.api_version:
        return Quirks("max_completion_tokens", not FIXED_TEMPERATURE.search(model), azure="v1")
    modern = config.api_version >= MODERN_AZURE
    return Quirks(
        "max_completion_tokens" if modern or REASONING.search(model) else "max_tokens",
        takes_temperature=not FIXED_TEMPERATURE.search(model),
        reports_usage=modern,
        azure="classic",
    )
