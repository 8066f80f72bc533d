"""Commands as an operator runs them: answers on stdout, one line on stderr, nothing left running."""

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
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.db.holder import pid_of

AIDECAMP = Path(sys.executable).with_name("aidecamp")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One home for the module: making a database is not what these tests are about."""
    path = Path(tempfile.mkdtemp(prefix="adc-cli-"))
    yield path
    for home in path.iterdir():
        if home.is_dir():
            assert pid_of(home) is None, "a command left the database running"
    shutil.rmtree(path)


@pytest.fixture
def home(folder: Path) -> Path:
    return folder / "home"


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIDECAMP_")}
    return kept | {"AIDECAMP_HOME": str(home)} | more


def run(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AIDECAMP, *arguments], env=environment(home, **more), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def answer(home: Path, *arguments: str) -> dict[str, object]:
    done = run(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Serving:
    """A running `aidecamp serve`."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [AIDECAMP, "serve", "--port", str(self.port), *arguments],
            env=environment(home, AIDECAMP_LOG_FORMAT="json"), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ready(self) -> None:
        for _ in range(1500):
            if self.status("/readyz") == 200:
                return
            assert self.process.poll() is None, "serve ended"
            time.sleep(0.1)
        raise AssertionError("serve never became ready")


def test_migrate_then_doctor_finds_nothing(home: Path) -> None:
    assert isinstance(answer(home, "migrate")["applied"], list)
    findings = answer(home, "doctor")["findings"]
    assert {finding["level"] for finding in findings} == {"ok"}  # type: ignore[attr-defined, index]


def test_backup_restores_to_the_same(home: Path, folder: Path) -> None:
    answer(home, "migrate")
    made = answer(home, "customers", "create", "Harbour & Vine")
    answer(home, "backup", str(folder / "one.sql"))
    assert (folder / "one.sql").stat().st_mode & 0o777 == 0o600
    other = folder / "other"
    answer(other, "restore", str(folder / "one.sql"))
    answer(other, "backup", str(folder / "two.sql"))
    texts = [(folder / name).read_text() for name in ("one.sql", "two.sql")]
    assert texts[0].count("\n") == texts[1].count("\n")
    assert all(str(made["id"]) in text for text in texts)
    assert answer(other, "doctor")["findings"] == answer(home, "doctor")["findings"]
    refused = run(other, "restore", str(folder / "one.sql"))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_trail_of_commands_is_verified(home: Path) -> None:
    answer(home, "migrate")
    verdict = answer(home, "audit", "verify")
    assert all(trail["problem"] is None for trail in verdict["trails"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "more", "status"),
    [
        (["nonsense"], {}, 2),
        (["serve", "--port", "many"], {}, 2),
        (["restore", "/does/not/exist"], {}, 1),
        (["backup", "/does/not/exist/file.sql"], {}, 1),
        (["serve"], {"AIDECAMP_DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/x"}, 1),
        (["doctor"], {"AIDECAMP_RATE_PER_MINUTE": "-1"}, 1),
        (["migrate"], {"AIDECAMP_HOME": "/proc/nowhere"}, 1),
    ],
)
def test_failure_is_one_line_and_a_status(
    home: Path, arguments: list[str], more: dict[str, str], status: int
) -> None:
    done = subprocess.run(
        [AIDECAMP, *arguments], env=environment(home) | more, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == status
    assert done.stderr.startswith("aidecamp: ")
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_serve_shares_its_database_and_stops_it_at_the_end(home: Path, workers: str, end: int) -> None:
    serving = Serving(home, "--workers", workers)
    try:
        serving.ready()
        server = pid_of(home)
        assert server
        assert serving.status("/healthz") == 200
        assert serving.status("/metrics") == 200
        answer(home, "migrate")
        assert pid_of(home) == server
    finally:
        serving.process.send_signal(end)
        serving.process.wait(90)
    assert pid_of(home) is None


def test_killed_server_is_taken_up_by_the_next_command(home: Path) -> None:
    serving = Serving(home)
    serving.ready()
    server = pid_of(home)
    serving.process.kill()
    serving.process.wait()
    assert pid_of(home) == server
    answer(home, "doctor")
    assert pid_of(home) is None
