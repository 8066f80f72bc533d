"""The PostgreSQL that Aidecamp brings: started by the first process that needs it, stopped by the last."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import structlog

from aidecamp.db import locks
from aidecamp.db.cluster import Cluster, Urls
from aidecamp.db.ids import new_id
from aidecamp.db.unprivileged import CannotRun, account_for

WATCH_SECONDS = 2.0

log = structlog.get_logger()


@asynccontextmanager
async def running(
    home: Path, *, loopback: bool | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Urls]:
    """A running server with its roles and its database, for as long as the block lasts.

    Any number of processes may be inside at once. Each holds the kernel's lock on a lease file of its own, so
    a killed one counts as gone. `loopback` forces TCP with passwords, as on systems without Unix sockets.
    Raises `CannotRun` with a sentence for the operator.
    """
    start = partial(_start, home, loopback, settings)
    urls, lease = await asyncio.to_thread(_enter, home, start)
    watching = asyncio.create_task(_watch(home, start), name="embedded database")
    try:
        yield urls
    finally:
        watching.cancel()
        # Shielded: a second Ctrl-C must not leave the server behind.
        await asyncio.shield(asyncio.to_thread(_leave, home, lease))


def _enter(home: Path, start: Callable[[], Urls]) -> tuple[Urls, tuple[Path, int]]:
    _folders(home)
    with locks.held(home / "postgres" / "lock"):
        try:
            urls = start()
        except BaseException:
            _stop_if_last(home)
            raise
        path = home / "postgres" / "leases" / f"{os.getpid()}-{new_id()}"
        descriptor = locks.hold(path, wait=False)
        if descriptor is None:
            raise RuntimeError("a fresh lease can't be locked")
        _give_to_owner(home, path)
        return urls, (path, descriptor)


def _start(home: Path, loopback: bool | None, settings: Mapping[str, str] | None) -> Urls:
    """Attach to the server that runs, or start it from whatever was left behind."""
    with closing(Cluster(home, loopback=loopback, settings=settings)) as cluster:
        if not cluster.answers():
            cluster.start()
        return cluster.urls()


async def _watch(home: Path, start: Callable[[], Urls]) -> None:
    """Start the server again where something killed it under us."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if Cluster(home).pid() is not None:
            continue
        log.warning("embedded.gone", home=str(home))
        try:
            await asyncio.to_thread(_revive, home, start)
        except (CannotRun, OSError) as error:
            log.error("embedded.not_revived", reason=str(error))


def _revive(home: Path, start: Callable[[], Urls]) -> None:
    with locks.held(home / "postgres" / "lock"):
        start()


def _leave(home: Path, lease: tuple[Path, int]) -> None:
    path, descriptor = lease
    with locks.held(home / "postgres" / "lock"):
        path.unlink(missing_ok=True)
        os.close(descriptor)
        _stop_if_last(home)


def _stop_if_last(home: Path) -> None:
    if not _somebody_left(home):
        with closing(Cluster(home)) as cluster:
            if cluster.pid() is not None:
                cluster.stop()


def _somebody_left(home: Path) -> bool:
    alive = False
    for path in (home / "postgres" / "leases").iterdir():
        descriptor = locks.hold(path, wait=False)
        if descriptor is None:
            alive = True
        else:
            path.unlink(missing_ok=True)
            os.close(descriptor)
    return alive


def _folders(home: Path) -> None:
    if not home.exists():
        home.mkdir(parents=True, mode=0o700)
    inner = home / "postgres"
    if not inner.exists():
        inner.mkdir(mode=0o711)
        _give_to_owner(home, inner)
    # The account that runs the server passes through here and sees only what is made for it.
    if os.geteuid() == inner.stat().st_uid or account_for(home):
        inner.chmod(0o711)
    leases = inner / "leases"
    if not leases.exists():
        leases.mkdir(mode=0o700)
        _give_to_owner(home, leases)
    (inner / "lock").touch(mode=0o600)
    _give_to_owner(home, inner / "lock")


def _give_to_owner(home: Path, path: Path) -> None:
    """Root working in somebody's folder leaves nothing behind that they can't open."""
    if account_for(home) and (owner := home.stat()).st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid)
