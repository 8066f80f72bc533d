"""The JSON of the room: closed shapes in; out goes everything but the key."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from aidecamp.providers.connections import Change, Wish
from aidecamp.providers.exam import Result
from aidecamp.providers.models import ProviderType
from aidecamp.providers.store import Row
from aidecamp.web.text import CleanName

Name = Annotated[CleanName, StringConstraints(min_length=1, max_length=100)]
# Model ids are printed into paths and requests: visible characters only.
ModelName = Annotated[
    CleanName, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+( [!-~]+)*$")
]
Share = Annotated[float, Field(ge=0, le=1)]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class ExtraIn(Closed):
    """Parameters of one dialect or another; `connections` refuses those that the type's dialect lacks."""

    top_p: Share | None = None
    top_k: Count | None = None
    min_p: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    repeat_penalty: Annotated[float, Field(ge=0, le=5)] | None = None
    seed: Count | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    num_ctx: Annotated[int, Field(ge=512, le=2_097_152, strict=True)] | None = None
    keep_alive: Annotated[str, StringConstraints(pattern=r"^-?\d{1,6}(s|m|h)?$")] | None = None
    think: bool | None = None


class ConfigIn(Closed):
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 2000
    api_version: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}(-preview)?$")] | None = None
    extra: ExtraIn | None = None

    def stored(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


class ProviderIn(Closed):
    """`api_key` is written, never read. Without `api_endpoint` the vendor's own address is used."""

    name: Name | None = None
    provider_type: ProviderType
    api_endpoint: Annotated[str, StringConstraints(max_length=2048)] | None = None
    api_key: SecretStr | None = None
    model_name: ModelName
    config: ConfigIn = ConfigIn()
    is_default: bool = False
    is_active: bool = True

    def wish(self) -> Wish:
        return Wish(
            self.name,
            self.provider_type,
            self.api_endpoint or None,
            None if self.api_key is None else self.api_key.get_secret_value(),
            self.model_name,
            self.config.stored(),
            self.is_default,
            self.is_active,
        )


class ProviderPatch(Closed):
    """What is absent stays. Another type, scheme, host, port or path wipes the key, unless one comes too."""

    name: Name | None = None
    provider_type: ProviderType | None = None
    api_endpoint: Annotated[str, StringConstraints(max_length=2048)] | None = None
    api_key: SecretStr | None = None
    model_name: ModelName | None = None
    config: ConfigIn | None = None
    is_default: bool | None = None
    is_active: bool | None = None

    def change(self) -> Change:
        given = {name: getattr(self, name) for name in self.model_fields_set}
        for name in ("name", "provider_type", "model_name", "config", "is_default", "is_active"):
            if given.get(name, ...) is None:
                del given[name]
        if self.config is not None:
            given["config"] = self.config.model_dump(exclude_unset=True)
        if self.api_key is not None:
            given["api_key"] = self.api_key.get_secret_value()
        if "api_endpoint" in given:
            given["api_endpoint"] = given["api_endpoint"] or None
        return Change(given)


class TestStep(BaseModel):
    name: str
    ok: bool | None
    detail: str
    latency_ms: int | None = None


class ProviderTest(BaseModel):
    """`error` is a problem object, or null. `steps` is what was tried, line by line; `ok` null = not sure."""

    ok: bool
    latency_ms: int | None
    models: list[str]
    error: dict[str, Any] | None
    steps: list[TestStep] = []
    tested_at: datetime | None = None

    @classmethod
    def of(cls, result: Result) -> ProviderTest:
        return cls.model_validate(result.stored())


class ProviderOut(BaseModel):
    """A provider without its key; `key_hint` is the key's last four characters."""

    id: UUID
    user_id: UUID
    name: str
    provider_type: ProviderType
    api_endpoint: str | None
    key_hint: str | None
    model_name: str
    config: dict[str, Any]
    is_default: bool
    is_active: bool
    last_test: ProviderTest | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Row) -> ProviderOut:
        return cls.model_validate(
            {name: getattr(row, name) for name in cls.model_fields if name != "config"}
            | {"config": {"max_tokens": 2000} | row.config}
        )
