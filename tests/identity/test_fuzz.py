"""CRASH-22: whatever a described request may hold, and what it may not, the answer is one of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from aidecamp.app import attached, build
from aidecamp.db.cluster import Urls
from aidecamp.settings import Settings
from tests.door import ADDRESS, Door
from tests.people import gather

EXAMPLES = 15
# A provider's own failure is an expected answer of the test routes only.
ELSEWHERE = {502, 503, 504}


def described() -> FastAPI:
    return build(Settings(home=Path("/nonexistent"), jobs=False))


SCHEMA = schemathesis.openapi.from_dict(described().openapi())
OPERATIONS = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok()
    for found in SCHEMA.get_all_operations()
    if isinstance(found, Ok)
}


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_every_operation_of_the_description_can_be_tried() -> None:
    assert len(OPERATIONS) == len(list(SCHEMA.get_all_operations()))


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("name", OPERATIONS)
def test_crash_22_no_request_crashes(
    name: str, mode: GenerationMode, urls: Urls, tmp_path: Path, runner: asyncio.Runner
) -> None:
    operation = OPERATIONS[name]
    application = build(Settings(home=tmp_path, jobs=False, rate_per_minute=0))
    door = Door(application)
    place = attached(application, urls.serving)
    runner.run(place.__aenter__())
    try:
        cast = runner.run(gather(application.state.database))
        client = runner.run(door(cast.owner, timeout=30))

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def send(case: Any) -> None:
            wanted = case.as_transport_kwargs(base_url=ADDRESS)
            wanted.pop("cookies", None)
            if isinstance(wanted.get("data"), bytes):
                wanted["content"] = wanted.pop("data")
            wanted["headers"] = {
                k: v for k, v in dict(wanted["headers"]).items() if k.lower() != "authorization"
            }
            answer = runner.run(client.request(**wanted))
            status = answer.status_code
            assert status < 500 or (name.endswith("/test") and status in ELSEWHERE), answer.text
            if status >= 400:
                problem = answer.json()
                assert {"type", "title", "status", "detail", "code"} <= set(problem)
                assert answer.headers["content-type"] == "application/problem+json"
                assert str(status) in case.operation.definition.raw["responses"]

        send()
    finally:
        runner.run(door.close())
        runner.run(place.__aexit__(None, None, None))
