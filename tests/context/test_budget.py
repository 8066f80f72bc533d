"""What fits is shown from the dearest down; what does not is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aidecamp.context.budget import Section, fit

SECTIONS = st.lists(
    st.builds(
        Section,
        st.sampled_from("abcdef"),
        st.text(min_size=1, max_size=30),
        st.lists(st.text(min_size=1, max_size=60), max_size=12).map(tuple),
    ),
    max_size=6,
)


@given(SECTIONS, st.integers(0, 400))
def test_the_budget_holds(sections: list[Section], budget: int) -> None:
    assert fit(sections, budget).tokens <= budget


@given(SECTIONS)
def test_with_room_nothing_is_left_out(sections: list[Section]) -> None:
    fitted = fit(sections, 100_000)
    assert fitted.omitted == ()
    assert list(fitted.sections) == sections


def test_rows_go_from_the_end_and_it_says_so() -> None:
    section = Section("weeks", "By week:", tuple(f"week {n}: sent 1200, open 35.1%" for n in range(20)))
    fitted = fit([section], 60)
    assert fitted.omitted == ("weeks",)
    rows = fitted.sections[0].rows
    assert rows[0].startswith("week 0")
    assert rows[-1] == f"(+{20 - len(rows) + 1} more)"
