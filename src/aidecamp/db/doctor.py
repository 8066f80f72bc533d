"""What may be wrong with the installation, each finding with what to do about it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString

import psycopg
from psycopg import AsyncConnection

from aidecamp.db import check, migrate
from aidecamp.settings import Settings

CLOCKS_APART_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is ok, warning (works, but) or error (will not serve)."""

    level: Literal["ok", "warning", "error"]
    subject: str
    sentence: str


async def examine(settings: Settings, serving_url: str) -> list[Finding]:
    """Everything that can be checked from here, the good news too."""
    found = [_keys(settings)]
    try:
        async with await AsyncConnection.connect(serving_url, autocommit=True) as connection:
            found += [finding async for finding in _database(connection)]
    except psycopg.OperationalError as error:
        reason = str(error).splitlines()[0]
        return [*found, Finding("error", "database", f"The database can't be reached: {reason}")]
    schema = await _schema(serving_url)
    if schema.level == "ok":
        unsafe = await check.findings(serving_url)
    else:
        unsafe = await check.of_the_role(serving_url)
    found += [schema, *(Finding("error", "isolation", sentence) for sentence in unsafe)]
    if schema.level == "ok" and not unsafe:
        found.append(Finding("ok", "isolation", "Roles, row-level security and keys are as they must be."))
    return found


def _keys(settings: Settings) -> Finding:
    try:
        keys = settings.keyring().get_secret_value().split(",")
        for key in keys:
            name, _, secret = key.partition(":")
            if not name or len(base64.b64decode(secret, validate=True)) != 32:
                raise ValueError("each is kid:base64 of 32 bytes")
    except (ValueError, OSError, binascii.Error) as error:
        return Finding("error", "master keys", f"AIDECAMP_MASTER_KEYS can't be used: {error}")
    return Finding("ok", "master keys", f"{len(keys)} master key(s); `{keys[0].partition(':')[0]}` seals.")


async def _database(connection: AsyncConnection[Any]) -> AsyncIterator[Finding]:
    version = connection.info.server_version
    yield Finding("ok", "database", f"PostgreSQL {version // 10_000}.{version % 10_000} answers.")
    if version < check.OLDEST * 10_000:
        yield Finding("error", "database", f"PostgreSQL {check.OLDEST} or newer is needed.")
    if not await _value(connection, "select exists (select from pg_extension where extname = 'pgcrypto')"):
        yield Finding(
            "error",
            "pgcrypto",
            "The extension is missing: `aidecamp migrate` creates it, or `create extension pgcrypto` there.",
        )
    there = await _value(connection, "select clock_timestamp()")
    apart = abs((datetime.now(UTC) - there).total_seconds())
    if apart > CLOCKS_APART_SECONDS:
        yield Finding("warning", "clock", f"Clocks differ by {apart:.0f} s: run NTP here and there.")
    for name in ("log_parameter_max_length", "log_parameter_max_length_on_error"):
        if await _setting(connection, name) not in ("0", "0B"):
            yield Finding(
                "warning", "logging", f"Set {name} = 0 on the database server: logs must not hold parameters."
            )
    if await _setting(connection, "log_statement") in ("all", "mod"):
        yield Finding("warning", "logging", "log_statement is on: the server's log grows with every request.")


async def _schema(serving_url: str) -> Finding:
    try:
        missing = await migrate.pending(serving_url)
    except migrate.MigrationError as error:
        return Finding("error", "schema", str(error))
    except psycopg.errors.InsufficientPrivilege:
        return Finding("error", "schema", "The serving role may not read the schema: run `aidecamp migrate`.")
    if missing:
        return Finding("error", "schema", f"{len(missing)} migration(s) are missing: run `aidecamp migrate`.")
    return Finding("ok", "schema", "The schema is up to date.")


async def _setting(connection: AsyncConnection[Any], name: str) -> str:
    return str(await _value(connection, "select current_setting(%s)", name))


async def _value(connection: AsyncConnection[Any], sql: LiteralString, *parameters: str) -> Any:
    row = await (await connection.execute(sql, parameters)).fetchone()
    return row[0] if row else None
