"""Fenced blocks marked `suggestion` in running text: withheld from the reader, whatever the chunks."""

from __future__ import annotations

import regex

from aidecamp.suggestions.proposals import Malformed, Proposal, from_block

OPEN = regex.compile(
    r"[ \t]*(?:(?:[-*+>]|\d{1,3}[.)])[ \t]*)?(?P<fence>`{3,}|~{3,})[ \t]*suggestion", regex.IGNORECASE
)
AFTER_OPENING = " \t{"
LONGEST_OPENING = 200
"""A line that begins with more blanks than this opens no block."""
CLOSE = regex.compile(r"(?P<rest>(?:.*\})?)[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*")


class Fences:
    """Line by line: a line's beginning is held back only as long as it could still open a block."""

    def __init__(self) -> None:
        self._line = ""
        self._is_line_start = True
        self._fence: str | None = None
        self._body: list[str] = []
        self._found: list[Proposal | Malformed] = []

    def feed(self, text: str) -> str:
        """The text to show now."""
        return "".join(self._part(part) for part in _lines(text))

    def close(self, *, is_finished: bool) -> tuple[str, list[Proposal | Malformed]]:
        """Held text, and the blocks found. An unclosed block counts if the answer is finished."""
        if self._fence is None:
            held, self._line = self._line, ""
            return held, self._found
        if not self._closes(self._line):
            self._body.append(self._line)
            self._end()
        return "", self._found

    def _part(self, part: str) -> str:
        is_whole = part.endswith("\n")
        if self._fence is not None:
            self._line += part
            if is_whole:
                self._inside(self._line)
            return ""
        if not self._is_line_start:
            self._is_line_start = is_whole
            return part
        self._line += part
        opening = OPEN.match(self._line[:LONGEST_OPENING])
        if opening and self._line[opening.end() : opening.end() + 1] in (*AFTER_OPENING, "\n"):
            self._open(opening["fence"], self._line[opening.end() :])
            return ""
        if not is_whole and self._may_open():
            return ""
        shown, self._line, self._is_line_start = self._line, "", is_whole
        return shown

    def _may_open(self) -> bool:
        return len(self._line) < LONGEST_OPENING and OPEN.fullmatch(self._line, partial=True) is not None

    def _open(self, fence: str, rest: str) -> None:
        self._fence, self._body, self._line = fence, [], rest
        if rest.endswith("\n"):
            self._inside(rest)

    def _inside(self, line: str) -> None:
        self._line = ""
        if not self._closes(line.rstrip("\n")):
            self._body.append(line)

    def _closes(self, line: str) -> bool:
        closing = CLOSE.fullmatch(line)
        if closing is None or self._fence is None or not closing["fence"].startswith(self._fence):
            return False
        self._body.append(closing["rest"])
        self._end()
        return True

    def _end(self) -> None:
        self._found.append(from_block("".join(self._body)))
        self._fence, self._body, self._line, self._is_line_start = None, [], "", True


def _lines(text: str) -> list[str]:
    """Split on line feeds alone: other separators may stand inside a JSON string."""
    parts = text.split("\n")
    whole = [f"{part}\n" for part in parts[:-1]]
    return [*whole, parts[-1]] if parts[-1] else whole
