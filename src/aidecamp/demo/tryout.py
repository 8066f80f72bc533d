"""The try-out model beside the server: started in its own process, found again at the same address."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aidecamp.demo import model
from aidecamp.egress import Egress, EndpointBlocked, Fault, Limits

START_SECONDS = 60
NOTE = "tryout.json"
OLLAMA = "http://127.0.0.1:11434"


@dataclass(frozen=True, slots=True)
class TryOut:
    """Where the model listens, and the key that only this machine's user can read."""

    port: int
    key: str

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[TryOut | None]:
    """The model's process, for as long as the block lasts; it ends with us also after a kill -9.

    It comes back at the noted address, so that a saved provider stays right. None where it is not installed
    or does not start.
    """
    if not model.is_installed():
        yield None
        return
    noted = read_note(home)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "aidecamp.demo.model", "--port", str(noted.port)),
        env=os.environ | {model.KEY_VARIABLE: noted.key},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await listening(process)
        if port is None:
            yield None
        else:
            chosen = TryOut(port, noted.key)
            write_note(home, chosen)
            yield chosen
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def listening(process: asyncio.subprocess.Process) -> int | None:
    """The port that the model says when its weights are loaded."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        return None
    return int(line) if line.strip().isdigit() else None


def read_note(home: Path) -> TryOut:
    path = home / NOTE
    if not path.exists():
        return TryOut(0, secrets.token_urlsafe(24))
    noted = json.loads(path.read_text("utf-8"))
    return TryOut(noted["port"], noted["key"])


def write_note(home: Path, chosen: TryOut) -> None:
    path = home / NOTE
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(json.dumps({"port": chosen.port, "key": chosen.key}), "utf-8")


async def ollama_models(egress: Egress) -> list[str]:
    """The models of an Ollama on this machine, newest first; none where nobody answers."""
    body = await _answers(egress, OLLAMA, "/api/tags")
    try:
        listed = json.loads(body or b"{}")
        found = [entry["name"] for entry in listed["models"] if isinstance(entry["name"], str)]
    except (ValueError, KeyError, TypeError):
        return []
    return [name for name in found if "embed" not in name]


async def _answers(egress: Egress, url: str, path: str) -> bytes | None:
    try:
        async with egress.operator(url).send("GET", path, {}, limits=Limits(connect=1, start=2)) as answer:
            return await answer.read(1_000_000) if answer.status == 200 else None
    except (Fault, EndpointBlocked):
        return None
