"""Runs jobs and beats until it is cancelled; what it was doing then is taken up by another worker."""

from __future__ import annotations

import asyncio

import structlog
from procrastinate import App

from aidecamp.db import signals
from aidecamp.jobs import beats
from aidecamp.jobs.app import opened
from aidecamp.jobs.beats import beat
from aidecamp.jobs.context import Services, set_services

CONCURRENCY = 2
GRACE_SECONDS = 10.0
STALLED_SECONDS = 30.0

log = structlog.get_logger()


async def run(services: Services) -> None:
    """Work until cancelled. Any number of workers may run, here and in other processes."""
    set_services(services)
    async with opened(services.database.url) as app:
        services.others.setdefault("jobs", app)
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
async def take_up_stalled(services: Services) -> None:
    """Jobs whose worker died go back into the queue."""
    app: App | None = services.others.get("jobs")
    if app is None:
        return
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await app.job_manager.retry_job(job)
        log.info("jobs.taken_up", job=job.id, task=job.task_name)


@beat(seconds=300)
async def forget_old_signals(services: Services) -> None:
    async with services.database.outside() as tx:
        await signals.forget_old(tx)
