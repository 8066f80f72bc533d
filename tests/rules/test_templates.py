"""What the content security policy forbids is not written in the first place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "aidecamp"
TEMPLATES = sorted(SOURCE.glob("*/templates/*.html"))
SHEETS = sorted(SOURCE.glob("web/static/css/*.css"))
SCRIPTS = sorted(SOURCE.glob("web/static/js/*.js"))
LONGEST = 300

FORBIDDEN_IN_TEMPLATES = {
    "an inline style": r"<style|\sstyle\s*=",
    "an inline handler": r"<[^>]*\son[a-z]+\s*=",
    "an inline script": r"<script(?![^>]*\bsrc=)",
    "evaluated htmx": r"\bhx-on|[\"']js:|\bhx-vars",
    "a script address": r"javascript:",
    "a foreign address that is fetched": (
        r"<(?:script|link|img|iframe|form|source|use)\b[^>]*\b"
        r"(?:src|href|action)=[\"'](?:https?:)?//"
    ),
    "an unescaped value": r"\|\s*safe\b|autoescape\s+false",
    "a form without the token": r"<form(?=[^>]*method=[\"']?post)(?:(?!</form>).)*</form>",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: f"{p.parts[-3]}/{p.name}")
def test_templates_hold_nothing_that_the_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for what, pattern in FORBIDDEN_IN_TEMPLATES.items():
        for found in re.finditer(pattern, text, re.IGNORECASE | re.DOTALL):
            if what.startswith("a form") and re.search(r"csrf|/sign-in", found.group()):
                continue
            pytest.fail(f"{path.name}: {what}: {found.group()[:80]}")


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.name)
def test_sheets_fetch_nothing_foreign(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//|url\(\s*[\"']?data:|expression\(", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_scripts_are_small_and_evaluate_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert not re.search(r"\beval\(|new Function|document\.write|insertAdjacentHTML|https?://", text)


def test_files_stay_small() -> None:
    long = [p.name for p in TEMPLATES + SHEETS if len(p.read_text(encoding="utf-8").splitlines()) > LONGEST]
    assert not long
