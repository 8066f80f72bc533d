"""The room's repeated work."""

from __future__ import annotations

from aidecamp.chat import sweep
from aidecamp.jobs.beats import beat
from aidecamp.jobs.context import Services


@beat(seconds=10)
async def close_abandoned_turns(services: Services) -> None:
    await sweep.close_abandoned(services.database, services["ledger"])


@beat(seconds=120)
async def forget_old_journals(services: Services) -> None:
    await sweep.forget_old_journals(services.database)
