"""CSV text to rows: quick where a block is plain, patient and recovering where it is not."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import NamedTuple

from aidecamp.workspace.importing.decoding import Decoder

DELIMITERS = ",;\t|"
CELL_LIMIT = 131_072
RECORD_LINES = 500
"""A cell that runs over more lines than this was most likely opened by a stray quote."""
LINE_LIMIT = 1024 * 1024
SHOWN = 2000
# A private-use line after each block: that it comes back as a row of its own proves that no quote is open.
SENTINEL = "\ue000end-of-block\ue000"

UNCLOSED = "A quote is opened and never closed."
TOO_LONG = "A cell is longer than 131,072 characters."


class Row(NamedTuple):
    """`line` is the physical line the row begins on, from 1. A tuple, since there are millions of them."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Malformed:
    line: int
    raw: str
    reason: str


class Reader:
    """Feed it bytes in any pieces; it gives rows and malformed rows, in constant memory.

    A stray quote costs the row it stands in, never the rows after it. Empty lines are skipped.
    """

    def __init__(self) -> None:
        self.decoder = Decoder()
        self.delimiter: str | None = None
        self._text = ""
        self._line = 1
        self._skipping = False
        self._carriage = False

    def feed(self, data: bytes) -> list[Row | Malformed]:
        return self._take(self.decoder.feed(data), final=False)

    def close(self) -> list[Row | Malformed]:
        return self._take(self.decoder.close(), final=True)

    def _take(self, text: str, *, final: bool) -> list[Row | Malformed]:
        if text and self.delimiter is None and not self._text:
            self._carriage = "\n" not in text and "\r" in text
        if self._carriage:
            text = text.replace("\r", "\n")
        self._text += text
        out: list[Row | Malformed] = []
        self._skip()
        end = len(self._text) if final else self._text.rfind("\n") + 1
        block, self._text = self._text[:end], self._text[end:]
        if final and block and not block.endswith("\n"):
            block += "\n"
        if len(self._text) > LINE_LIMIT:
            out_of_bounds = Malformed(self._line + block.count("\n"), self._text[:SHOWN], TOO_LONG)
        else:
            out_of_bounds = None
        if block:
            out += self._rows(block, final=final)
        if out_of_bounds:
            out.append(out_of_bounds)
            self._text, self._skipping = "", True
        return out

    def _skip(self) -> None:
        """Drop the rest of a line that was too long, however many blocks it spans."""
        if self._skipping:
            _dropped, newline, rest = self._text.partition("\n")
            self._text = rest if newline else ""
            if newline:
                self._skipping = False
                self._line += 1

    def _rows(self, block: str, *, final: bool) -> list[Row | Malformed]:
        if self.delimiter is None:
            block = self._sniff(block)
        lines = block.count("\n")
        try:
            rows = list(csv.reader(StringIO(block + SENTINEL, newline="\n"), delimiter=self.delimiter or ","))
        except csv.Error:
            rows = []
        if len(rows) == lines + 1 and rows[-1] == [SENTINEL]:
            first = self._line
            self._line += lines
            return [Row(line, cells) for line, cells in enumerate(rows[:-1], first) if cells]
        return list(self._patiently(block, final=final))

    def _sniff(self, block: str) -> str:
        """The delimiter stands most often in the header, outside quotes; Excel may say it: `sep=;`."""
        header, _, rest = block.partition("\n")
        told = header.strip().lower()
        if told.startswith("sep=") and len(told) == 5:
            self.delimiter = header.strip()[4]
            self._line += 1
            return rest
        plain = "".join(header.split('"')[0::2])
        self.delimiter = max(DELIMITERS, key=plain.count)
        return block

    def _patiently(self, block: str, *, final: bool) -> Iterator[Row | Malformed]:
        lines = list(StringIO(block, newline="\n"))
        at = 0
        while at < len(lines):
            cells, used, reason = self._record(lines, at)
            if reason == UNCLOSED and not final and used < RECORD_LINES and self._fits(lines, at):
                self._text = "".join(lines[at:]) + self._text
                return
            if reason:
                yield Malformed(self._line, lines[at].rstrip("\r\n")[:SHOWN], reason)
                used = 1
            elif cells:
                yield Row(self._line, cells)
            self._line += used
            at += used

    def _record(self, lines: list[str], at: int) -> tuple[list[str], int, str | None]:
        """One record from the line `at`: its cells, how many lines it took, and what is wrong with it."""
        window = [*lines[at : at + RECORD_LINES], SENTINEL]
        reader = csv.reader(window, delimiter=self.delimiter or ",")
        try:
            cells = next(reader)
        except csv.Error as error:
            long = "field larger" in str(error)
            return (
                [],
                reader.line_num,
                TOO_LONG
                if long and reader.line_num <= 1
                else UNCLOSED
                if long
                else ("A line end stands where none may be; the cell needs quotes."),
            )
        if reader.line_num == len(window):
            return [], len(window) - 1, UNCLOSED
        return cells, reader.line_num, None

    def _fits(self, lines: list[str], at: int) -> bool:
        return sum(len(line) for line in lines[at:]) <= CELL_LIMIT
