"""Small at every scale: a file under 300 lines, a function under 50."""

from __future__ import annotations

from statistics import median

from tests.rules.source import ROOT, Source, body_length, functions, product

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEMPLATE = 300, 50, 150
# Text that comes from others is kept as they wrote it.
FOREIGN = {"0004_jobs.sql"}


def test_no_file_is_long() -> None:
    assert long_files(product()) == []


def test_no_function_is_long() -> None:
    assert long_functions(product()) == []


def test_most_files_and_functions_are_small() -> None:
    sources = [source for source in product() if source.lines]
    assert median(len(source.lines) for source in sources) <= 90
    assert median(body_length(node) for source in sources for node in functions(source)) <= 8


def test_no_test_file_migration_or_template_is_long() -> None:
    paths = [
        path
        for pattern in ("tests/**/*.py", "src/aidecamp/db/migrations/*.sql", "src/aidecamp/**/*.html")
        for path in ROOT.glob(pattern)
        if path.name not in FOREIGN
    ]
    assert paths
    assert [path.name for path in paths if path.read_text().count("\n") >= LONGEST_FILE] == []


def test_the_rule_finds_what_breaks_it() -> None:
    long_file = Source("long.py", "x = 1\n" * LONGEST_FILE)
    long_function = Source("f.py", "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION)
    assert long_files([long_file]) == ["long.py: 300 lines"]
    assert long_functions([long_function]) == ["f.py: f has 50 lines"]


def long_files(sources: list[Source]) -> list[str]:
    return [f"{s.name}: {len(s.lines)} lines" for s in sources if len(s.lines) >= LONGEST_FILE]


def long_functions(sources: list[Source]) -> list[str]:
    return [
        f"{source.name}: {node.name} has {body_length(node)} lines"
        for source in sources
        for node in functions(source)
        if body_length(node) >= LONGEST_FUNCTION
    ]
