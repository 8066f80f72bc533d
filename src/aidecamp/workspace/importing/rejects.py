"""The rows that could not be kept, with their reason, as a file that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import unicodedata
from io import StringIO

FORMULA = "=+-@\t\r\n\0|%"


class Rejects:
    """Collects rejected rows as CSV text; `take` empties it, so that it stays small."""

    def __init__(self, header: list[str]) -> None:
        self.count = 0
        self._header = header
        self._text = StringIO()
        self._writer = csv.writer(self._text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")

    def add(self, line: int, reason: str, cells: list[str]) -> None:
        if self.count == 0:
            self._writer.writerow(["line", "reason", *map(safe, self._header)])
        self.count += 1
        self._writer.writerow([line, reason, *map(safe, cells)])

    def take(self) -> bytes:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode("utf-8", "replace")


def safe(cell: str) -> str:
    """No spreadsheet takes the cell for a formula: also after spaces, marks, quotes and in full width."""
    bare = unicodedata.normalize("NFKC", cell.replace("\0", "\ufffd"))
    start = bare.lstrip(" \u00a0\ufeff\u200b\"'")
    if (start[:1] in FORMULA and start) or bare[:1] in "\t\r\n":
        return "'" + cell.replace("\0", "\ufffd")
    return cell.replace("\0", "\ufffd")
