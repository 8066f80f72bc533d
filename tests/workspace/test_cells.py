"""Cells mean what they say, or are refused with a sentence; no cell breaks the import."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.workspace.importing import cells
from aidecamp.workspace.importing.cells import BadCell
from aidecamp.workspace.importing.rejects import safe
from aidecamp.workspace.importing.times import Clock

CLOCK = Clock("Europe/Berlin", datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("29.90", "29.90"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("12,5", "12.50"),
        ("1,234", "1234.00"), ("$ 12", "12.00"), ("1'000.00", "1000.00"), ("-3", "-3.00"), ("'5", "5.00"),
    ],
)  # fmt: skip
def test_amounts_are_read_in_the_ways_people_write_them(cell: str, amount: str) -> None:
    assert cells.money(cell) == Decimal(amount)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-03-05T10:00:00Z", "2026-03-05T10:00:00+00:00"),
        ("2026-03-05 10:00", "2026-03-05T10:00:00+01:00"),
        ("2026/07/05 10:00:00", "2026-07-05T10:00:00+02:00"),
        ("2026-03-05 10:00:00 UTC", "2026-03-05T10:00:00+00:00"),
        ("19970104", "1997-01-04T00:00:00+01:00"),
        ("1767225600", "2026-01-01T00:00:00+00:00"),
        ("1767225600000", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_times_are_read_as_exports_write_them(cell: str, moment: str) -> None:
    assert CLOCK.moment(cell).isoformat() == moment


@pytest.mark.parametrize("cell", ["", "yesterday", "31/12/2026", "1960-01-01", "2027-01-01", "9999999999"])
def test_times_that_cannot_be_are_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        CLOCK.moment(cell)


@pytest.mark.parametrize(
    "cell", ["a@b", "a b@example.org", "a@example..org", "@example.org", "a@@example.org"]
)
def test_what_is_no_address_is_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        cells.email(cell)


@pytest.mark.parametrize(
    ("cell", "said"), [("SUBSCRIBED", True), ("never_subscribed", False), ("maybe", None)]
)
def test_consent_is_only_what_was_said(cell: str, said: bool | None) -> None:
    assert cells.consent(cell) is said


@given(st.text(max_size=60))
def test_any_cell_is_a_value_or_a_sentence(cell: str) -> None:
    readers = (cells.email, cells.phone, cells.money, cells.kind, cells.channel, CLOCK.moment, cells.consent)
    for read in readers:
        with suppress(BadCell):
            read(cell)
    for clean in (cells.text(cell), cells.line(cell)):
        clean.encode()
        assert "\0" not in clean
    assert not set(cells.line(cell)) & set("\n\r\t")


@given(
    st.sampled_from(["", " ", "\t", "\ufeff", '"', "'"]), st.sampled_from("=+-@＝＋－＠"), st.text(max_size=9)
)
def test_no_cell_begins_a_formula_io_02(before: str, sign: str, after: str) -> None:
    assert safe(before + sign + after).startswith("'")
