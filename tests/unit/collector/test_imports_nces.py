"""Public school lists as NCES publishes them, and as spreadsheets leave them."""

from collections.abc import Iterator
from io import BytesIO

import pytest

from broadgauge_collector.errors import Unreadable
from broadgauge_collector.imports import elsi
from broadgauge_collector.imports.formats.nces import FORMATS
from broadgauge_collector.imports.model import Refused, SchoolRecord, Taken
from broadgauge_collector.imports.nces import (
    count,
    full_time_equivalent,
    is_unknown,
    latitude,
    level,
    longitude,
    nces_id,
)
from broadgauge_collector.imports.reading import read, recognized

CCD, ELSI = FORMATS

CCD_FILE = """\
SCHOOL_YEAR,ST,SCH_NAME,LEA_NAME,LEAID,NCESSCH,SCHNO,LCITY,LSTATE,LEVEL,MEMBER,TOTAL,FTE,LAT,LON
2023-2024,AL,Albertville Middle School,Albertville City,0100005,010000500870,00870,Albertville,AL,\
Middle,906,910,44.50,34.2602,-86.2062
2023-2024,AL,New School,Albertville City,0100005,10000599999,99999,M,AL,Not reported,-1,-1,-2.0,M,N
"""

EN_DASH = "\u2013"
ELSI_COLUMNS = (
    "School Name",
    "State Name [Public School] Latest available year",
    "School ID (12-digit) - NCES Assigned [Public School] Latest available year",
    "School ID (7-digit) - NCES Assigned [Public School] Latest available year",
    "Location City [Public School] 2023-24",
    "Location State Abbr [Public School] 2023-24",
    "School Level (SY 2017-18 onward) [Public School] 2023-24",
    '"Total Students, All Grades (Excludes AE) [Public School] 2022-23"',
    '"Total Students, All Grades (Excludes AE) [Public School] 2023-24"',
    "Full-Time Equivalent (FTE) Teachers [Public School] 2023-24",
    "Latitude [Public School] 2023-24",
    "Longitude [Public School] 2023-24",
)
ELSI_FILE = f"""\
ELSI Export
""
"Public School table, 2 years"

{",".join(ELSI_COLUMNS)}
ALBERTVILLE MIDDLE SCHOOL,ALABAMA,"=\""010000500870\""",0100870,Albertville,AL,Middle,899,\
"1,906",1044.50,34.2602,-86.2062
"VILLAGE, THE",Alaska,="020000100001",0200001,{EN_DASH},AK,High,†,{EN_DASH},‡,†,†

"Data Source: U.S. Department of Education, NCES, Common Core of Data (CCD), 2023-24 v.1a"
† indicates that the data are not applicable.
{EN_DASH} indicates that the data are missing.
‡ indicates that the data do not meet NCES data quality standards.
""".replace("\n", "\r\n")

VILLAGE = SchoolRecord(
    key="020000100001", name="VILLAGE, THE", nces_id="020000100001", level="High", state="AK"
)
ALBERTVILLE = SchoolRecord(
    key="010000500870", name="ALBERTVILLE MIDDLE SCHOOL", nces_id="010000500870", level="Middle",
    city="Albertville", state="AL", students=1906, staff=1044.5, latitude=34.2602,
    longitude=-86.2062,
)  # fmt: skip


def elsi_of(text: str, encoding: str = "utf-8") -> list[Taken | Refused]:
    return list(elsi.read(BytesIO(text.encode(encoding))))


def one_refused(found: Iterator[Taken | Refused]) -> Refused:
    (refused,) = (each for each in found if isinstance(each, Refused))
    return refused


def test_the_common_core_of_data_is_read_and_its_codes_for_unknown_are_none() -> None:
    found = list(read(CCD, BytesIO(CCD_FILE.encode())))
    assert found == [
        Taken(2, SchoolRecord(
            key="010000500870", name="Albertville Middle School", nces_id="010000500870",
            level="Middle", city="Albertville", state="AL", students=906, staff=44.5,
            latitude=34.2602, longitude=-86.2062,
        )),
        Taken(3, SchoolRecord(
            key="010000599999", name="New School", nces_id="010000599999", state="AL"
        )),
    ]  # fmt: skip


def test_a_list_without_places_or_members_has_who_reported_and_the_total() -> None:
    heading, row, _ = CCD_FILE.splitlines()
    file = f"{heading.replace('LSTATE', 'X').replace('MEMBER', 'Y')}\n{row}\n"
    (found,) = read(CCD, BytesIO(file.encode()))
    assert isinstance(found, Taken)
    assert isinstance(found.record, SchoolRecord)
    assert (found.record.state, found.record.students) == ("AL", 910)


def test_a_school_without_its_number_or_name_is_refused() -> None:
    for cell in ("010000500870", "Albertville Middle School"):
        found = read(CCD, BytesIO(CCD_FILE.replace(cell, "").encode()))
        assert one_refused(found).line == 2


def test_a_number_that_a_spreadsheet_shortened_is_refused_and_not_guessed() -> None:
    for cell in ("1.00E+10", "1E11", "10000599999.5"):
        found = read(CCD, BytesIO(CCD_FILE.replace("10000599999", cell).encode()))
        refused = one_refused(found)
        assert refused.reason.startswith("NCESSCH: ")
        assert "spreadsheet" in refused.reason


def test_eleven_digits_lack_the_first_zero() -> None:
    assert nces_id("10000500870") == "010000500870"
    assert nces_id("010000500870") == "010000500870"
    assert nces_id("630441006867") == "630441006867"


@pytest.mark.parametrize(
    "cell",
    ["1.00E+10", "1E+11", "1000050870", "0100005", "0010000500870", "10000500870.0",
     "01000050087O", "00000500870", "000000500870", "A0100005", "1000050087\u0660"],
)  # fmt: skip
def test_any_other_number_is_refused_without_being_quoted(cell: str) -> None:
    with pytest.raises(ValueError, match="it should") as raised:
        nces_id(cell)
    assert cell not in str(raised.value)


@pytest.mark.parametrize(
    "code", ["-1", "-2", "-9", "-1.0", "-9.00", "M", "N", "†", EN_DASH, "‡", "Missing", "n"]
)
def test_every_code_for_unknown_is_none_and_never_a_number(code: str) -> None:
    assert is_unknown(code)
    assert count(code) is None
    assert full_time_equivalent(code) is None
    assert latitude(code) is None
    assert longitude(code) is None
    assert level(code) is None
    assert nces_id(code) is None


def test_nobody_is_a_count() -> None:
    assert (count("0"), full_time_equivalent("0.00"), count("1,234"), count("512.0")) == (
        0, 0.0, 1234, 512,
    )  # fmt: skip


@pytest.mark.parametrize("cell", ["-3", "-5.0", "12.5", "1,23", "12a", "1e3", "٣"])
def test_what_is_no_count_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        count(cell)


def test_places_on_no_globe_are_refused() -> None:
    assert (latitude("13.4443"), longitude("144.7937"), longitude("-1.5")) == (
        13.4443, 144.7937, -1.5,
    )  # fmt: skip
    for value, cell in ((latitude, "90.1"), (longitude, "-180.5"), (latitude, "34 15 N")):
        with pytest.raises(ValueError, match="degrees"):
            value(cell)


def test_teachers_are_no_negative_number() -> None:
    with pytest.raises(ValueError, match=r"34\.5"):
        full_time_equivalent("-4.5")


def test_levels_of_before_2017_are_words() -> None:
    assert [level(code) for code in ("1", "2", "3", "4", "7", "Prekindergarten")] == [
        "Elementary", "Middle", "High", "Other", None, "Prekindergarten",
    ]  # fmt: skip


def test_an_elsi_table_is_read_past_its_preamble_up_to_its_notes() -> None:
    assert elsi_of(ELSI_FILE) == [Taken(6, ALBERTVILLE), Taken(7, VILLAGE)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_an_elsi_table_may_be_in_windows_encoding(encoding: str) -> None:
    assert elsi_of(ELSI_FILE, encoding)[1] == Taken(7, VILLAGE)


def test_of_several_years_the_latest_counts_wherever_it_stands() -> None:
    swapped = ELSI_FILE.replace("2022-23", "2024-25")
    record = elsi_of(swapped)[0]
    assert isinstance(record, Taken)
    assert isinstance(record.record, SchoolRecord)
    assert record.record.students == 899
    twice = elsi_of(ELSI_FILE.replace("2022-23", "2023-24"))
    assert "more than one column says it" in one_refused(iter(twice)).reason


def test_an_older_elsi_table_calls_the_number_and_level_otherwise() -> None:
    older = (
        ELSI_FILE.replace("School ID (12-digit)", "School ID")
        .replace("School Level (SY 2017-18 onward)", "School Level")
        .replace("Total Students, All", "Total Students All")
    )
    assert elsi_of(older) == elsi_of(ELSI_FILE)


def test_seven_digits_alone_name_no_school() -> None:
    with pytest.raises(Unreadable, match="no table of ELSI"):
        elsi_of(ELSI_FILE.replace("School ID (12-digit)", "Agency ID"))


def test_an_elsi_row_of_another_width_is_refused_and_nothing_of_it_is_kept() -> None:
    found = elsi_of(ELSI_FILE.replace("0100870,", "0100870,somebody,"))
    refused = one_refused(iter(found))
    assert (refused.line, refused.cells) == (6, {})
    assert len(found) == 2


def test_an_elsi_row_with_an_e_mail_address_is_refused_with_nothing_of_it() -> None:
    found = elsi_of(ELSI_FILE.replace("Albertville,AL", "jo@school.example,AL"))
    refused = one_refused(iter(found))
    assert refused.reason.startswith("Location City: it should")
    assert refused.cells == {}
    assert "school.example" not in repr(refused)


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\x00\xff" * 5000, b"x" * 400_000])
def test_what_is_no_elsi_table_is_unreadable_and_doesnt_look_like_one(data: bytes) -> None:
    assert ELSI not in recognized(BytesIO(data), FORMATS)
    with pytest.raises(Unreadable):
        list(elsi.read(BytesIO(data)))


def test_each_list_is_recognized_and_stays_open() -> None:
    for text, format_ in ((CCD_FILE, CCD), (ELSI_FILE, ELSI)):
        file = BytesIO(text.encode())
        assert recognized(file, FORMATS)[:1] == (format_,)
        list(read(format_, file))
        assert not file.closed


def test_both_lists_speak_of_the_same_schools_and_neither_of_all() -> None:
    assert {each.source for each in FORMATS} == {"nces"}
    assert not any(each.complete for each in FORMATS)
