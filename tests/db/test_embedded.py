"""The embedded PostgreSQL: first start, attaching, leaving, kills, half-made folders, long paths."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from aidecamp.db import embedded
from aidecamp.db.cluster import Cluster
from aidecamp.db.embedded import running
from tests.db.holder import Holder, children, pid_of


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
