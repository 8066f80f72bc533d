"""Comments say why; nothing is left for later; errors are never swallowed; no room of leftovers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.rules.source import PRODUCT, Source, product

LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
LEFTOVERS = {
    "utils",
    "util",
    "helpers",
    "helper",
    "service",
    "services",
    "manager",
    "misc",
    "common",
    "schemas",
}


def test_nothing_is_left_for_later() -> None:
    assert [f"{s.name}:{n}" for s in product() for n in later(s)] == []


def test_no_error_is_swallowed() -> None:
    assert [f"{s.name}:{n}" for s in product() for n in swallowed(s)] == []


def test_every_module_with_code_says_what_it_is() -> None:
    silent = [s.name for s in product() if s.tree.body and not ast.get_docstring(s.tree)]
    assert silent == []


def test_file_names_speak() -> None:
    names = {path.stem for path in PRODUCT.rglob("*.py")} | {p.name for p in PRODUCT.rglob("*") if p.is_dir()}
    assert names & LEFTOVERS == set()


@pytest.mark.parametrize("text", ["x = 1  # TODO later", "# FIXME", '"""XXX."""'])
def test_the_rule_finds_what_was_left(text: str) -> None:
    assert later(Source("a.py", text)) == [1]


@pytest.mark.parametrize(
    "handler", ["except Exception:\n    pass", "except:\n    x = 1", "except BaseException:\n    return_ = 1"]
)
def test_the_rule_finds_a_swallowed_error(handler: str) -> None:
    assert swallowed(Source("a.py", f"try:\n    f()\n{handler}")) == [3]


def test_an_outermost_edge_that_logs_is_fine() -> None:
    assert swallowed(Source("a.py", "try:\n    f()\nexcept Exception:\n    log.exception('x')")) == []


def later(source: Source) -> list[int]:
    return [number for number, line in enumerate(source.lines, 1) if LATER.search(line)]


def swallowed(source: Source) -> list[int]:
    """Handlers of every exception that neither raise nor log."""
    return [
        node.lineno
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _speaks(node)
    ]


def _catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException"))
        for kind in kinds
    )


def _speaks(handler: ast.ExceptHandler) -> bool:
    return any(
        isinstance(node, ast.Raise)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("log", "logger")
        )
        for node in ast.walk(handler)
    )


def test_the_tree_is_where_we_think() -> None:
    assert Path(PRODUCT, "actor.py").exists()
