"""Tables in files: every cell comes back, whatever the file's dialect, and no row is lost in
silence."""

import codecs
import csv
import io
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.errors import TooLarge, Unreadable
from broadgauge_collector.imports import sheets, text_sheets, workbooks
from broadgauge_collector.imports.sheets import MAX_FILE_BYTES, Row, Sheet, open_sheet

SEPARATORS = ",;\t|"
LINE_ENDS = ["\n", "\r\n", "\r"]
LETTERS = {
    "utf-8": st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    "cp1252": st.characters(codec="ascii", exclude_characters="\0") | st.sampled_from("éüñàø"),
}
ENCODINGS = {
    "utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-8", "cp1252": "cp1252",
}  # fmt: skip


@st.composite
def _written(draw: st.DrawFn) -> tuple[list[list[str]], bytes]:
    """A table, and the file it was written to."""
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    width = draw(st.integers(2, 5))
    cell = st.text(LETTERS[ENCODINGS[encoding]], max_size=8)
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=6))
    table = [[f"Column {n}" for n in range(width)], *rows]
    target = io.StringIO(newline="")
    csv.writer(
        target,
        delimiter=draw(st.sampled_from(SEPARATORS)),
        lineterminator=draw(st.sampled_from(LINE_ENDS)),
        quoting=csv.QUOTE_ALL,
    ).writerows(table)
    return table, target.getvalue().encode(encoding)


@given(_written())
def test_a_table_of_any_dialect_and_encoding_comes_back_cell_for_cell(
    written: tuple[list[list[str]], bytes],
) -> None:
    table, content = written
    sheet = _sheet(content)
    rows = list(sheet.rows)

    assert [list(sheet.header), *(list(row.cells) for row in rows)] == table
    assert all(row.whole for row in rows)


@given(
    st.sampled_from(SEPARATORS),
    st.sampled_from(LINE_ENDS),
    st.lists(
        st.lists(st.text(st.sampled_from('ab ",;|\t\r\n'), max_size=6), min_size=3, max_size=3)
    ),
)
def test_a_table_with_no_more_quotes_than_needed_comes_back(
    separator: str, line_end: str, rows: list[list[str]]
) -> None:
    rows = [[_kept_by_writer(cell, line_end) for cell in row] for row in rows]
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=separator, lineterminator=line_end)
    writer.writerows([["one", "two", "three"], *rows])
    read = list(_sheet(target.getvalue().encode()).rows)

    assert [list(row.cells) for row in read] == rows


@given(st.lists(st.text(st.sampled_from('ab,"\n'), max_size=12)))
def test_no_line_of_a_broken_file_is_lost(lines: list[str]) -> None:
    """Each line begins a row or is a further line of one, as far as it has any character."""
    content = "\n".join(["x,y", *lines])
    seen: set[int] = set()
    for row in _sheet(content.encode()).rows:
        seen.update(range(row.line, row.line + 1 + len(row.inner)))

    said = {n for n, line in enumerate(content.split("\n"), 1) if line.strip() and n > 1}
    assert said <= seen


def test_rows_know_the_line_where_they_begin() -> None:
    rows = _rows('a,b\n\n1,"two\nlines"\n\n2,x\n')

    assert [(row.line, row.cells) for row in rows] == [(3, ("1", "two\nlines")), (6, ("2", "x"))]


def test_a_row_with_more_or_fewer_cells_is_not_whole() -> None:
    assert [row.whole for row in _rows("a,b\n1\n1,2\n1,2,3\n,\n")] == [False, True, False, True]


def test_empty_lines_are_no_rows() -> None:
    assert _rows("a,b\n\n  \n\r\n") == []


def test_separators_within_quotes_of_the_heading_do_not_count() -> None:
    assert _sheet(b'"a,b,c,d";x\n1;2\n').header == ("a,b,c,d", "x")


def test_excels_line_that_names_the_separator_is_heeded() -> None:
    sheet = _sheet(b"sep=;\na,x;b\n1;2\n")

    assert sheet.header == ("a,x", "b")
    assert next(sheet.rows) == Row(3, ("1", "2"), True)


def test_a_heading_is_found_below_title_lines() -> None:
    content = b'Devices of the district\n"As of 5/6, 2024"\n\nserial;model\n1;2\n'
    sheet = _sheet(content, lambda cells: "serial" in cells)

    assert sheet.header == ("serial", "model")
    assert next(sheet.rows).line == 5


def test_a_heading_below_the_first_ten_lines_is_not_looked_for() -> None:
    content = ("title\n" * 10 + "serial,model\n").encode()

    assert _sheet(content, lambda cells: "serial" in cells).header == ("title",)


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE),
     ("utf-16-be", codecs.BOM_UTF16_BE), ("utf-8", b""), ("cp1252", b"")],
)  # fmt: skip
def test_the_encoding_is_found(encoding: str, bom: bytes) -> None:
    sheet = _sheet(bom + "Größe,Café\n1,Montréal € 2\n".encode(encoding))

    assert sheet.header == ("Größe", "Café")
    assert next(sheet.rows).cells == ("1", "Montréal € 2")


def test_bytes_that_windows_1252_has_not_are_latin_1() -> None:
    assert next(_sheet(b"a,b\n\x81\xe9,x\n").rows).cells == ("\x81é", "x")


def test_the_encoding_is_of_the_whole_file_and_not_of_its_beginning() -> None:
    content = b"a,b\n" + b"1,2\n" * 600_000 + "é,2\n".encode("cp1252")

    assert list(_sheet(content).rows)[-1].cells == ("é", "2")


def test_a_file_of_two_encodings_is_refused_with_the_line() -> None:
    content = "a,b\né,1\n".encode() + "é,2\n".encode("cp1252")

    _unreadable(content, "Line 3 .* CSV UTF-8")


def test_a_file_that_was_cut_off_within_a_character_is_refused() -> None:
    _unreadable("a,b\né,é".encode()[:-1], "cut off")


def test_a_nul_byte_is_refused_with_its_line() -> None:
    _unreadable(b"a,b\n1,2\n3,\0\n", "NUL byte in line 3")
    _unreadable("a,b\n1,\0\n".encode("utf-16"), "NUL byte in line 2")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"), (b"\n\n", "no heading"), (b"%PDF-1.7", "a PDF"),
        (b"\x1f\x8b\x08\x00", "compressed"), (b"\xd0\xcf\x11\xe0\xa1", "Save it as .xlsx"),
        (b"PK\x03\x04 not really", "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    _unreadable(content, why)


def test_a_quote_left_open_refuses_its_own_line_alone() -> None:
    content = 'a,b\n1,"open\n' + "".join(f"{n},x\n" for n in range(2, 500))
    rows = _rows(content)

    assert rows[0] == Row(2, (), False)
    assert [row.cells for row in rows[1:]] == [(str(n), "x") for n in range(2, 500)]
    assert [row.line for row in rows] == list(range(2, 501))


def test_a_quote_left_open_in_the_last_lines_refuses_its_own_line_alone() -> None:
    assert _rows('a,b\n1,"open\n2,x') == [Row(2, (), False), Row(3, ("2", "x"), True)]


def test_a_quote_that_another_row_closes_refuses_its_own_line_alone() -> None:
    rows = _rows('a,b\n1,"open\n2,"x"\n3,"y"\n')

    assert [(row.line, row.whole) for row in rows] == [(2, False), (3, True), (4, True)]


def test_lines_that_a_row_took_in_are_there_as_rows_by_themselves() -> None:
    (row,) = _rows('a,b,c\n1,"open,x\n2,24",y\n')

    assert row.cells == ("1", "open,x\n2,24", "y")
    assert row.inner == (("2", "24", "y"),)


def test_text_after_a_closing_quote_refuses_the_row() -> None:
    assert [row.whole for row in _rows('a,b\n"1"1,2\n"1",2\n')] == [False, True]


def test_inch_marks_within_a_cell_are_text() -> None:
    assert _rows('a,b\nDell 24" wide,x\n')[0].cells == ('Dell 24" wide', "x")


def test_a_row_of_more_than_a_hundred_lines_or_64_kib_is_refused() -> None:
    lines = '1,"' + "\n".join("n" for _ in range(100)) + '"\n'
    assert _rows("a,b\n" + lines)[0].whole
    assert not _rows("a,b\n" + lines.replace("n", "n\n"))[0].whole
    assert not _rows('a,b\n1,"' + "\n" + "n" * 65537 + '\n"\n')[0].whole


def test_a_line_that_is_too_long_is_refused_and_the_next_is_not() -> None:
    long = "x" * (text_sheets.MAX_LINE + 5)
    rows = _rows(f'a,b\n{long},1\n"2",x\n')

    assert [(row.line, row.whole) for row in rows] == [(2, False), (3, True)]


def test_a_long_quoted_cell_is_read() -> None:
    assert len(_rows('a,b\n1,"' + "n" * 200_000 + '"\n')[0].cells[1]) == 200_000


def test_a_file_with_nothing_but_broken_quotes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_sheets, "MAX_BROKEN", 20)
    with pytest.raises(Unreadable, match="quotation marks"):
        _rows("a,b\n" + '1,"x\n' * 41 + '1,"x')


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 2)

    assert len(_rows("a,b\n1,2\n1,2\n")) == 2
    with pytest.raises(TooLarge, match="more than 2 rows"):
        _rows("a,b\n1,2\n1,2\n1,2\n")


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with tempfile.TemporaryFile() as file:
        file.truncate(MAX_FILE_BYTES + 1)
        with pytest.raises(TooLarge, match="512 MiB at most"):
            open_sheet(file)


def test_a_date_whose_day_stands_first_is_noticed_wherever_it_is() -> None:
    assert _sheet(b"a,b\n03/04/2024,x\n1,15/04/2024\n").day_first
    assert not _sheet(b"a,b\n03/04/2024,x\n1,04/15/2024\nopen 24/7/365,x/13/12/2024\n").day_first


def test_the_file_stays_open_and_may_be_moved_about_in() -> None:
    file = io.BytesIO(b"a,b\n" + b"1,2\n" * 200_000)
    open_sheet(file)
    rows = open_sheet(file).rows
    next(rows)
    file.seek(3)

    assert sum(1 for _ in rows) == 199_999
    assert not file.closed


def test_a_workbooks_cells_are_texts() -> None:
    sheet = _sheet(_workbook([
        ["a", "b", "c", "d"],
        [datetime(2024, 5, 6), datetime(2024, 5, 6, 7, 8), 12.0, True],  # noqa: DTZ001
        [0.83, 0.1 + 0.2, time(12, 30), "00123"],
        [timedelta(hours=36), 353918051234567890, 99999999999999, "é"],
    ]))  # fmt: skip

    assert [row.cells for row in sheet.rows] == [
        ("2024-05-06", "2024-05-06T07:08:00", "12", "true"),
        ("0.83", "0.3", "12:30:00", "00123"),
        ("129600", "3.53918051234568E+17", "99999999999999", "é"),
    ]


def test_a_workbooks_formulas_are_what_they_came_to() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula(1, 0, "=1+1", None, 2)
        sheet.write_formula(1, 1, '="x"&"y"', None, "xy")

    assert next(_sheet(target.getvalue()).rows).cells == ("2", "xy")


def test_a_workbooks_rows_have_their_numbers_and_its_empty_ones_are_none() -> None:
    sheet = _sheet(_workbook([[], [], ["a", "b"], [], ["1"], ["1", "2", "3"], [""]]))

    assert sheet.header == ("a", "b")
    assert list(sheet.rows) == [Row(5, ("1", ""), True), Row(6, ("1", "2"), False)]


def test_the_first_sheet_with_a_heading_is_read() -> None:
    content = _workbook([["Notes"], ["x"]], [], [["other", "table"]], [["serial", "model"]])

    assert _sheet(content).header == ("other", "table")
    assert _sheet(content, lambda cells: "serial" in cells).header == ("serial", "model")
    assert _sheet(content, lambda cells: "nothing" in cells).header == ("other", "table")


def test_a_workbooks_heading_is_found_below_its_title() -> None:
    content = _workbook([["Devices", "of 2024"], [], ["serial", "model"], ["1", "2"]])

    assert _sheet(content, lambda cells: "serial" in cells).header == ("serial", "model")


def test_a_workbook_without_a_heading_is_refused() -> None:
    _unreadable(_workbook([["title"], ["x"]]), "No sheet")


def test_another_zip_is_refused() -> None:
    _unreadable(_zip({"users.csv": b"a,b"}), "no workbook")
    _unreadable(_zip({"content.xml": b"<x/>"}), "Save it as .xlsx")


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _zip({"xl/workbook.xml": b"<workbook/>", "xl/x.bin": b"\0" * (32 << 20)})

    _unreadable(bomb, "200 times its size")
    monkeypatch.setattr(workbooks, "MAX_UNCOMPRESSED_BYTES", 1 << 20)
    with pytest.raises(TooLarge, match="when it is unpacked"):
        _sheet(bomb)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/elsewhere.bin"])
@pytest.mark.parametrize(
    "cells",
    [
        '<x:row r="1"><x:c r="A1"/></x:row><x:row r="1048576"><x:c r = \'XFD1048576\'/></x:row>',
        "<x:row>" + "<x:c/>" * 5000 + "</x:row>" + "<x:row/>" * 5000 + "<x:row><x:c/></x:row>",
    ],
)
def test_a_sheet_with_cells_far_from_each_other_is_refused(part: str, cells: str) -> None:
    sheet = f'<x:worksheet xmlns:x="urn:x"><x:sheetData>{cells}</x:sheetData></x:worksheet>'

    with pytest.raises(TooLarge, match="cells"):
        _sheet(_zip({"xl/workbook.xml": b"<workbook/>", part: sheet.encode()}))


def test_a_workbook_whose_content_was_changed_is_refused_and_no_other_error() -> None:
    content = bytearray(_workbook([["a", "b"], ["1", "2"]]))
    for at in range(40, len(content), 97):
        changed = content.copy()
        changed[at] ^= 0xFF
        try:
            list(_sheet(bytes(changed)).rows)
        except (Unreadable, TooLarge) as why:
            assert why.detail


def _sheet(content: bytes, is_heading: Any = None) -> Sheet:
    return open_sheet(io.BytesIO(content), is_heading)


def _rows(text: str) -> list[Row]:
    return list(_sheet(text.encode()).rows)


def _unreadable(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        _sheet(content)


def _kept_by_writer(cell: str, line_end: str) -> str:
    """csv.writer leaves line ends that aren't its own without quotes."""
    return "".join(c for c in cell if c not in "\r\n" or c in line_end)


def _workbook(*tables: Sequence[Sequence[Any]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        formats = {
            datetime: book.add_format({"num_format": "m/d/yy h:mm"}),
            time: book.add_format({"num_format": "h:mm"}),
            timedelta: book.add_format({"num_format": "[h]:mm"}),
        }
        for table in tables:
            sheet = book.add_worksheet()
            for row, cells in enumerate(table):
                for column, cell in enumerate(cells):
                    sheet.write(row, column, cell, formats.get(type(cell)))
    return target.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()
