"""A process that uses the embedded database until it is told to leave: `python -m tests.db.holder HOME`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from aidecamp.db.cluster import Cluster
from aidecamp.db.embedded import running

ROOT = Path(__file__).resolve().parents[2]


class Holder:
    """Another process that uses the database."""

    def __init__(self, home: Path, *extra: str, prefix: tuple[str, ...] = (), python: str = sys.executable):
        self.process = subprocess.Popen(
            [*prefix, python, "-m", "tests.db.holder", str(home), *extra],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )  # fmt: skip

    def ready(self) -> str:
        assert self.process.stdout
        url = self.process.stdout.readline().strip()
        assert url, "the holder did not get in"
        return url

    def leave(self) -> None:
        self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def pid_of(home: Path) -> int | None:
    return Cluster(home).pid()


def children(pid: int) -> list[int]:
    told = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in told.stdout.split()]


async def main(home: Path, loopback: bool) -> None:
    async with running(home, loopback=loopback or None) as urls:
        with psycopg.connect(urls.superuser) as connection:
            connection.execute("select 1")
        print(urls.superuser, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), "--loopback" in sys.argv))
