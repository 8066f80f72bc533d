"""Every setting is documented where operators look for it."""

from __future__ import annotations

import re

from aidecamp.settings import PREFIX, Settings
from tests.rules.source import ROOT

PAGE = ROOT / "docs" / "operations.md"


def test_every_setting_is_documented() -> None:
    assert undocumented(PAGE.read_text()) == []


def test_no_documented_setting_is_gone() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(rf"^\| `({PREFIX}[A-Z_]+)`", PAGE.read_text(), re.MULTILINE))
    assert named - known == set()


def test_the_rule_finds_a_missing_setting() -> None:
    assert f"{PREFIX}HOME" in undocumented("nothing here")


def undocumented(page: str) -> list[str]:
    names = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    return [name for name in names if f"`{name}`" not in page]
