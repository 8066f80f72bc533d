"""The embedded cluster's folder: what lies in it, who may see it, how the server itself names it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aidecamp.db.unprivileged import Account


@dataclass(frozen=True)
class Folder:
    """`<home>/postgres`. The account is the one that runs the server where we are root."""

    root: Path
    account: Account | None

    @cached_property
    def descriptor(self) -> int | None:
        """Open where PostgreSQL runs as another account.

        That account can't pass through a closed home such as /root: it gets this folder as an open
        descriptor, which each of its processes inherits, and everything below by a path through it.
        """
        if self.account and sys.platform == "linux":
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        return None

    @property
    def inside(self) -> str:
        """The folder's path as the server says it."""
        return str(self.root) if self.descriptor is None else f"/proc/self/fd/{self.descriptor}"

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            del self.__dict__["descriptor"]

    def note(self, name: str) -> str:
        """A short text kept in the folder; empty where there is none."""
        try:
            return (self.root / name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        """Replace a text as a whole, so that a kill leaves the old or the new one."""
        path = self.root / name
        fresh = path.with_name(f".{path.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(mode)
        fresh.replace(path)
        return path

    def private(self, path: Path) -> Path:
        """Make a folder that only the server's account can open (and root, where we are root)."""
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
        self.give(path)
        return path

    def give(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)
