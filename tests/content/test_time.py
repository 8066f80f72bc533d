"""Hostile text costs no more time than ordinary text: nothing here grows with the square of its length."""

from __future__ import annotations

import time

import pytest

from aidecamp.content.checks import MOST, Facts, ordered
from aidecamp.suggestions.kinds import KINDS

SIZE = 60_000
FACTS = Facts(frozenset({"first_name", "last_name"}), frozenset({"acme.com"}), "Acme")
UNITS = [
    "<a", "<a ", "<", "<!--", "href = ", "{{x}}", "{{", "a.", "a", "a-", "[", "[your ", "](", "<%", "*|",
    "<svg", "<p a='", '<p a="&#', "${", "{%", "https://", "http://a", "<img src=//x>", "#", "url(", "![",
    "![](https://a ", "https://e.io/x ", "a\u0301", "\U0001f468\u200d", "on=", "{{ a | ", "{{a}", "=\"'",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_checks_are_quick(unit: str) -> None:
    text = (unit * (SIZE // len(unit) + 1))[:SIZE]
    contents = {
        "email_content": {
            "subject": text[:1000],
            "preheader": text[:1000],
            "body": text,
            "cta_text": text[:200],
        },
        "sms_content": {"message": text[:10_000]},
        "social_post": {"text": text, "hashtags": [text[:150]] * 100, "platform": "x"},
    }
    began = time.process_time()
    for name, content in contents.items():
        assert len(ordered(KINDS[name].checks(content, FACTS))) <= MOST
    assert time.process_time() - began < 3
