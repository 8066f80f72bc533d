"""Numbered SQL files, each applied once, in order, by one process at a time, never changed afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import AsyncConnection

ADVISORY_LOCK = 0x41494445
WAIT_FOR_OTHERS = "120s"
WAIT_FOR_TABLES = "5s"
FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


class MigrationError(RuntimeError):
    """The schema can't be brought up to date; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def known() -> list[Migration]:
    """The migrations that this version brings, in order."""
    found = []
    for path in files("aidecamp.db").joinpath("migrations").iterdir():
        if match := FILE_NAME.fullmatch(path.name):
            text = path.read_text(encoding="utf-8")
            found.append(Migration(int(match[1]), path.name.removesuffix(".sql"), text))
    found.sort(key=lambda migration: migration.number)
    numbers = [migration.number for migration in found]
    if len(set(numbers)) != len(numbers):
        raise MigrationError("Two migrations share a number.")
    return found


async def migrate(
    owner_url: str, serving_role: str, migrations: Sequence[Migration] | None = None
) -> list[str]:
    """Apply what is missing and grant the serving role its rights; the names of what was applied."""
    wanted = known() if migrations is None else migrations
    try:
        async with await AsyncConnection.connect(owner_url, autocommit=True) as connection:
            await connection.execute("select set_config('lock_timeout', %s, false)", (WAIT_FOR_OTHERS,))
            await connection.execute("select pg_advisory_lock(%s)", (ADVISORY_LOCK,))
            await connection.execute("select set_config('lock_timeout', %s, false)", (WAIT_FOR_TABLES,))
            applied = await _apply(connection, wanted)
            await connection.execute("call grant_serving(%s)", (serving_role,))
            return applied
    except psycopg.errors.LockNotAvailable as error:
        raise MigrationError(
            "The tables are busy (or another migration runs); nothing was half-applied. Try again."
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"The owning role may not change the schema ({str(error).splitlines()[0]}): make it the owner of "
            "the database and of everything in it."
        ) from error


async def pending(url: str) -> list[str]:
    """What `migrate` would apply. Works with the serving role's rights."""
    async with await AsyncConnection.connect(url) as connection:
        return [migration.name for migration in _missing(known(), await _ledger(connection))]


async def _apply(connection: AsyncConnection[Any], wanted: Sequence[Migration]) -> list[str]:
    await connection.execute(
        """create table if not exists migrations (
               number     integer primary key,
               name       text not null,
               checksum   text not null,
               applied_at timestamptz not null default now()
           )"""
    )
    applied = []
    for migration in _missing(wanted, await _ledger(connection)):
        async with connection.transaction():
            try:
                await connection.execute(migration.sql.encode())
            except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege):
                raise
            except psycopg.Error as error:
                raise MigrationError(f"Migration {migration.name} failed: {error}") from error
            await connection.execute(
                "insert into migrations (number, name, checksum) values (%s, %s, %s)",
                (migration.number, migration.name, migration.checksum),
            )
        applied.append(migration.name)
    return applied


async def _ledger(connection: AsyncConnection[Any]) -> dict[int, tuple[str, str]]:
    exists = await (await connection.execute("select to_regclass('migrations') is not null")).fetchone()
    if not exists or not exists[0]:
        return {}
    rows = await connection.execute("select number, name, checksum from migrations")
    return {number: (name, checksum) async for number, name, checksum in rows}


def _missing(wanted: Sequence[Migration], ledger: dict[int, tuple[str, str]]) -> list[Migration]:
    for migration in wanted:
        if migration.number in ledger and ledger[migration.number][1] != migration.checksum:
            raise MigrationError(
                f"{migration.name}.sql differs from what was applied as {ledger[migration.number][0]}: "
                "this database was made by another version of Aidecamp."
            )
    newest = max((migration.number for migration in wanted), default=0)
    if newer := sorted(number for number in ledger if number > newest):
        raise MigrationError(
            f"The database is newer than this Aidecamp (it has migration {newer[-1]:04}); upgrade Aidecamp."
        )
    return [migration for migration in wanted if migration.number not in ledger]


async def serving_role(serving_url: str) -> str:
    """The role's own name, as the server knows it."""
    async with await AsyncConnection.connect(serving_url) as connection:
        row = await (await connection.execute("select current_user::text")).fetchone()
        if row is None:
            raise MigrationError("The serving role can't be asked for its name.")
        return str(row[0])
