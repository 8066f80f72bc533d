"""The provider form as a browser posts it: all text, an empty field is one that was not filled in."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from aidecamp.errors import Invalid
from aidecamp.providers.connections import Change, Wish
from aidecamp.providers.models import ProviderType
from aidecamp.providers.store import Row
from aidecamp.providers.wire import ProviderIn
from aidecamp.web.validation import told


class ProviderForm(BaseModel):
    """Never shown with its key: a key that was typed and refused must be typed again."""

    model_config = ConfigDict(hide_input_in_errors=True)

    provider_type: ProviderType = "openai"
    name: str = Field(default="", max_length=400)
    api_endpoint: str = Field(default="", max_length=4000)
    api_key: SecretStr = SecretStr("")
    model_name: str = Field(default="", max_length=400)
    temperature: str = Field(default="0.7", max_length=40)
    max_tokens: str = Field(default="2000", max_length=40)
    api_version: str = Field(default="", max_length=40)
    is_default: bool = False

    @classmethod
    def of(cls, row: Row) -> ProviderForm:
        config = row.config
        return cls(
            provider_type=row.provider_type,
            name=row.name,
            api_endpoint=row.api_endpoint or "",
            model_name=row.model_name,
            temperature="" if config.get("temperature") is None else f"{config['temperature']:g}",
            max_tokens=str(config.get("max_tokens", 2000)),
            api_version=config.get("api_version") or "",
            is_default=row.is_default,
        )

    @property
    def has_key(self) -> bool:
        return bool(self.api_key.get_secret_value().strip())

    def wish(self, extra: dict[str, Any] | None = None) -> Wish:
        """The same rules as over the API; Invalid names the fields."""
        config = {"max_tokens": _whole(self.max_tokens), "temperature": self.temperature.strip() or None}
        if self.provider_type == "azure_openai":
            config["api_version"] = self.api_version.strip() or None
        body = {
            "provider_type": self.provider_type,
            "name": self.name or None,
            "api_endpoint": self.api_endpoint.strip() or None,
            "api_key": self.api_key if self.has_key else None,
            "model_name": self.model_name,
            "config": config | ({"extra": extra} if extra else {}),
            "is_default": self.is_default,
        }
        try:
            return ProviderIn.model_validate(body).wish()
        except ValidationError as error:
            errors = [
                {"field": problem["field"].removeprefix("config."), "message": problem["message"]}
                for problem in told(error.errors())
            ]
            raise Invalid("Some fields need another look.", errors=errors) from None

    def change(self, row: Row) -> Change:
        """What the page of a saved provider changes; an empty key field keeps the key."""
        wish = self.wish(row.config.get("extra"))
        given: dict[str, Any] = {
            "name": wish.name or row.name,
            "provider_type": wish.provider_type,
            "api_endpoint": wish.api_endpoint,
            "model_name": wish.model_name,
            "config": {"temperature": None, "api_version": None, **wish.config},
            "is_default": wish.is_default,
        }
        if wish.api_key is not None:
            given |= {"api_key": wish.api_key, "is_active": True}
        return Change(given)


def _whole(text: str) -> int | str:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text or 2000
