"""Where the embedded server listens and whom it lets in: a closed folder's socket, or loopback with scram."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

from aidecamp.db.folder import Folder
from aidecamp.db.unprivileged import own_name

SUPERUSER, OWNER, SERVING, DATABASE = "postgres", "aidecamp_owner", "aidecamp_app", "aidecamp"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107
# PostgreSQL splits its list of socket folders at commas and quotes; other paths get a short one elsewhere.
PLAIN_PATH = re.compile(r"[\w./+@~-]+")


class Address:
    """Local users are never trusted: the kernel says who is at the other end (peer), or scram asks."""

    def __init__(self, folder: Folder, loopback: bool | None = None) -> None:
        self._folder = folder
        self.loopback = not hasattr(socket, "AF_UNIX") if loopback is None else loopback

    def choose(self) -> None:
        """Before a start: a place that is free, noted for the processes that attach."""
        if self.loopback:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self._folder.write("port", str(probe.getsockname()[1]))
            return
        run = self._folder.root / "run"
        if len(os.fsencode(run / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(str(run)):
            shutil.rmtree(run, ignore_errors=True)
            self._folder.private(run)
        elif self.is_safe():
            run = Path(self._folder.note("socket"))
        else:
            run = Path(tempfile.mkdtemp(prefix="aidecamp-", dir="/tmp"))  # short, and mkdtemp is safe
            self._folder.give(run)
        self._folder.write("socket", str(run))

    def is_safe(self) -> bool:
        """Whether the noted place is still ours: another user could have made a folder in its stead."""
        if self.loopback:
            return bool(self._folder.note("port"))
        try:
            state = os.lstat(self._folder.note("socket"))
        except OSError:
            return False
        account = self._folder.account
        owner = account.uid if account else os.geteuid()
        return stat.S_ISDIR(state.st_mode) and state.st_uid == owner and not state.st_mode & 0o077

    def url(self, role: str) -> str:
        if self.loopback:
            secret = quote(self.passwords()[role], safe="")
            return f"postgresql://{role}:{secret}@127.0.0.1:{self._folder.note('port')}/{DATABASE}"
        account = self._folder.account
        server = account.name if account else own_name()
        place = quote(self._folder.note("socket"), safe="")
        # requirepeer: neither do we talk to a server that somebody else put there.
        return f"postgresql://{role}@/{DATABASE}?host={place}&port=5432&requirepeer={quote(server, safe='')}"

    def passwords(self) -> dict[str, str]:
        """By role; made once, readable for us alone."""
        if not self._folder.note("passwords"):
            lines = [f"{role}:{secrets.token_urlsafe(32)}\n" for role in (SUPERUSER, OWNER, SERVING)]
            self._folder.write("passwords", "".join(lines), mode=0o600)
        lines = self._folder.note("passwords").splitlines()
        return {role: secret for role, _, secret in (line.partition(":") for line in lines)}

    def settings(self) -> dict[str, str]:
        """What the server's configuration says of it."""
        if self.loopback:
            return {
                "listen_addresses": "127.0.0.1",
                "port": self._folder.note("port"),
                "unix_socket_directories": "",
            }
        noted = self._folder.note("socket")
        own = noted == str(self._folder.root / "run")
        return {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f"{self._folder.inside}/run" if own else noted,
            "unix_socket_permissions": "0700",
        }

    def rules(self) -> str:
        """pg_hba.conf"""
        if self.loopback:
            return "host all all 127.0.0.1/32 scram-sha-256\n"
        return "local all all peer map=aidecamp\n"

    def identities(self) -> str:
        """pg_ident.conf: which accounts of the system may come in, in whichever role."""
        account = self._folder.account
        # `nobody` may run the server for root, but other programs run as nobody too.
        names = {own_name(), "root"} | ({account.name} if account else set()) - {"nobody"}
        return "".join(f'aidecamp "{name}" all\n' for name in sorted(names) if name)
