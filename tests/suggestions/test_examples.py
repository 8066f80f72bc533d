"""The example of each kind: valid, without an error check, and of the lean shape that it teaches."""

import json
import re

import pytest

from aidecamp.content.checks import Facts
from aidecamp.metering.estimate import tokens
from aidecamp.suggestions import offer
from aidecamp.suggestions.kinds import KINDS


@pytest.mark.parametrize("name", sorted(KINDS))
def test_an_example_is_a_valid_suggestion_of_its_kind(name):
    kind = KINDS[name]
    content = kind.read(dict(kind.example.content))
    assert not [check for check in kind.checks(content, Facts()) if check.level == "error"]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_an_example_has_the_lean_shape_that_it_teaches(name):
    _, answer = offer.example(KINDS[name])
    assert_fits(json.loads(answer.content), offer.schema([KINDS[name]], lean=True))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_an_example_costs_little(name):
    question, answer = offer.example(KINDS[name])
    assert tokens(question.content) + tokens(answer.content) <= 240


def assert_fits(value, schema):
    if schema.get("type") == "object":
        assert set(value) == set(schema["properties"])
        for key, inner in schema["properties"].items():
            assert_fits(value[key], inner)
    elif schema.get("type") == "array":
        for item in value:
            assert_fits(item, schema["items"])
    elif "enum" in schema:
        assert value in schema["enum"]
    else:
        assert re.fullmatch(schema["pattern"], value), (value, schema["pattern"])
