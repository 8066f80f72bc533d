"""Runs jobs and beats until it is cancelled; what it was doing then is taken up by another worker."""

from __future__ import annotations

import asyncio

import structlog

from aidecamp.db import signals
from aidecamp.jobs import beats
from aidecamp.jobs.app import app
from aidecamp.jobs.beats import beat
from aidecamp.jobs.context import Services, set_services

CONCURRENCY = 2
GRACE_SECONDS = 10.0
RESTART_SECONDS = 2.0
STALLED_SECONDS = 30.0

log = structlog.get_logger()


async def run(services: Services) -> None:
    """Work until cancelled, inside `jobs.app.opened`. Any number of workers may run, here and elsewhere."""
    set_services(services)
    while True:
        try:
            await _work(services)
        except Exception:
            # The outermost edge: the database went away, or a beat's code is broken; requests go on.
            log.exception("jobs.restarts")
        await asyncio.sleep(RESTART_SECONDS)


async def _work(services: Services) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(beats.run(services), name="beats")
        group.create_task(
            app.run_worker_async(
                concurrency=CONCURRENCY,
                install_signal_handlers=False,
                delete_jobs="successful",
                shutdown_graceful_timeout=GRACE_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            ),
            name="jobs",
        )


@beat(seconds=15)
async def take_up_stalled(_services: Services) -> None:
    """Jobs whose worker died go back into the queue."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await app.job_manager.retry_job(job)
        log.info("jobs.taken_up", job=job.id, task=job.task_name)


@beat(seconds=300)
async def forget_old_signals(services: Services) -> None:
    async with services.database.outside() as tx:
        await signals.forget_old(tx)
