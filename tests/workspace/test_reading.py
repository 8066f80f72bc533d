"""Files of any encoding, delimiter and quality come out as the same rows, in whatever pieces they arrive."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.errors import Invalid
from aidecamp.workspace.importing.reading import CELL_LIMIT, Malformed, Reader, Row
from tests.material import shared

VECTORS = (
    "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf",
    "quotes_and_newlines", "simple", "simple_crlf", "utf8",
)  # fmt: skip
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ue000\r\x00"), max_size=20)


def read(data: bytes, piece: int = 1 << 16) -> list[Row | Malformed]:
    reader = Reader()
    out = [r for at in range(0, len(data), piece) for r in reader.feed(data[at : at + piece])]
    return out + reader.close()


def cells(data: bytes, piece: int = 1 << 16) -> list[list[str]]:
    return [record.cells for record in read(data, piece) if isinstance(record, Row)]


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
def test_csv_spectrum_vectors_are_read_as_their_json_says(name: str, piece: int) -> None:
    header, *rows = cells(shared(f"reference/csv/csvs/{name}.csv").read_bytes(), piece)
    expected = json.loads(shared(f"reference/csv/json/{name}.json").read_text("utf-8"))
    assert [dict(zip(header, row, strict=True)) for row in rows] == expected


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=12), st.integers(1, 40))
def test_what_csv_wrote_is_read_back_in_any_pieces(rows: list[list[str]], piece: int) -> None:
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["a", "b"], *rows])
    assert cells(text.getvalue().encode(), piece) == [["a", "b"], *rows]


@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_bytes_break_the_reader_and_pieces_never_matter(data: bytes, piece: int) -> None:
    try:
        whole = read(data)
    except Invalid:
        return
    assert read(data, piece) == whole


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_detected_io_08(encoding: str, delimiter: str) -> None:
    text = f"Email{delimiter}Vorname\r\njörg@example.org{delimiter}Jörg\r\n"
    assert cells(text.encode(encoding)) == [["Email", "Vorname"], ["jörg@example.org", "Jörg"]]


def test_single_lines_in_another_encoding_are_still_read() -> None:
    data = "a,b\nü,1\n".encode() + "é,2\n".encode("cp1252") + "ö,3\n".encode()
    reader = Reader()
    records = [*reader.feed(data), *reader.close()]
    assert [r.cells[0] for r in records if isinstance(r, Row)] == ["a", "ü", "é", "ö"]
    assert reader.decoder.fallback


def test_a_stray_quote_costs_its_own_row_only() -> None:
    records = read(b'a,b\n1,"x\n2,y\n3,z\n', 3)
    assert records[1] == Malformed(2, '1,"x', "A quote is opened and never closed.")
    assert cells(b'a,b\n1,"x\n2,y\n3,z\n') == [["a", "b"], ["2", "y"], ["3", "z"]]


def test_a_cell_beyond_the_limit_is_a_malformed_row_io_07() -> None:
    data = b"a,b\n1," + b"x" * (CELL_LIMIT + 1) + b"\n2,y\n"
    records = read(data)
    assert isinstance(records[1], Malformed)
    assert records[1].reason == "A cell is longer than 131,072 characters."
    assert records[2] == Row(3, ["2", "y"])


def test_a_line_without_end_is_dropped_in_constant_memory_io_04() -> None:
    reader = Reader()
    kept: list[Row | Malformed] = list(reader.feed(b"a,b\n1,"))
    for _ in range(40):
        kept += reader.feed(b"x" * (1 << 18))
        assert len(reader._text) + len(reader.decoder._held) < 4 << 20
    kept += reader.feed(b"\n2,y\n")
    kept += reader.close()
    assert [record.line for record in kept] == [1, 2, 3]
    assert isinstance(kept[1], Malformed)


def test_old_line_ends_and_the_delimiter_hint_of_excel_are_understood() -> None:
    assert cells(b"a\rb\rc\r") == [["a"], ["b"], ["c"]]
    assert cells(b"sep=;\r\na,b;c\r\n1,2;3\r\n") == [["a,b", "c"], ["1,2", "3"]]


@pytest.mark.parametrize("magic", [b"PK\x03\x04rest", b"\x1f\x8brest", b"%PDF-1.7"])
def test_archives_in_disguise_are_refused_io_05(magic: bytes) -> None:
    with pytest.raises(Invalid):
        read(magic)
