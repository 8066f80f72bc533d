"""One door out: only egress.py opens connections to elsewhere."""

from __future__ import annotations

import ast
import re

import pytest

from tests.rules.source import Source, product

CLIENTS = (
    {"aiohttp", "httpx", "httpx2", "httpcore", "requests", "urllib3", "http.client", "urllib.request"}
    | {"socket", "ssl", "smtplib", "ftplib", "websockets"}
)  # fmt: skip
# The embedded database looks for a free port; egress is the door; mail goes to the operator's own relay.
ALLOWED = re.compile(r"^(egress\.py|egress/|mail\.py$|db/cluster\.py$|db/address\.py$|demo/)")


def test_only_the_door_opens_connections() -> None:
    assert strangers(product()) == []


@pytest.mark.parametrize(
    "text",
    [
        "import httpx",
        "from aiohttp import ClientSession",
        "import urllib.request",
        "from urllib import request",
        "from http import client",
        "def f():\n    import socket",
        "import asyncio\nasyncio.open_connection('a', 1)",
    ],
)
def test_the_rule_finds_a_second_door(text: str) -> None:
    assert len(strangers([Source("providers/call.py", text)])) == 1
    assert strangers([Source("egress.py", text)]) == []


def strangers(sources: list[Source]) -> list[str]:
    return [
        f"{source.name}:{node.lineno} {name}"
        for source in sources
        if not ALLOWED.match(source.name)
        for node, name in _uses(source)
        if any(name == client or name.startswith(client + ".") for client in CLIENTS)
        or name in ("create_connection", "open_connection")
    ]


def _uses(source: Source) -> list[tuple[ast.stmt | ast.expr, str]]:
    found: list[tuple[ast.stmt | ast.expr, str]] = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [(node, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [(node, name) for name in whole[:1]]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found.append((node, node.func.attr))
    return found
