"""Strict shapes: what a model may not smuggle in, and what of the specification must pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aidecamp.content.checks import Facts
from aidecamp.metering.estimate import tokens
from aidecamp.suggestions import offer
from aidecamp.suggestions.kinds import KINDS
from aidecamp.suggestions.proposals import Malformed, Proposal, from_block, from_call
from tests.suggestions.examples import EXAMPLES

FACTS = Facts(merge_fields=frozenset({"first_name"}))
GOOD: dict[str, Any] = {"title": "T", "content": {"message": "Hi"}, "reasoning": "r"}


def call(**changes: Any) -> Proposal | Malformed:
    return from_call("suggest_sms_content", json.dumps(GOOD | changes))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["type"])
def test_the_specifications_examples_carry_no_error(example: dict[str, Any]) -> None:
    proposal = from_block(json.dumps(example, ensure_ascii=False))
    assert isinstance(proposal, Proposal)
    assert proposal.content == example["content"]
    kind = KINDS[proposal.suggestion_type]
    checks = kind.checks(proposal.content, FACTS)
    assert [check for check in checks if check.level == "error"] == []
    assert all(check.fix for check in checks if check.level == "warning")
    kind.draft(proposal.title, proposal.content)


@pytest.mark.parametrize(
    "raw",
    [
        '{"a":' * 1000 + "1" + "}" * 1000,
        "[" * 100_000,
        '{"title": "T", "content": {"message": "x"}, "reasoning": "r", "confidence": NaN}',
        '{"title": "T", "content": {"message": "x"}, "reasoning": "r", "confidence": 1e999}',
        '{"title": "T", "content": {"message": "x"}, "reasoning": "r", "confidence": -Infinity}',
        '{"title": "T", "content": {"message": "x"}, "reasoning": "r", "n": ' + "9" * 5000 + "}",
        '{"title": "T", "title": "U", "content": {"message": "x"}, "reasoning": "r"}',
        json.dumps(GOOD | {"reasoning": "x" * 5_000_000}),
        json.dumps(GOOD | {"confidence": 7}),
        json.dumps(GOOD | {"confidence": "0.9"}),
        json.dumps(GOOD | {"confidence": True}),
        json.dumps(GOOD | {"title": ""}),
        json.dumps(GOOD | {"title": "t" * 256}),
        json.dumps(GOOD | {"content": {}}),
        json.dumps(GOOD | {"content": {"message": 7}}),
        json.dumps(GOOD | {"content": "message"}),
        json.dumps([GOOD]),
        "null",
        "",
        "{",
    ],
    ids=range(20),
)
def test_prov_34_dark_json_is_refused_with_a_reason(raw: str) -> None:
    found = from_call("suggest_sms_content", raw)
    assert isinstance(found, Malformed)
    assert found.reasons
    assert all(len(reason) < 300 for reason in found.reasons)


def test_pi_03_what_the_server_decides_is_ignored() -> None:
    found = call(status="applied", applied_to_id="x", user_id="y", customer_id="z", id="i", checks=[])
    assert found == call()


def test_prov_36_texts_are_cleaned() -> None:
    found = call(title="A\0\nB", content={"message": "a\ud800b\u202e"})
    assert isinstance(found, Proposal)
    assert (found.title, found.content) == ("A\ufffd B", {"message": "a\ufffdb"})


def test_slips_that_lose_nothing_are_forgiven() -> None:
    post = {"text": "Hi", "hashtags": ["sale", "#new"], "platform": "Twitter"}
    found = from_call("suggest_social_post", json.dumps(GOOD | {"content": post}))
    assert isinstance(found, Proposal)
    assert found.content == {"text": "Hi", "hashtags": ["#sale", "#new"], "platform": "x"}
    inside = json.dumps({"message": "Hi"})
    assert from_call("suggest_sms_content", json.dumps(json.dumps(GOOD | {"content": inside}))) == call()
    broken_line = '{"title": "T", "content": {"message": "two\nlines"}, "reasoning": "r"}'
    assert isinstance(from_call("suggest_sms_content", broken_line), Proposal)
    wrong = from_call("suggest_social_post", json.dumps(GOOD | {"content": post | {"platform": "myspace"}}))
    assert isinstance(wrong, Malformed)
    assert "myspace" not in " ".join(wrong.reasons)


@pytest.mark.parametrize("context", offer.BY_CONTEXT)
def test_instructions_and_tools_stay_small(context: str) -> None:
    kinds = offer.kinds_for(context)
    tools = json.dumps([[t.name, t.description, t.parameters] for t in offer.tools(kinds)])
    assert tokens(tools) + tokens(offer.instructions(kinds, "tools")) < 750
    schema = json.dumps(offer.schema(kinds))
    assert tokens(schema) + tokens(offer.instructions(kinds, "schema")) < 750
    assert tokens(offer.instructions(kinds, "fence")) < 300
    for kind in KINDS.values():
        assert tokens(offer.instructions([kind], "schema", lean=True)) < 40


def test_what_is_asked_for_comes_first() -> None:
    assert [k.name for k in offer.kinds_for("analytics", ["social_post"])] == ["social_post"]
    assert offer.kinds_for("analytics", question="Write a tweet")[0].name == "social_post"
    assert offer.kinds_for("campaign", question="Draft a newsletter")[0].name == "email_content"
    assert offer.is_wanted("Please write an SMS about our sale")
    assert offer.is_wanted("Schreib mir eine SMS")
    assert not offer.is_wanted("Why did the open rate fall?")
    assert offer.is_wanted("x", ["sms_content"])
