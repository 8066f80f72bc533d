"""A real server process over a test's database, to be killed, ended and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from aidecamp.db.cluster import Urls
from tests.doubles import ScriptedProvider
from tests.providers.conftest import MASTER

AIDECAMP = Path(sys.executable).with_name("aidecamp")


class Server:
    """`start`, `kill` (-9), `end` (SIGTERM): as an operator or a bad day would."""

    def __init__(self, urls: Urls, provider: ScriptedProvider, home: Path, **settings: str) -> None:
        self.port = _free_port()
        named = {
            "AIDECAMP_HOME": str(home),
            "AIDECAMP_DATABASE_URL": urls.serving,
            "AIDECAMP_OWNER_DATABASE_URL": urls.owner,
            "AIDECAMP_MASTER_KEYS": MASTER,
            "AIDECAMP_PRIVATE_ENDPOINTS": provider.listed,
            "AIDECAMP_RATE_PER_MINUTE": "0",
            "AIDECAMP_STREAMS_PER_USER": "0",
            "AIDECAMP_LOG_FORMAT": "json",
        }
        self.environment = os.environ | named | settings
        self.log = home / "server.log"
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                AIDECAMP, "serve", "--port", str(self.port), env=self.environment, stdout=log, stderr=log
            )
        async with aiohttp.ClientSession() as session:
            for _ in range(300):
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                if self.process.returncode is not None:
                    break
                await asyncio.sleep(0.1)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-3000:]}")

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def end(self) -> int:
        """What SIGTERM leads to, within the time that an orchestrator gives."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def command(self, *words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            AIDECAMP, *words, env=self.environment, stdout=PIPE, stderr=DEVNULL
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, out.decode().strip()


@asynccontextmanager
async def serving(
    urls: Urls, provider: ScriptedProvider, home: Path, **settings: str
) -> AsyncIterator[Server]:
    home.mkdir(exist_ok=True)
    server = Server(urls, provider, home, **settings)
    await server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.returncode is None:
            await server.kill()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
