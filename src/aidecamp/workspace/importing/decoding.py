"""Bytes of a file of unknown encoding to text, block by block, without ever failing half-way."""

from __future__ import annotations

import codecs

from aidecamp.errors import Invalid

SAMPLE_BYTES = 64 * 1024
BLOCK_LIMIT = 1024 * 1024
"""A run of bytes without a line end is given on at this size; the reader then refuses the row."""

NOT_CSV = (
    (b"PK\x03\x04", "a zip or Excel file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"%PDF", "a PDF"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"(\xb5/\xfd", "a zstd file"),
)
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Decoder:
    """UTF-8 with or without mark, UTF-16, or Windows-1252, decided by the bytes.

    A file that says it is UTF-8 but holds single lines in Windows-1252, as spliced exports do, is read line
    by line; `fallback` is true afterwards.
    """

    def __init__(self) -> None:
        self.fallback = False
        self._held = b""
        self._wide: codecs.IncrementalDecoder | None = None
        self._begun = False

    def feed(self, data: bytes) -> str:
        self._held += data
        if not self._begun:
            if len(self._held) < SAMPLE_BYTES:
                return ""
            self._begin()
        return self._decode(final=False)

    def close(self) -> str:
        if not self._begun:
            self._begin()
        return self._decode(final=True)

    def _begin(self) -> None:
        self._begun = True
        for magic, name in NOT_CSV:
            if self._held.startswith(magic):
                raise Invalid(f"This is {name}, not a CSV file.", help="Export it as CSV and import that.")
        encoding = wide_encoding(self._held[:SAMPLE_BYTES])
        if encoding:
            self._wide = codecs.getincrementaldecoder(encoding)(errors="replace")
        elif self._held.startswith(codecs.BOM_UTF8):
            self._held = self._held[len(codecs.BOM_UTF8) :]

    def _decode(self, *, final: bool) -> str:
        if self._wide is not None:
            data, self._held = self._held, b""
            return self._wide.decode(data, final).removeprefix("\ufeff")
        end = len(self._held) if final else self._held.rfind(b"\n") + 1
        if end == 0 and len(self._held) >= BLOCK_LIMIT:
            end = len(self._held)
        block, self._held = self._held[:end], self._held[end:]
        try:
            return block.decode("utf-8")
        except UnicodeDecodeError:
            return "".join(self._line(line) for line in block.split(b"\n"))[:-1]

    def _line(self, line: bytes) -> str:
        try:
            return line.decode("utf-8") + "\n"
        except UnicodeDecodeError:
            self.fallback = True
            # The five bytes that Windows-1252 leaves undefined become U+FFFD, not an error.
            return line.decode("cp1252", errors="replace") + "\n"


def wide_encoding(sample: bytes) -> str | None:
    """UTF-16 by its mark, or by the zero bytes that plain letters leave in it."""
    if sample.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if sample.startswith(UTF16_MARKS):
        return "utf-16"
    half = len(sample) // 2
    if half < 2:
        return None
    if sample[1::2].count(0) > half * 0.6 and sample[0::2].count(0) < half * 0.1:
        return "utf-16-le"
    if sample[0::2].count(0) > half * 0.6 and sample[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return None
