"""Charts: whatever the numbers, well-formed, escaped, from zero, with words for those who can't see them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.web import charts
from aidecamp.web.charts import Spot

VALUES = st.floats(min_value=0, max_value=1e12, allow_nan=False)


def parsed(markup: object) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))


@given(st.lists(st.tuples(st.text(alphabet="ab<>&\"' ", max_size=8), VALUES), max_size=40))
def test_bars_stay_inside_and_are_well_formed(points: list[tuple[str, float]]) -> None:
    chart = parsed(charts.bars(points, title="<b>Tokens</b>", unit="tokens"))
    marks = [r for r in chart.iter("rect") if (r.get("class") or "").startswith("mark")]
    assert len(marks) == len(points)
    for mark in marks:
        top, height = float(mark.get("y", "")), float(mark.get("height", ""))
        assert top >= charts.TOP - 0.1
        assert abs(top + height - (charts.HEIGHT - charts.BOTTOM)) < 0.2


@given(st.lists(st.tuples(VALUES, VALUES), min_size=0, max_size=40))
def test_lines_with_bands_are_well_formed(pairs: list[tuple[float, float]]) -> None:
    spots = [Spot("a", min(p), min(p) * 0.9, max(p), "<note>" if i == 1 else "") for i, p in enumerate(pairs)]
    parsed(charts.line(spots, title="Open rate"))


def test_heat_says_what_it_does_not_know() -> None:
    text = str(charts.heat([[None] * 24] * 6 + [[0.5] * 24], title="Clicks"))
    parsed(text)
    assert text.count("too few to say") == 6 * 24
    assert "Sun 00:00: 0.5" in text


def test_every_chart_has_a_title_a_description_and_no_style() -> None:
    for chart in (
        charts.bars([("a", 1)], title="T"),
        charts.line([Spot("a", 1)], title="T"),
        charts.heat([[1.0] * 24] * 7, title="T"),
    ):
        assert ">T</title>" in chart
        assert "<desc" in chart
        assert not re.search(r"\sstyle=|\son\w+=|https?:", str(chart))


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (12, "12"), (1500, "1.5K"), (1_000_000, "1M"), (2.5e9, "2.5B"), (0.25, "0.25")],
)
def test_axis_figures_are_short(value: float, written: str) -> None:
    assert charts.short(value) == written


@pytest.mark.parametrize("highest", [5e-324, 2e-308, 1e-300])
def test_the_smallest_values_have_an_axis_too(highest: float) -> None:
    assert charts.nice(highest) >= highest


@given(st.floats(min_value=1e-6, max_value=1e15))
def test_the_axis_reaches_above_the_highest_value_but_not_far(highest: float) -> None:
    assert highest * 0.999 <= charts.nice(highest) <= highest * 2.51
