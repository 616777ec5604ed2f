"""Files of a format to records: by names of columns, never silently wrong, and without names of
people in what is said of refused rows."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.errors import Invalid, Unreadable
from broadgauge_collector.imports import values
from broadgauge_collector.imports.model import (
    Column,
    DeviceRecord,
    Format,
    PeopleRecord,
    Refused,
    RowRefused,
    Taken,
    Values,
)
from broadgauge_collector.imports.reading import (
    mapped,
    read,
    recognized,
    refused_csv,
    unused_headings,
    without_repeats,
)


def _device(said: Values) -> DeviceRecord:
    if "serial" not in said:
        raise RowRefused("It has no serial number. Fill it in.")
    return DeviceRecord(key=said["serial"], **said)


DEVICES = Format(
    key="devices",
    title="Devices",
    source="test",
    record=DeviceRecord,
    columns=(
        Column(field="serial", names=("Serial Number", "serialNumber", "Serial"),
               value=values.serial, required=True),
        Column(field="model", names=("Model",), value=values.text, required=True),
        Column(field="purchased_on", names=("Purchase Date",), value=values.day),
        Column(field="place", names=("Location",), value=values.text),
    ),
    record_of=_device,
)  # fmt: skip
SHORT = Format(
    key="short",
    title="Short list",
    source="test",
    record=DeviceRecord,
    columns=(
        Column(field="key", names=("Tag",), required=True),
        Column(field="model", names=("Model",)),
    ),
)
HEADING = "Serial Number,Model,Purchase Date,Location"


def test_columns_are_found_by_name_wherever_they_are_and_however_they_are_written() -> None:
    (row,) = _read("user,MODEL,Notes,purchase_date,serial-number\nkim,HP,x,8/15/2024,5cd1\n")

    assert row == Taken(
        2, DeviceRecord(key="5CD1", serial="5CD1", model="HP", purchased_on=date(2024, 8, 15))
    )


def test_what_is_empty_or_says_nothing_is_unknown() -> None:
    (row,) = _read(f"{HEADING}\n5CD1, ,N/A,-\n")

    assert row == Taken(2, DeviceRecord(key="5CD1", serial="5CD1"))


def test_a_row_with_too_many_cells_is_refused_and_nothing_of_it_is_kept() -> None:
    (row,) = _refused(f"{HEADING}\n5CD1,HP,8/15/2024,kim, room 3\n")

    assert (row.line, row.cells) == (2, {})
    assert "quotation marks" in row.reason


def test_words_where_a_date_should_be_make_the_row_look_shifted_so_nothing_of_it_is_kept() -> None:
    (row,) = _refused(f"{HEADING}\n5CD1,HP,kim lee,Room 3\n")

    assert row.reason.startswith("Purchase Date: it should be a date")
    assert row.cells == {}


@pytest.mark.parametrize("cell", ["00:24:d7:00:00:01", "10.0.26100.2033", "yes"])
def test_another_columns_cell_where_a_date_should_be_does_too(cell: str) -> None:
    (row,) = _refused(f"{HEADING}\n5CD1,Kim Lee,{cell},Room 3\n")

    assert row.cells == {}


def test_a_date_that_cannot_be_read_is_shown() -> None:
    (row,) = _refused(f"{HEADING}\n5CD1,HP,15/08/2024,Room 3\n")

    assert row.cells["Purchase Date"] == "15/08/2024"


def test_a_column_is_named_in_its_formats_words_and_its_cells_go_by_the_files() -> None:
    (row,) = _refused("serial,model,PURCHASE_DATE\n5CD1,HP,13/13/2024\n")

    assert row.reason.startswith("Purchase Date: ")
    assert row.cells == {"serial": "5CD1", "model": "HP", "PURCHASE_DATE": "13/13/2024"}


def test_a_row_with_an_e_mail_address_is_refused_with_nothing_of_it() -> None:
    (row,) = _refused(f"{HEADING}\n5CD1,kim@school.org,8/15/2024,Room 3\n")

    assert row.cells == {}
    assert "kim" not in row.reason


def test_a_shifted_row_is_refused_with_nothing_of_it() -> None:
    (row,) = _refused(f'{HEADING}\n"Lee, Kim",HP,Kim Lee,Room 3\n')

    assert row.cells == {}
    assert "Serial Number: " in row.reason
    assert "Purchase Date: " in row.reason


def test_a_row_that_makes_no_record_is_refused_with_its_cells() -> None:
    (row,) = _refused(f"{HEADING}\nn/a,HP,,p. lee@home\n")

    assert row.reason == "It has no serial number. Fill it in."
    assert row.cells == {
        "Serial Number": "", "Model": "HP", "Purchase Date": "", "Location": "",
    }  # fmt: skip


@pytest.mark.parametrize("cell", ['"=""00123"""', '="00123"', "'00123", "00123"])
def test_leading_zeros_are_kept(cell: str) -> None:
    (row,) = _read(f"{HEADING}\n{cell},HP,,\n")

    assert isinstance(row, Taken)
    assert row.record.key == "00123"


@pytest.mark.parametrize("cell", ["1.23457E+11", "=A1", "+12", "@SUM"])
def test_cells_that_a_spreadsheet_changed_or_computes_are_refused(cell: str) -> None:
    (row,) = _refused(f"{HEADING}\n{cell},HP,,\n")

    assert row.reason.startswith("Serial Number: ")


def test_dates_that_could_be_either_are_refused_in_a_file_with_the_day_first() -> None:
    text = f"{HEADING}\n5CD1,HP,03/04/2024,\n5CD2,HP,15/04/2024,\n5CD3,HP,2024-04-03,\n"

    assert [isinstance(row, Taken) for row in _read(text)] == [False, False, True]
    assert "two ways" in _refused(text)[0].reason


def test_two_columns_of_one_field_must_agree() -> None:
    rows = _read("Serial,Serial Number,Model\n5CD1,5cd1,HP\n5CD2,,HP\n,5CD3,HP\n5CD4,5CD5,HP\n")

    assert [row.record.key for row in rows if isinstance(row, Taken)] == ["5CD1", "5CD2", "5CD3"]
    assert isinstance(rows[3], Refused)
    assert "differ" in rows[3].reason


def test_a_row_of_empty_cells_is_none_and_one_with_unasked_words_is() -> None:
    rows = _read(f"{HEADING},Notes\n,,,,\n , ,,,\n,,,,broken\n")

    assert [row.line for row in rows] == [4]


def test_a_file_that_lacks_a_column_is_refused_with_its_name_and_what_it_looks_like() -> None:
    with pytest.raises(Unreadable) as why:
        read(DEVICES, _file("Tag,Model,Kim Lee\n1,HP,x\n"), [DEVICES, SHORT])

    assert "lacks Serial Number." in why.value.detail
    assert "looks like Short list" in why.value.detail
    assert "Kim" not in why.value.detail


def test_a_heading_below_a_title_is_found() -> None:
    (row,) = _read(f"Report of Devices\n\n{HEADING}\n5CD1,HP,,\n")

    assert row.line == 4


def test_a_row_that_an_open_quote_took_in_is_not_lost_in_silence() -> None:
    text = f'{HEADING},Notes,x\n5CD1,HP,,,"open,y\n5CD2,HP,,,24",y\n5CD3,HP,,,,y\n'
    rows = _read(text)

    assert [(row.line, isinstance(row, Taken)) for row in rows] == [
        (2, False), (3, False), (4, True),
    ]  # fmt: skip
    assert isinstance(rows[0], Refused)
    assert "takes in line 3" in rows[0].reason


def test_a_note_of_several_lines_is_no_open_quote() -> None:
    (row,) = _read(f'{HEADING},Notes\n5CD1,HP,,,"screen,\n\nkeys, battery, lid, and more"\n')

    assert isinstance(row, Taken)


def test_python_s_own_words_are_not_said_since_they_quote() -> None:
    columns = (Column(field="key", names=("Key",)), Column(field="n", names=("N",), value=int))
    format_ = Format(key="n", title="N", source="n", record=DeviceRecord, columns=columns)
    (row,) = list(read(format_, _file("Key,N\n1,Kim Lee\n")))

    assert row == Refused(2, "N: it can't be read.")


def test_a_mapping_that_lacks_a_word_refuses_the_row() -> None:
    column = Column(field="state", names=("State",), value={"ok": "in_service"}.__getitem__)
    key = Column(field="key", names=("Key",))
    format_ = Format(key="n", title="N", source="n", record=DeviceRecord, columns=(key, column))
    first, second = list(read(format_, _file("Key,State\n1,ok\n2,Kim\n")))

    assert first == Taken(2, DeviceRecord(key="1", state="in_service"))
    assert second == Refused(3, "State: it can't be read.")


def test_the_same_device_again_is_refused_with_its_first_line() -> None:
    rows = _read(f"{HEADING}\n5CD1,HP,,\n5CD2,HP,,\n5CD1,Dell,,\n5cd1,HP,,\n5CD1,Dell,,\n")
    refused = [row for row in rows if isinstance(row, Refused)]

    assert [row.line for row in refused] == [4, 5, 6]
    assert refused[0].reason.startswith("The same device is on line 2 too")
    assert refused[0].cells["Model"] == "Dell"
    assert refused[1].reason.startswith("It is repeated: it says the same as line 2")
    assert refused[2].reason.startswith("The same device is on line 2 too")


def test_keys_of_different_things_are_no_repeats() -> None:
    device, people = DeviceRecord(key="1"), PeopleRecord(key="1", place="Elm", by_grade={"1": 2})
    rows: list[Taken | Refused]
    rows = [Taken(1, device), Taken(1, people), Taken(1, people), Refused(2, "No.")]
    kept = list(without_repeats(iter(rows)))

    assert kept[:2] == rows[:2]
    assert isinstance(kept[2], Refused)
    assert kept[3] == rows[3]


def test_formats_that_read_files_themselves_are_read_without_repeats() -> None:
    def twice(file: BinaryIO) -> Iterator[Taken | Refused]:
        key = file.read().decode()
        yield Taken(1, DeviceRecord(key=key))
        yield Taken(2, DeviceRecord(key=key))

    format_ = Format(key="j", title="J", source="j", record=DeviceRecord, read=twice)
    file = _file("A")
    file.seek(1)

    assert [type(row) for row in read(format_, file)] == [Taken, Refused]


def test_columns_that_people_chose_are_read() -> None:
    format_ = mapped(DEVICES, {"serial": "Barcode", "model": "Location"})
    (row,) = list(read(format_, _file("Serial Number,Barcode,Location\nwrong,5CD1,HP\n")))

    assert row == Taken(2, DeviceRecord(key="5CD1", serial="5CD1", model="HP"))


def test_a_mapping_of_an_unknown_field_or_to_no_heading_is_refused() -> None:
    with pytest.raises(Invalid, match="no such column: owner"):
        mapped(DEVICES, {"owner": "User"})
    with pytest.raises(Invalid, match="letter or a digit"):
        mapped(DEVICES, {"serial": "--"})
    with pytest.raises(Invalid, match="Model is needed too"):
        mapped(DEVICES, {"serial": "model"})


def test_the_format_of_most_of_whose_columns_a_file_has_comes_first() -> None:
    wide = Format(
        key="wide", title="Wide", source="t", record=DeviceRecord,
        columns=(*DEVICES.columns, *(Column(field=n, names=(n,)) for n in ("os", "ram"))),
    )  # fmt: skip
    file = _file(f"A title\n{HEADING}\n5CD1,HP,,\n")
    file.seek(7)

    assert recognized(file, [SHORT, wide, DEVICES]) == (DEVICES, wide)
    assert file.tell() == 0
    assert recognized(_file(f"{HEADING},os,ram\n"), [DEVICES, wide]) == (wide, DEVICES)


def test_a_file_of_no_format_is_recognized_as_none() -> None:
    def breaks(file: BinaryIO) -> bool:
        raise Unreadable("no")

    broken = Format(key="b", title="B", source="b", record=DeviceRecord, looks_like=breaks)
    for content in ("a,b\n1,2\n", "", "PK\x03\x04", "Model\nHP\n"):
        assert recognized(_file(content), [DEVICES, SHORT, broken]) == ()


def test_what_is_no_table_is_recognized_at_a_glance() -> None:
    def looks(file: BinaryIO) -> bool:
        return file.read(1) == b"{"

    json = Format(key="j", title="J", source="j", record=DeviceRecord, looks_like=looks)

    assert recognized(_file('{"deviceid": "x"}'), [DEVICES, json]) == (json,)


def test_unused_headings_are_counted() -> None:
    assert unused_headings(DEVICES, _file(f"{HEADING},Serial,User,E-Mail,\n")) == 2


def test_refused_rows_can_be_mended_and_imported_again() -> None:
    text = f"{HEADING}\n00123,HP,13/13/2024,-5 Annex\n5CD2,Dell,kim,Room\n5CD3,Asus,,x,y\n"
    content = refused_csv(DEVICES, _refused(text))
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0] == ["line", "reason", *HEADING.split(",")]
    assert [row[0] for row in rows[1:]] == ["2", "3", "4"]
    assert rows[1][2:] == ["'00123", "HP", "13/13/2024", "'-5 Annex"]

    mended = content.replace(b"13/13/2024", b"8/15/2024")
    taken = [row.record for row in read(DEVICES, io.BytesIO(mended)) if isinstance(row, Taken)]

    assert taken[0] == DeviceRecord(
        key="00123", serial="00123", model="HP", purchased_on=date(2024, 8, 15), place="-5 Annex"
    )
    assert len(taken) == 1, "of what is gone from the file of refused rows nothing is taken"


def test_a_file_of_refused_rows_without_cells_has_the_formats_headings() -> None:
    content = refused_csv(DEVICES, [Refused(2, "It was.")]).decode("utf-8-sig")

    assert content.splitlines() == [f"line,reason,{HEADING}", "2,It was.,,,,"]


def test_a_formats_own_column_named_reason_is_read_beside_that_of_refused_rows() -> None:
    columns = (Column(field="key", names=("Key",)), Column(field="model", names=("Reason",)))
    format_ = Format(key="r", title="R", source="r", record=DeviceRecord, columns=columns)
    (row,) = list(read(format_, _file("line,reason,Key,Reason\n2,It was.,1,lid\n")))

    assert row == Taken(2, DeviceRecord(key="1", model="lid"))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_refused_cell_comes_back_from_its_file(model: str, place: str) -> None:
    cells = {"Serial Number": "1E5", "Model": model, "Location": place}
    content = refused_csv(DEVICES, [Refused(2, "It was.", cells)])
    _, _, *back = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1]

    assert [cell.removeprefix("'") for cell in back] == [
        cell.removeprefix("'") for cell in cells.values()
    ]
    assert back[0] == "'1E5"


NAME = "Qwzj Xvkq"


@given(st.lists(st.sampled_from(["5CD1", "HP", "8/15/2024", "", NAME, f"{NAME}@x.org", '"', "\n"])))
def test_a_name_in_a_date_stands_nowhere_in_what_is_refused(cells: list[str]) -> None:
    target = io.StringIO()
    csv.writer(target).writerow(["5CD1", "HP", NAME, *cells])
    for row in _refused(f"{HEADING},Name{',' * len(cells)}\n{target.getvalue()}"):
        assert NAME not in row.reason
        assert NAME not in row.cells.get("Purchase Date", "")


def _file(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def _read(text: str) -> list[Taken | Refused]:
    return list(read(DEVICES, _file(text)))


def _refused(text: str) -> list[Any]:
    return [row for row in _read(text) if isinstance(row, Refused)]
