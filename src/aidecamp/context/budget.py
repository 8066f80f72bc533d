"""Fits sections into a budget of tokens: by priority, row by row, saying what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aidecamp.metering.estimate import tokens

LEFT_OUT = "(+{} more)"
LEFT_OUT_TOKENS = 6


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its rows, the most telling first. `name` says in the records what it was."""

    name: str
    heading: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    sections: tuple[Section, ...]
    omitted: tuple[str, ...]
    """Names of sections that are not there, or not whole."""

    @property
    def text(self) -> str:
        blocks = ("\n".join([section.heading, *section.rows]).strip() for section in self.sections)
        return "\n".join(blocks)

    @property
    def tokens(self) -> int:
        return tokens(self.text)


def fit(sections: Sequence[Section], budget: int) -> Fitted:
    """The first sections are the dearest: they take what they need, the later ones what is left."""
    kept: list[Section] = []
    omitted: list[str] = []
    left = budget
    for section in sections:
        cut = _cut(section, left)
        if cut is None or cut.rows != section.rows:
            omitted.append(section.name)
        if cut is not None:
            kept.append(cut)
            left -= _cost(cut)
    return Fitted(tuple(kept), tuple(omitted))


def _cut(section: Section, budget: int) -> Section | None:
    """As many rows as fit; a heading alone tells nothing."""
    if _cost(section) <= budget:
        return section
    rows: list[str] = []
    left = budget - _line(section.heading) - LEFT_OUT_TOKENS
    for row in section.rows:
        left -= _line(row)
        if left < 0:
            break
        rows.append(row)
    if not rows:
        return None
    more = LEFT_OUT.format(len(section.rows) - len(rows))
    return Section(section.name, section.heading, (*rows, more))


def _cost(section: Section) -> int:
    return _line(section.heading) + sum(map(_line, section.rows))


def _line(text: str) -> int:
    return tokens(text) + 1 if text else 0
