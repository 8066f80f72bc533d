"""Any cut of the same answer gives the same text and the same suggestions; nothing is lost or guessed."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidecamp.providers.messages import Event, Finished, TextDelta, ToolCall
from aidecamp.suggestions.extraction import Extractor, Malformed, Piece, Proposal, Text, note
from aidecamp.suggestions.kinds import KINDS

SMS = {
    "type": "sms_content",
    "title": "Flash Sale SMS",
    "content": {"message": "🔥 30% off today. Reply STOP to opt out"},
    "reasoning": "Short ```texts``` perform.",
}
BLOCK = f"```suggestion\n{json.dumps(SMS, indent=1, ensure_ascii=False)}\n```"
EVERY = tuple(KINDS.values())


def extract(*events: Event, finish: bool = True, **options: Any) -> tuple[str, list[Piece]]:
    extractor = Extractor(EVERY, **options)
    pieces = [piece for event in events for piece in extractor.feed(event)]
    pieces += extractor.feed(Finished("stop")) if finish else []
    pieces += extractor.close()
    text = "".join(piece.text for piece in pieces if isinstance(piece, Text))
    return text, [piece for piece in pieces if not isinstance(piece, Text)]


def chunks(text: str, cuts: list[int]) -> list[TextDelta]:
    edges = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [TextDelta(text[a:b]) for a, b in pairwise(edges) if a < b]


ANSWERS = [
    f"Here you are.\n\n{BLOCK}\n\nAnything else?",
    f"{BLOCK}\n{BLOCK}",
    f"Text\n  ~~~ Suggestion\n{json.dumps(SMS)}\n~~~\nmore",
    f"One line ```suggestion is no block\n```suggestion {json.dumps(SMS)}```\nrest",
    "```suggestions\n{}\n```\n```python\nx = 1\n```",
    "```suggestion\n{broken\n```\nafter",
    f"Unclosed\n```suggestion\n{json.dumps(SMS)}",
    "- list\n- ``` no\n``\n`\n~~\n   \n\n",
    f"crlf\r\n```suggestion\r\n{json.dumps(SMS)}\r\n```\r\nend\u2028x\0y",
]
ANSWERS += [
    "x\n" + " " * 300 + BLOCK + "\nend",
    f"```suggestion {json.dumps(SMS | {'reasoning': 'long ' * 200})}\n```\nend",
    "```suggestion\n\n\n```",
    "```suggestion words {}\n```\n````suggestion\n```\n````\n",
]
REPLIES = [
    json.dumps({"reply": 'Say "hi" 🔥\n\\ done', "suggestion": SMS}),
    json.dumps({"reply": "Just this \ud83d lone", "suggestion": None}, ensure_ascii=True),
    json.dumps({"suggestion": SMS, "reply": "Later"}, ensure_ascii=False),
    "```json\n" + json.dumps({"reply": "Wrapped", "suggestion": SMS}) + "\n```",
    "I write prose.\n" + BLOCK,
    '{"reply": "cut in the mid',
    '{"reply": "said", "suggestion": {"type": "sms',
    '{"reply": "bad \\q escape", "suggestion": null}',
    json.dumps(SMS),
    "",
]


@settings(max_examples=300)
@given(st.sampled_from(ANSWERS), st.lists(st.integers(0, 2000), max_size=40), st.booleans())
def test_any_cut_of_an_answer_gives_the_same(answer: str, cuts: list[int], finish: bool) -> None:
    assert extract(*chunks(answer, cuts), finish=finish) == extract(TextDelta(answer), finish=finish)


@settings(max_examples=300)
@given(st.sampled_from(REPLIES), st.lists(st.integers(0, 2000), max_size=40), st.booleans())
def test_any_cut_of_a_json_answer_gives_the_same(answer: str, cuts: list[int], finish: bool) -> None:
    cut = extract(*chunks(answer, cuts), finish=finish, is_schema=True)
    assert cut == extract(TextDelta(answer), finish=finish, is_schema=True)


@given(st.text(alphabet='`~ sugetion\n{}":,-x', max_size=80), st.lists(st.integers(0, 80), max_size=10))
def test_any_text_any_cut(answer: str, cuts: list[int]) -> None:
    assert extract(*chunks(answer, cuts)) == extract(TextDelta(answer))


def test_a_block_is_withheld_and_becomes_a_proposal() -> None:
    text, (found,) = extract(TextDelta(ANSWERS[0]))
    assert text == "Here you are.\n\n\nAnything else?"
    assert isinstance(found, Proposal)
    assert (found.suggestion_type, found.title) == ("sms_content", "Flash Sale SMS")
    assert found.content == SMS["content"]


@pytest.mark.parametrize("index", [1, 2, 3, 6, 8])
def test_blocks_as_models_write_them_are_read(index: int) -> None:
    _, found = extract(TextDelta(ANSWERS[index]))
    assert found
    assert all(isinstance(each, Proposal) for each in found)


def test_ordinary_text_and_code_are_shown_as_they_are() -> None:
    for answer in (ANSWERS[4], ANSWERS[7]):
        assert extract(TextDelta(answer)) == (answer, [])


def test_a_broken_block_is_told_with_its_text() -> None:
    text, (found,) = extract(TextDelta(ANSWERS[5]))
    assert text == "after"
    assert isinstance(found, Malformed)
    assert found.is_repairable
    assert "{broken" in note(found)


@pytest.mark.parametrize("answer", [ANSWERS[0], ANSWERS[6], f"x\n{BLOCK[:60]}"])
def test_prov_07_an_answer_without_its_end_yields_no_suggestion(answer: str) -> None:
    _, found = extract(TextDelta(answer), finish=False)
    assert [type(each) for each in found] == [Malformed]
    assert isinstance(found[0], Malformed)
    assert not found[0].is_repairable
    assert found[0].raw


def test_tool_calls_become_proposals_in_order() -> None:
    arguments = {name: SMS[name] for name in ("title", "content", "reasoning")} | {"confidence": 0.9}
    strategy = {
        "title": "Plan",
        "content": {"steps": [{"action": "a", "timeline": "Week 1", "channel": "email", "rationale": "r"}]},
        "reasoning": "r",
    }
    text, found = extract(
        TextDelta("Look:"),
        ToolCall("1", "suggest_sms_content", json.dumps(arguments)),
        ToolCall("2", "suggest_strategy", json.dumps(strategy)),
        ToolCall("3", "lookup", "{}"),
    )
    assert text == "Look:"
    assert [each.suggestion_type for each in found if isinstance(each, Proposal)] == [
        "sms_content",
        "strategy",
    ]


def test_pi_09_calls_where_nothing_was_offered_are_ignored() -> None:
    extractor = Extractor(())
    pieces = extractor.feed(ToolCall("1", "suggest_sms_content", "{}")) + extractor.feed(Finished("stop"))
    assert pieces + extractor.close() == []


def test_a_json_answer_shows_its_reply_and_yields_its_suggestion() -> None:
    text, (found,) = extract(TextDelta(REPLIES[0]), is_schema=True)
    assert text == 'Say "hi" 🔥\n\\ done'
    assert isinstance(found, Proposal)
    assert extract(TextDelta(REPLIES[1]), is_schema=True) == ("Just this \ufffd lone", [])
    assert extract(TextDelta(REPLIES[2]), is_schema=True)[0] == "Later"
    assert extract(TextDelta(REPLIES[3]), is_schema=True)[0] == "Wrapped"
    text, found_in_prose = extract(TextDelta(REPLIES[4]), is_schema=True)
    assert text == "I write prose.\n"
    assert isinstance(found_in_prose[0], Proposal)
    assert extract(TextDelta(REPLIES[5]), finish=False, is_schema=True) == ("cut in the mid", [])
    assert isinstance(extract(TextDelta(REPLIES[6]), is_schema=True)[1][0], Malformed)
    assert isinstance(extract(TextDelta(REPLIES[8]), is_schema=True)[1][0], Proposal)


def test_prov_36_hidden_characters_never_pass() -> None:
    text, _ = extract(TextDelta("a\0b\ud800c\u202ed\U000e0041e"))
    assert text == "a\ufffdb\ufffdcde"


def test_a_note_keeps_fences_closed() -> None:
    shown = note(Malformed(("bad",), "````\nx", None))
    assert shown.count("`````") == 2


def test_long_answers_in_tiny_pieces_take_no_time() -> None:
    long = json.dumps(SMS | {"reasoning": "é" * 40_000})
    for answer, options in (
        (f"```suggestion {long}", {}),
        (" " * 60_000, {}),
        ("`" * 60_000, {}),
        (json.dumps({"reply": "x\\n" * 20_000, "suggestion": None}), {"is_schema": True}),
        ('{"other": "' + "x" * 60_000, {"is_schema": True}),
        (" " * 60_000, {"is_schema": True}),
    ):
        began = time.process_time()
        extract(*(TextDelta(answer[at : at + 2]) for at in range(0, len(answer), 2)), **options)
        assert time.process_time() - began < 3, answer[:20]
