"""Damages exports as people, spreadsheets and broken connections do, by a seed."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime
from random import Random

import xlsxwriter
from msgspec import Struct

from broadgauge_collector.imports.headings import plain
from tests.unit.collector.example_lists import TABLES, columns_of

ROWS = 12
HUGE = 80_000
"""Characters of a cell that somebody pasted a book into."""

ISO_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])")
BOM = "\ufeff"
BAD_DATES = (
    "2024-02-30", "31/31/2024", "25/12/2024", "2024-13", "yesterday", "13/13/13", "99999999",
    "1/2/3/4", "2024-1",
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16")
LOST = "Column"
"""How a heading begins that was lost."""

SEPARATORS = (",", ";", "\t", "|")
LINE_ENDS = ("\r\n", "\n", "\r")

Row = list[str]


class Damaged(Struct):
    """A file, and what it would say undamaged: the cells of each line that has a row."""

    key: str
    header: Row
    meant: Row
    """The headings as they were, in the order in which they stand now."""
    rows: list[Row]
    renamed: bool = False
    """Whether a heading that names things has become another."""

    separator: str = ","
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    blank_after: frozenset[int] = frozenset()
    broken: dict[int, Row] = {}
    """What stands in place of some rows."""
    cut: bool = False
    more_line_ends: tuple[str, ...] = ()
    """In turn, in place of the one."""

    nul: bool = False
    bom_before: int | None = None
    """A row that begins with a byte order mark, as where files were joined."""

    workbook: bool = False

    def data(self) -> bytes:
        if self.workbook:
            return self._as_workbook()
        return self._cut(self._text()).encode(self.encoding)

    def lines(self) -> dict[int, int]:
        """Which row is on which line."""
        at, found = 2, dict[int, int]()
        for n, row in enumerate(self.rows):
            found[at] = n
            inner = 0 if self.workbook else "".join(self.broken.get(n, row)).count("\n")
            at += 1 + (n in self.blank_after) + inner
        return found

    def inner_lines(self) -> set[int]:
        """Lines on which no row begins, though they aren't blank."""
        rows = ((line, self.broken.get(n, self.rows[n])) for line, n in self.lines().items())
        return {line + 1 + n for line, row in rows for n in range("".join(row).count("\n"))}

    def _text(self) -> str:
        said = self._row(self.header, 0)
        for n, row in enumerate(self.rows):
            said += BOM * (n == self.bom_before) + self._row(self.broken.get(n, row), n + 1)
            if n in self.blank_after:
                said += self._line_end(n + 1)
        at = len(said) // 2
        return f"{said[:at]}\0{said[at:]}" if self.nul else said

    def _row(self, cells: Row, n: int) -> str:
        target = io.StringIO()
        csv.writer(target, delimiter=self.separator).writerow(cells)
        return target.getvalue().removesuffix("\r\n") + self._line_end(n)

    def _line_end(self, n: int) -> str:
        ends = self.more_line_ends or (self.line_end,)
        return ends[n % len(ends)]

    def _as_workbook(self) -> bytes:
        """Dates are dates, and some cells what formulas came to."""
        target, at = io.BytesIO(), {n: line for line, n in self.lines().items()}
        with xlsxwriter.Workbook(target, {"strings_to_formulas": False}) as book:
            day, sheet = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_worksheet()
            sheet.write_row(0, 0, self.header)
            for n, row in enumerate(self.rows):
                for place, cell in enumerate(row):
                    if ISO_DAY.fullmatch(cell):
                        sheet.write_datetime(at[n] - 1, place, datetime.fromisoformat(cell), day)
                    elif (n + place) % 5 == 0 and cell and cell[0].isalpha():
                        sheet.write_formula(at[n] - 1, place, '="x"', value=cell)
                    else:
                        sheet.write_string(at[n] - 1, place, cell)
        return target.getvalue()

    def _cut(self, text: str) -> str:
        """The end of its last row is missing, and one cell of it at least."""
        if not self.cut:
            return text
        last = text.rstrip("\r\n")
        start = max(last.rfind(end) for end in ("\n", "\r")) + 1
        return last[: start + 1 + max(0, last.rfind(self.separator, start) - start) // 2]


def damaged(key: str, seed: int) -> Damaged:
    """A file of a format with some damage."""
    random = Random(f"{key} {seed}")
    example = TABLES[key]
    header = list(example.header)
    file = Damaged(key, header, list(header), [list(row) for row in example.rows(ROWS)])
    for damage in sorted(random.sample(DAMAGES, random.randint(1, 4)), key=DAMAGES.index):
        damage(file, random)
    return file


def _shuffle_columns(file: Damaged, random: Random) -> None:
    order = random.sample(range(len(file.header)), len(file.header))
    file.header, file.meant = ([names[i] for i in order] for names in (file.header, file.meant))
    file.rows = [[row[i] for i in order] for row in file.rows]


def _use_other_names(file: Damaged, random: Random) -> None:
    names = {plain(n): column.names for column in columns_of(file.key)
             for n in column.names}  # fmt: skip
    file.header = [random.choice(names.get(plain(h), (h,))) for h in file.header]
    _spell_otherwise(file, random)


def _spell_otherwise(file: Damaged, random: Random) -> None:
    changes: tuple[Callable[[str], str], ...] = (
        str.upper, str.lower, lambda h: f" {h} ", lambda h: h.replace(" ", "_"), lambda h: h,
    )  # fmt: skip
    file.header = [random.choice(changes)(heading) for heading in file.header]


def _rename_a_column(file: Damaged, random: Random) -> None:
    n = random.randrange(len(file.header))
    file.renamed |= plain(file.header[n]) in _names_of_things(file.key)
    file.header[n] = f"{LOST}{n}"


def _names_of_things(key: str) -> set[str]:
    asked = columns_of(key)
    named = {plain(each) for each in TABLES[key].keys}
    return {plain(n) for c in asked for n in c.names if named & set(map(plain, c.names))}


def _spoil_dates(file: Damaged, random: Random) -> None:
    dates = [n for n, heading in enumerate(file.header) if "date" in heading.lower()]
    for row in random.sample(range(ROWS), 3):
        if dates:
            file.rows[row][random.choice(dates)] = random.choice(BAD_DATES)


def _repeat_a_serial(file: Damaged, random: Random) -> None:
    serials = [n for n, h in enumerate(file.header) if plain(h).startswith("serial")]
    one, other = random.sample(range(ROWS), 2)
    for n in serials:
        file.rows[one][n] = file.rows[other][n]


def _repeat_a_row(file: Damaged, random: Random) -> None:
    file.rows[-1] = list(file.rows[random.randrange(ROWS - 1)])


def _empty_cells(file: Damaged, random: Random) -> None:
    for row in random.sample(range(ROWS), 3):
        for n in random.sample(range(len(file.header)), 3):
            file.rows[row][n] = ""


def _add_cells(file: Damaged, random: Random) -> None:
    for n in random.sample(range(ROWS), 2):
        row = list(file.rows[n])
        row.insert(random.randrange(len(row)), "one too many")
        file.broken = {**file.broken, n: row}


def _lose_cells(file: Damaged, random: Random) -> None:
    for n in random.sample(range(ROWS), 2):
        row = list(file.rows[n])
        del row[random.randrange(len(row))]
        file.broken = {**file.broken, n: row}


def _cut_off(file: Damaged, random: Random) -> None:
    file.cut = True


def _encode_otherwise(file: Damaged, random: Random) -> None:
    file.encoding = random.choice(ENCODINGS)


def _separate_otherwise(file: Damaged, random: Random) -> None:
    file.separator = random.choice(SEPARATORS)


def _end_lines_otherwise(file: Damaged, random: Random) -> None:
    file.line_end = random.choice(LINE_ENDS)


def _leave_lines_blank(file: Damaged, random: Random) -> None:
    file.blank_after = frozenset(random.sample(range(ROWS - 1), 3))


def _break_lines_in_cells(file: Damaged, random: Random) -> None:
    for n in random.sample(range(ROWS), 2):
        at = random.randrange(len(file.header))
        file.rows[n][at] = f"{file.rows[n][at]}\nand more"


def _paste_a_book(file: Damaged, random: Random) -> None:
    words = "a word " * (HUGE // 7)
    file.rows[random.randrange(ROWS)][random.randrange(len(file.header))] = words


def _mix_line_ends(file: Damaged, random: Random) -> None:
    file.more_line_ends = tuple(random.sample(LINE_ENDS, 2))


def _put_a_nul(file: Damaged, random: Random) -> None:
    file.nul = random.random() < 0.3


def _join_files(file: Damaged, random: Random) -> None:
    file.bom_before = None if file.encoding == "cp1252" else random.randrange(ROWS)


def _save_as_workbook(file: Damaged, random: Random) -> None:
    """A spreadsheet fills rows up, and knows neither separators nor encodings."""
    file.workbook, file.broken, file.cut, file.nul, file.bom_before = True, {}, False, False, None


DAMAGES: tuple[Callable[[Damaged, Random], None], ...] = (
    _shuffle_columns, _use_other_names, _spell_otherwise, _rename_a_column, _spoil_dates,
    _repeat_a_serial, _repeat_a_row, _empty_cells, _add_cells, _lose_cells, _cut_off,
    _encode_otherwise, _separate_otherwise, _end_lines_otherwise, _leave_lines_blank,
    _break_lines_in_cells, _paste_a_book, _mix_line_ends, _put_a_nul, _join_files,
    _save_as_workbook,
)  # fmt: skip
