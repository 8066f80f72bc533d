"""A ledger without rate limits, since most tests ask many questions at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    ledger = Ledger(database, rate_per_minute=0, streams_per_user=0)
    yield ledger
    await ledger.close()
