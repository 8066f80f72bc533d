"""A whole installation as an operator has it: a data folder of its own, the real commands, real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

COMMAND = [sys.executable, "-m", "aidecamp.cli"]
START_SECONDS = 90
STOP_SECONDS = 40


@dataclass
class Installation:
    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("AIDECAMP_")}
        return own | {"AIDECAMP_HOME": str(self.home), "AIDECAMP_LOG_LEVEL": "debug"} | self.settings

    def run(self, *arguments: str, stdin: str = "") -> Any:
        """A command's JSON answer; its failure is the test's."""
        done = self.attempt(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def attempt(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            input=stdin, capture_output=True, text=True, env=self.environment, timeout=180, check=False,
        )  # fmt: skip

    def person(self, customer: str, email: str, role: str) -> str:
        """A user with a bearer token."""
        self.run("users", "create", email, "--customer", customer, "--role", role)
        return str(self.run("tokens", "create", email)["token"])

    @contextmanager
    def running(self, *arguments: str, port: int | None = None) -> Iterator[Server]:
        """`aidecamp ARGUMENTS --port N` as a process group of its own, until it answers; ended by SIGTERM."""
        chosen = port or free_port()
        server = self.start(*arguments, "--port", str(chosen), port=chosen)
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.stop()

    def start(self, *arguments: str, port: int) -> Server:
        log = (self.home / "server.log").open("ab")
        answer = (self.home / "server.out").open("wb")
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.environment, stdout=answer, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        return Server(process, port, self.home)


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    port: int
    home: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return (self.home / "server.out").read_text("utf-8")

    def client(self, token: str | None = None) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limits = httpx2.Limits(max_connections=300)
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=120, limits=limits)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.home / "server.log").read_text("utf-8")[-3000:]
            try:
                if httpx2.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            except httpx2.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the server never became ready")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise

    def kill(self) -> None:
        """kill -9 of the server and all its workers; PostgreSQL is left behind as it is."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def installation(**settings: str) -> Iterator[Installation]:
    home = Path(tempfile.mkdtemp(prefix="aidecamp-installation-"))
    home.chmod(0o700)
    try:
        yield Installation(home, settings)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
