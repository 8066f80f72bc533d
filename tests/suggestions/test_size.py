"""A question must stay cheap: what goes with it is small, so that 10,000 tokens a day are worth having."""

from __future__ import annotations

import pytest

from aidecamp.chat import prompt
from aidecamp.chat.prompt import Mode, Offer
from aidecamp.suggestions import offer
from aidecamp.suggestions.kinds import KINDS

EMPTY = "0 contacts. Nothing was sent yet."


def whole(
    context: str, mode: Mode, kinds: tuple[offer.Kind, ...], window: int = 32_768, lean: bool = False
) -> int:
    offering = Offer(
        mode=mode,
        words=offer.instructions(kinds, mode, lean=lean),
        tools=offer.tools(kinds) if mode == "tools" else (),
        schema=offer.schema(kinds, lean=lean) if mode == "schema" else None,
    )
    assembled = prompt.assemble(
        context_type=context,  # type: ignore[arg-type]
        snapshot=EMPTY,
        history=[],
        question="",
        offer=offering,
        window=window,
        max_tokens=400,
    )
    return assembled.estimated_input


@pytest.mark.parametrize("context", offer.BY_CONTEXT)
@pytest.mark.parametrize("mode", ["tools", "schema", "fence"])
def test_instructions_tools_and_an_empty_snapshot_stay_under_1000_tokens(context: str, mode: Mode) -> None:
    assert whole(context, mode, offer.kinds_for(context)) < 1000


@pytest.mark.parametrize("kind", KINDS)
def test_the_try_out_model_reads_less_than_600_tokens(kind: str) -> None:
    """The schema steers its sampling and is no part of what it reads; it is counted here all the same."""
    counted = whole("campaign", "schema", (KINDS[kind],), window=2048, lean=True)
    assert counted / prompt.SAFETY_FACTOR < 600
