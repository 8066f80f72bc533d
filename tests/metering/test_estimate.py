"""The estimate against what a provider really billed, and what must hold for any text."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from aidecamp.metering.estimate import bound, tokens
from tests.material import shared


def billed() -> list[tuple[str, int, int]]:
    """Prompt text, number of messages, billed prompt tokens; without tools, which are billed apart."""
    lines = shared("reference/tokens/token_counts_billed_public.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        ("".join(m["content"] for m in row["messages"]), len(row["messages"]), row["billed_prompt_tokens"])
        for row in rows
        if row["formula_exact"] and all(isinstance(m.get("content"), str) for m in row["messages"])
    ]


def test_what_is_reserved_covers_what_is_billed_and_wastes_little() -> None:
    rows = billed()
    assert len(rows) > 50
    for text, messages, count in rows:
        assert count <= bound(text, messages) <= count * 1.6 + 12, text[:60]


def test_the_best_estimate_is_within_a_fifth_of_a_longer_prompt() -> None:
    for text, messages, count in billed():
        if count >= 100:
            assert abs(tokens(text) + 4 * messages - count) <= count * 0.25, text[:60]


@given(st.text(max_size=400))
def test_any_text_has_a_sane_figure(text: str) -> None:
    count = tokens(text)
    assert (count == 0) == (text == "")
    assert count <= 2 * len(text)
    assert tokens(text + "a word") >= count


def test_a_megabyte_is_counted_in_a_moment() -> None:
    assert tokens("größer 你好 " * 100_000) > 0
