"""All SQL of provider rows; keys leave here only as our inner ciphertext."""

from aidecamp.providers.store.changes import (
    add,
    change,
    count,
    hold,
    note_test,
    promote,
    put_key,
    remove,
    undefault,
)
from aidecamp.providers.store.rows import Callable, Row, active, listed, own, saved

__all__ = [
    "Callable",
    "Row",
    "active",
    "add",
    "change",
    "count",
    "hold",
    "listed",
    "note_test",
    "own",
    "promote",
    "put_key",
    "remove",
    "saved",
    "undefault",
]
