"""Environment, read once. Every secret may come from a file: `AIDECAMP_X_FILE` names it."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "AIDECAMP_"
LOCAL_MODEL_SERVERS = "localhost:11434,127.0.0.1:11434"


class Settings(BaseSettings):
    """All that an operator may change. docs/operations.md lists each (a rule test holds that)."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    home: Path = Field(default_factory=lambda: user_data_path("aidecamp"))
    database_url: SecretStr | None = None
    owner_database_url: SecretStr | None = None
    master_keys: SecretStr | None = None
    public_url: str | None = None
    private_endpoints: str | None = None
    rate_per_minute: int = Field(default=60, ge=0)
    streams_per_user: int = Field(default=8, ge=0)
    smtp_url: SecretStr | None = None
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    jobs: bool = True
    log_format: str = Field(default="console", pattern="^(console|json)$")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @model_validator(mode="before")
    @classmethod
    def _from_files(cls, values: dict[str, object]) -> dict[str, object]:
        for name in cls.model_fields:
            path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
            if path and name not in values:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
        return values

    @property
    def embedded(self) -> bool:
        return self.database_url is None

    @property
    def allowed_private(self) -> str:
        """The operator's list of private `host:port` or CIDR that provider endpoints may reach."""
        if self.private_endpoints is not None:
            return self.private_endpoints
        return LOCAL_MODEL_SERVERS if self.embedded else ""

    def keyring(self) -> SecretStr:
        """The master keys, newest first; with the embedded database they are made at first need."""
        if self.master_keys is not None:
            return self.master_keys
        if not self.embedded:
            raise ValueError("AIDECAMP_MASTER_KEYS must be set when AIDECAMP_DATABASE_URL is.")
        path = self.home / "master-keys"
        if not path.exists():
            _make_key(path)
        return SecretStr(path.read_text(encoding="ascii").strip())


def load() -> Settings:
    return Settings()


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=".master-keys-", dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    # A link never replaces: of two processes that start at once, one makes the key and both read it.
    with contextlib.suppress(FileExistsError):
        os.link(name, path)
    os.unlink(name)
