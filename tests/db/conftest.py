"""A home of a test's own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.db.holder import pid_of


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path of our own: pytest's are too long to show that the ordinary case is ordinary."""
    folder = Path(tempfile.mkdtemp(prefix="adc-"))
    yield folder / "home"
    assert pid_of(folder / "home") is None, "the test left a server running"
    shutil.rmtree(folder)
