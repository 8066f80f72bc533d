"""An answer that was asked for as one JSON object: its `reply` is shown while it is written."""

from __future__ import annotations

import json
from typing import Any

import regex

from aidecamp.suggestions.fences import Fences
from aidecamp.suggestions.proposals import CUT, Malformed, Proposal, from_value
from aidecamp.suggestions.shapes import WrongShape, clean, strict_json

START = regex.compile(r'\s*\{\s*"reply"\s*:\s*"')
LONGEST_START = 2000
HEX = "[0-9a-fA-F]"
# Whole escapes only: half an escape, or half a surrogate pair, waits for its rest.
SAID = regex.compile(
    rf'(?:[^"\\]|\\["\\/bfnrt]|\\u(?![dD][89abAB]){HEX}{{4}}'
    rf"|\\u[dD][89abAB]{HEX}{{2}}\\u[dD][c-fC-F]{HEX}{{2}}"
    rf"|\\u[dD][89abAB]{HEX}{{2}}(?=[^\\]|\\[^u]|\\u(?![dD][c-fC-F]){HEX}{{4}}))*+"
)
WRAPPED = regex.compile(
    r"\s*```(?:json)?\s*\n(?P<inside>.*?)\n?\s*(?:```\s*)?", regex.DOTALL | regex.IGNORECASE
)


class Replies:
    """Models that ignore the wish and write prose are read as prose."""

    def __init__(self) -> None:
        self._buffer = ""
        self._at: int | None = None
        self._shown = ""
        self._prose: Fences | None = None

    def feed(self, text: str) -> str:
        if self._prose is not None:
            return self._prose.feed(text)
        self._buffer += text
        if self._at is None and len(self._buffer) < LONGEST_START:
            begun = self._buffer.lstrip()
            if begun and begun[0] not in "{`":
                return self._as_prose()
        if self._at is None and (start := START.match(self._buffer)):
            self._at = start.end()
        return self._say() if self._at is not None else ""

    def close(self, *, is_finished: bool) -> tuple[str, list[Proposal | Malformed]]:
        if self._prose is not None:
            return self._prose.close(is_finished=is_finished)
        wrapped = WRAPPED.fullmatch(self._buffer)
        raw = wrapped["inside"] if wrapped else self._buffer
        try:
            value = strict_json(raw)
        except WrongShape as error:
            return self._broken(error, raw, is_finished=is_finished)
        return self._whole(value, raw)

    def _as_prose(self) -> str:
        self._prose = Fences()
        return self._prose.feed(self._buffer)

    def _say(self) -> str:
        assert self._at is not None
        match = SAID.match(self._buffer, self._at)
        assert match is not None
        self._at = match.end()
        said = clean(json.loads(f'"{match.group()}"', strict=False)) if match.group() else ""
        self._shown += said
        return said

    def _whole(self, value: Any, raw: str) -> tuple[str, list[Proposal | Malformed]]:
        if not isinstance(value, dict) or not ("reply" in value or "content" in value):
            return "", [Malformed(("expected an object with `reply` and `suggestion`",), raw)]
        reply = value.get("reply")
        said = clean(reply) if isinstance(reply, str) else ""
        suggestion = value.get("suggestion", None if "reply" in value else value)
        found = (
            [] if suggestion is None else [from_value(suggestion, json.dumps(suggestion, ensure_ascii=False))]
        )
        return said.removeprefix(self._shown), found

    def _broken(
        self, error: WrongShape, raw: str, *, is_finished: bool
    ) -> tuple[str, list[Proposal | Malformed]]:
        if self._at is None and raw.lstrip()[:1] != "{":
            text = self._as_prose()
            held, found = self._prose.close(is_finished=is_finished) if self._prose else ("", [])
            return text + held, found
        # An answer that ended inside its reply lost no suggestion: there was none yet.
        if self._at is not None and self._buffer[self._at :].strip('" ,}\n') == "":
            return "", []
        reasons = error.reasons if is_finished else (CUT,)
        return "", [Malformed(reasons, raw)]
