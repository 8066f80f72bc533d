"""The standards' own vectors, exactly."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidecamp.content import sms, social
from tests.material import shared


def twilio() -> list[dict[str, Any]]:
    return json.loads(shared("reference/sms/boundary_vectors_twilio.json").read_text())


def test_sms_boundaries_are_counted_as_the_carriers_do() -> None:
    for vector in twilio():
        counted = sms.count(vector["text"])
        if not vector["text"]:
            continue
        assert (counted.encoding, counted.segments) == (vector["encoding"], vector["segments"]), vector[
            "name"
        ]
        bits = 7 if counted.encoding == "GSM-7" else 16
        assert counted.units * bits == vector["message_bits"], vector["name"]
        assert list(counted.non_gsm) == vector["non_gsm"], vector["name"]


def test_real_texts_are_counted_as_the_carriers_do() -> None:
    texts = read_lines(shared("marketing/sms_every10th.tsv"))
    with shared("marketing/sms_every10th_expected.tsv").open(newline="") as file:
        expected = list(csv.DictReader(file, delimiter="\t"))
    assert len(texts) == len(expected)
    for text, row in zip(texts, expected, strict=True):
        counted = sms.count(text)
        assert (counted.encoding, counted.segments) == (row["encoding"], int(row["segments"])), text
        assert social.weight(text) == int(row["tweet_weight"]), text


def read_lines(path: Path) -> list[str]:
    return [line.split("\t", 1)[1] for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize(
    "group", ["WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"]
)
def test_x_weighs_posts_as_its_own_library_does(group: str) -> None:
    vectors = yaml.safe_load(shared("reference/twitter_text/validate.yml").read_text(encoding="utf-8"))
    for vector in vectors["tests"][group]:
        assert social.weight(vector["text"]) == vector["expected"]["weightedLength"], vector["description"]
