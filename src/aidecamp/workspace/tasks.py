"""Background work of the workspace."""

from __future__ import annotations

from uuid import UUID

import structlog
from procrastinate import JobContext, RetryStrategy

from aidecamp.files import store as files
from aidecamp.jobs.app import app
from aidecamp.jobs.beats import beat
from aidecamp.jobs.context import Services, services
from aidecamp.workspace import running

# procrastinate counts retries, not runs: 2 retries are 3 runs.
RETRIES = 2

SWEPT_AT_ONCE = 500

log = structlog.get_logger()


@app.task(
    name="workspace.run_import",
    pass_context=True,
    retry=RetryStrategy(max_attempts=RETRIES, exponential_wait=5),
)
async def run_import(context: JobContext, *, customer_id: str, import_id: str) -> None:
    """Run a queued import; after the last try it says that it failed, so that nobody waits for ever."""
    database = services().database
    try:
        await running.run(database, UUID(customer_id), UUID(import_id))
    except Exception:
        if context.job.attempts >= RETRIES:
            sentence = "The import failed on our side, and nothing was changed. Please try it again."
            await running.give_up(database, UUID(customer_id), UUID(import_id), sentence)
        raise


@beat(seconds=300)
async def sweep_files(services: Services) -> None:
    """Files hold people's data: they go when their time is over, and so do uploads that broke off."""
    async with services.database.outside() as tx:
        customers = await files.customers_due(tx, SWEPT_AT_ONCE)
    for customer_id in customers:
        async with services.database.of(customer_id) as tx:
            removed = await files.sweep(tx, customer_id)
        log.info("files.swept", customer_id=str(customer_id), removed=removed)
