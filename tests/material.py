"""Material that nobody here wrote, read from beside the checkout; absent, the test is skipped and says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared(path: str) -> Path:
    found = folder() / path
    if not found.exists():
        pytest.skip(f"shared/data/{path} is not beside this checkout")
    return found


def folder() -> Path:
    return Path(os.environ.get("AIDECAMP_SHARED_DATA") or ROOT.parent / "shared" / "data")
