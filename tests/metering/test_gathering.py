"""Whoever waits for a batch is answered, however the batch ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from aidecamp.errors import Unavailable
from aidecamp.metering import gathering
from aidecamp.metering.gathering import Gathering


async def test_a_batch_that_fails_does_not_keep_the_next_one_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LARGEST_BATCH", 1)

    async def work(items: Sequence[int]) -> Sequence[int]:
        if items[0] == 0:
            raise KeyError("unforeseen")
        return items

    gathered: Gathering[int, int] = Gathering(work)
    waiting = [gathered.put(number) for number in range(3)]
    results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert isinstance(results[0], KeyError)
    assert results[1:] == [1, 2]


async def test_whoever_waits_when_it_is_given_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LARGEST_BATCH", 1)

    async def work(_items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(60)
        return []

    gathered: Gathering[int, int] = Gathering(work)
    waiting = [gathered.put(number) for number in range(3)]
    await gathered.drain(0.01)
    results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert all(isinstance(result, Unavailable) for result in results)
