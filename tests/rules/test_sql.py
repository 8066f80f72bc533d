"""SQL stands in a room's store, as literals: nothing that a person wrote ever becomes part of a statement."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.rules.source import Source, product

# Where in the arguments the statement is.
STATEMENT = {
    "one": 1, "maybe": 1, "all": 1, "stream": 1,
    "value": 0, "values": 0, "run": 0, "run_many": 0, "copy": 0,
}  # fmt: skip
DRIVER = {"execute", "executemany", "mogrify"}
STORES = re.compile(r"(^|/)(store\.py|store/\w+\.py)$")
ALSO = {"audit.py", "providers/vault.py"}
# The runner and the cluster compose identifiers with psycopg.sql; `Transaction` hands statements on.
GROUND = re.compile(r"(db|jobs)/")
COMPOSED = {
    "db/cluster.py",
    "db/transaction.py",
    "db/migrate.py",
    "db/check.py",
    "db/doctor.py",
    "db/signals.py",
}


def test_statements_are_only_in_stores() -> None:
    assert misplaced(product()) == []


def test_statements_are_literals() -> None:
    assert composed(product()) == []


@pytest.mark.parametrize(
    "text",
    [
        'async def f(tx):\n    await tx.value("select 1")',
        'async def f(tx):\n    await tx.run("delete from users")',
        'def f(c):\n    c.execute("select 1")',
        'async def f(tx):\n    async for row in tx.stream(Row, "select 1"): ...',
    ],
)
def test_the_rule_finds_a_statement_in_the_wrong_place(text: str) -> None:
    assert len(misplaced([Source("chat/api.py", text)])) == 1
    assert misplaced([Source("chat/store.py", text), Source("chat/store/turns.py", text)]) == []


@pytest.mark.parametrize(
    "statement",
    [
        'f"select {name}"', '"select " + name', '"select {}".format(name)', '"select %s" % name',
        "build()", "name", "lowercase_name",
    ],
)  # fmt: skip
def test_the_rule_finds_a_composed_statement(statement: str) -> None:
    text = f"async def f(tx, name):\n    await tx.all(Row, {statement})"
    assert len(composed([Source("chat/store.py", text)])) == 1


def test_the_rule_knows_literals_and_named_literals() -> None:
    text = 'IDS = "id"\nFIND = f"select {IDS}"\nasync def f(tx):\n'
    text += '    await tx.value(FIND)\n    await tx.value("a" "b")'
    assert composed([Source("chat/store.py", text)]) == []


def misplaced(sources: list[Source]) -> list[str]:
    return [
        f"{source.name}:{call.lineno}"
        for source in sources
        if not (STORES.search(source.name) or source.name in ALSO or GROUND.match(source.name))
        for call, _ in statements(source)
    ]


def composed(sources: list[Source]) -> list[str]:
    return [
        f"{source.name}:{call.lineno}"
        for source in sources
        if source.name not in COMPOSED
        for call, statement in statements(source)
        if not _is_literal(statement, _literals(source))
    ]


def statements(source: Source) -> Iterator[tuple[ast.Call, ast.expr | None]]:
    """Calls that send a statement to the database, with the statement's expression."""
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, receiver = node.func.attr, node.func.value
        if name in DRIVER:
            yield node, node.args[0] if node.args else None
        elif name in STATEMENT and isinstance(receiver, ast.Name) and receiver.id in ("tx", "transaction"):
            place = STATEMENT[name]
            yield node, node.args[place] if len(node.args) > place else None


def _literals(source: Source) -> set[str]:
    """Names of constants that hold a literal: written in capitals, assigned once, at the top."""
    names: set[str] = set()
    for node in source.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_literal(node.value, names):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {t.id for t in targets if isinstance(t, ast.Name) and t.id.strip("_").isupper()}
    return names


def _is_literal(node: ast.expr | None, names: set[str]) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.JoinedStr):
        # A column list that several statements share is still a literal.
        parts = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return all(isinstance(part, ast.Name) and part.id in names for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_literal(node.left, names) and _is_literal(node.right, names)
    return False
