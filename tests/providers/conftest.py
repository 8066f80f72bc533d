"""What the provider tests share: a scripted provider, the models behind it, a reservation to spend."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi import FastAPI

from aidecamp.app import attached, build
from aidecamp.db.cluster import Urls
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.egress import Egress, Endpoint, Limits
from aidecamp.metering.reservation import Reservation
from aidecamp.providers import catalog
from aidecamp.providers.call import Call, Models
from aidecamp.providers.messages import Event, Message, Prompt
from aidecamp.providers.models import Provider, ProviderType
from aidecamp.providers.vault import MasterKeys, Secret, Vault
from aidecamp.settings import Settings
from tests.door import Door
from tests.doubles import ScriptedProvider, scripted

MASTER = f"k1:{base64.b64encode(bytes(range(32))).decode()}"
OLDER = f"k0:{base64.b64encode(bytes(range(1, 33))).decode()}"
KEY = "sk-canary-0123456789abcdefghijklmn"
SHORT = Limits(connect=0.5, start=0.6, idle=0.4, total=1.5, window=0.5, pace=30)


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    async with scripted() as provider:
        yield provider


@pytest.fixture
def vault() -> Vault:
    return Vault(MasterKeys.parse(MASTER))


@pytest.fixture
async def models(provider: ScriptedProvider, vault: Vault) -> AsyncIterator[Models]:
    egress = Egress(provider.listed)
    yield Models(cast(Database, None), egress, vault, SHORT)
    await egress.close()


def connected(endpoint: str, provider_type: ProviderType = "custom", **changes: Any) -> Provider:
    """An unsaved provider, as a test of its settings uses it."""
    made = Provider(
        None,
        new_id(),
        new_id(),
        "Scripted",
        provider_type,
        Endpoint.parse(endpoint),
        "scripted-1",
        {},
        catalog.capabilities(provider_type, "scripted-1"),
        Secret(KEY),
    )
    return replace(made, **changes)


def reserved(provider: Provider, max_output: int = 500, provider_id: UUID | None = None) -> Reservation:
    return Reservation(
        new_id(),
        provider.customer_id,
        provider.user_id,
        provider_id,
        "test",
        provider.model_name,
        20,
        max_output,
    )


def asked(text: str = "Say hello.", **more: Any) -> Prompt:
    return Prompt((Message("system", "Be brief."), Message("user", text)), **more)


def called(models: Models, provider: Provider, prompt: Prompt | None = None, max_output: int = 500) -> Call:
    return models.open(provider, prompt or asked(), reserved(provider, max_output))


async def events(call: Call) -> list[Event]:
    return [event async for event in call]


@pytest.fixture
async def application(urls: Urls, tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[FastAPI]:
    """The whole application, which may reach the scripted provider."""
    settings = Settings(home=tmp_path, jobs=False, private_endpoints=provider.listed)
    application = build(settings)
    async with attached(application, urls.serving):
        yield application


@pytest.fixture
def people(client: Door) -> Door:
    """`await people(person)`: an HTTP client of that person."""
    return client
