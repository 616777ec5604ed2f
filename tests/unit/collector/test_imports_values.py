"""What cells say: read where there is one way to read them, refused where there are two."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.imports import values
from broadgauge_collector.imports.cells import may_be_shown, said, said_day_first

GIB = 1024**3
DAYS = st.dates(date(1980, 1, 1), date(2069, 12, 31))


@pytest.mark.parametrize(
    "cell",
    [
        "2024-05-06", "2024-5-6", "2024/05/06", "20240506", "5/6/24", "5/6/2024", "05/06/2024",
        "5/6/2024 10:11 PM", "5/6/2024, 13:05:01", "6.5.2024", "06.05.2024 10:11", "May 6, 2024",
        "6 May 2024", "6-May-24", "1714953600", "1714953600000", "2024-05-06 10:11:12 UTC",
        "2024-05-06T05:06:07.000Z", "2024-05-06T00:00:00.0000000Z", "2024-05-05T23:30:00-05:00",
    ],
)  # fmt: skip
def test_a_day_is_read_as_systems_write_it(cell: str) -> None:
    assert values.day(cell) == date(2024, 5, 6)


@given(DAYS)
def test_a_day_in_us_order_comes_back(day: date) -> None:
    short = f"{day.month}/{day.day}/{day.year % 100:02}"

    assert values.day(f"{day.month}/{day.day}/{day.year}") == day
    assert values.day(day.isoformat()) == day
    assert (values.day(short) == day) if day.year >= 2000 else True


def test_years_of_two_digits_below_70_are_of_this_century() -> None:
    assert values.day("1/2/69") == date(2069, 1, 2)
    assert values.day("1/2/99") == date(1999, 1, 2)


@pytest.mark.parametrize(
    "cell",
    [
        "15/03/2024", "14/14/2024", "2/30/2024", "2024-02-30", "03-04-2024", "Mar-24", "45000",
        "1970-01-01", "1/2/71", "2101-01-01", "0", "soon", "5/6/2024 13:05 PM", "2024",
    ],
)  # fmt: skip
def test_what_is_no_date_or_could_be_two_is_refused(cell: str) -> None:
    _refused(values.day, cell)


def test_a_day_before_its_month_is_told_so() -> None:
    with pytest.raises(ValueError, match="day stands before its month"):
        values.day("15/03/2024")


@pytest.mark.parametrize("cell", ["Jun 2031", "June 2031", "2031-06"])
def test_a_month_ends_on_its_last_day_where_that_is_asked(cell: str) -> None:
    assert values.month_end(cell) == date(2031, 6, 30)
    assert values.day(cell) == date(2031, 6, 1)
    _refused(values.moment, cell)


def test_a_date_within_a_month_is_not_moved_to_its_end() -> None:
    assert values.month_end("2031-06-12") == date(2031, 6, 12)
    assert values.month_end("2028-02") == date(2028, 2, 29)


@given(st.datetimes(datetime(1980, 1, 2), datetime(2100, 12, 30)), st.integers(-14, 14))  # noqa: DTZ001
def test_a_moment_is_the_same_instant_in_utc(at: datetime, hours: int) -> None:
    local = at.replace(tzinfo=UTC) - timedelta(hours=hours)
    offset = f"{'-' if hours < 0 else '+'}{abs(hours):02}:00"

    assert values.moment(f"{at.isoformat()}{offset}") == local
    assert values.moment(at.isoformat(" ")) == at.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("$1,234.56", 123456), ("1234.5", 123450), ("1.234,56", 123456), ("1,234", 123400),
        ("1,23", 123), ("349.9900", 34999), ("USD 1,200", 120000), ("1,200 USD", 120000),
        ("€ 5", 500), ("1 234,56", 123456), (".5", 50), ("12.345.678", 1234567800), ("0", 0),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_cents(cell: str, cents: int) -> None:
    assert values.cents(cell) == cents


@pytest.mark.parametrize(
    "cell",
    ["1.234", "349.990", "-5", "(12.00)", "$-5", "1,2,3", "1.239", "0.125", "1e5", "free", "5."],
)
def test_an_amount_that_is_none_or_could_be_two_is_refused(cell: str) -> None:
    _refused(values.cents, cell)


@given(st.integers(0, 10**11))
def test_an_amount_with_grouped_thousands_and_cents_comes_back(cents: int) -> None:
    written = f"{cents // 100:,}.{cents % 100:02}"

    assert values.cents(f"${written}") == cents
    assert values.cents(written.translate(str.maketrans(",.", ".,"))) == cents


@pytest.mark.parametrize(
    ("cell", "code"),
    [("$", "USD"), ("usd", "USD"), ("€", "EUR"), ("£12", "GBP"), ("CAD $5", "CAD"), ("C$", "CAD")],
)
def test_a_currency_is_its_iso_code(cell: str, code: str) -> None:
    assert values.currency(cell) == code


@pytest.mark.parametrize("cell", ["¥", "XYZ", "money", "12"])
def test_an_unknown_currency_is_refused(cell: str) -> None:
    _refused(values.currency, cell)


def test_counts_and_numbers() -> None:
    assert (values.whole("12"), values.whole("12.0"), values.whole("1,234")) == (12, 12, 1234)
    assert (values.number("13.3"), values.number("13,3"), values.number("0.375")) == (
        13.3, 13.3, 0.375,
    )  # fmt: skip


@pytest.mark.parametrize("cell", ["12.5", "1.234", "-1", "many", "1_000", "\u0661"])
def test_what_is_no_count_is_refused(cell: str) -> None:
    _refused(values.whole, cell)


@pytest.mark.parametrize("cell", ["inf", "nan", "-0.5", "13.375", "1e9"])
def test_what_is_no_number_is_refused(cell: str) -> None:
    _refused(values.number, cell)


@pytest.mark.parametrize("cell", ["83%", "83", "0.83", "83 %", "0,83"])
def test_a_share_is_read_from_percentages_and_shares(cell: str) -> None:
    assert values.ratio(cell) == 0.83


@pytest.mark.parametrize("cell", ["1", "1.0", "101", "101%", "-1", "good"])
def test_a_share_that_is_none_or_could_be_two_is_refused(cell: str) -> None:
    _refused(values.ratio, cell)


def test_yes_and_no() -> None:
    assert all(values.yes(cell) for cell in ("true", "TRUE", "Yes", "y", "1", "x"))
    assert not any(values.yes(cell) for cell in ("false", "No", "n", "0"))
    _refused(values.yes, "maybe")


@pytest.mark.parametrize(
    ("cell", "size"),
    [
        ("16 GB", 16 * GIB), ("17179869184", 16 * GIB), ("16GiB", 16 * GIB), ("1,024 MB", GIB),
        ("0.5 TB", 512 * GIB), ("512 bytes", 512), ("0", 0),
    ],
)  # fmt: skip
def test_a_size_is_read_in_bytes(cell: str, size: int) -> None:
    assert values.size_bytes(cell) == size


def test_a_size_without_its_unit_is_refused() -> None:
    _refused(values.size_bytes, "16")
    _refused(values.size_bytes, "large")


@pytest.mark.parametrize(
    "cell",
    [
        "00:1A:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e", "001A2B3C4D5E",
        "0:1a:2b:3c:4d:5e", "00 1a 2b 3c 4d 5e", "001a2b-3c4d5e",
        "00:1a:2b:3c:4d:5e, 00:00:00:00:00:00; FF:FF:FF:FF:FF:FF",
        "00:1a:2b:3c:4d:5e\n01:00:5e:00:00:01",
        "001a2b3c4d5e 00:1A:2B:3C:4D:5E",
    ],
)  # fmt: skip
def test_hardware_addresses_are_twelve_digits_of_devices_alone(cell: str) -> None:
    assert values.macs(cell) == ("001a2b3c4d5e",)


def test_several_hardware_addresses_are_all_kept() -> None:
    cell = "00:1a:2b:3c:4d:5e / 00:1a:2b:3c:4d:5f"

    assert values.macs(cell) == ("001a2b3c4d5e", "001a2b3c4d5f")


@pytest.mark.parametrize("cell", ["001a2b3c4d", "wifi", "00:1a:2b:3c:4d:5e:6f:70", "1a2b3c4d5e6g"])
def test_what_is_no_hardware_address_is_refused(cell: str) -> None:
    _refused(values.macs, cell)


@pytest.mark.parametrize(
    "cell",
    [
        "To be filled by O.E.M.", "Default string", "System Serial Number", "None", "N/A", "0",
        "00000000", "123456789", "XXXXXXX", "Not Specified", "INVALID", "....", "-", "unknown",
    ],
)  # fmt: skip
def test_what_stands_where_there_is_no_serial_number_is_none(cell: str) -> None:
    assert values.serial(cell) is None


def test_a_serial_number_is_upper_case_without_spaces_and_keeps_its_zeros() -> None:
    assert values.serial("5cd 0123xyz") == "5CD0123XYZ"
    assert values.serial("00123") == "00123"


@pytest.mark.parametrize("cell", ["5CD1,5CD2", "5CD1\n5CD2", 'a"b', "x" * 65, "a@school.org"])
def test_more_than_a_serial_number_is_refused(cell: str) -> None:
    _refused(values.serial, cell)


@pytest.mark.parametrize("cell", ["No Asset Tag", "Asset-1234567890", "-", "n/a", "000", "xxx"])
def test_what_stands_where_there_is_no_asset_tag_is_none(cell: str) -> None:
    assert values.asset_tag(cell) is None


def test_short_and_even_asset_tags_are_tags() -> None:
    assert [values.asset_tag(cell) for cell in ("7", "11", "0042", "tag  7")] == [
        "7", "11", "0042", "TAG 7",
    ]  # fmt: skip


def test_words_have_single_spaces_and_no_hidden_characters() -> None:
    assert values.text("  HP\u00a0 Chromebook\n11\u200b\u202e ") == "HP Chromebook 11"


def test_words_with_an_e_mail_address_are_refused() -> None:
    _refused(values.text, "cart of kim@school.org")
    assert values.text("2 @ $300") == "2 @ $300"


def test_words_that_are_too_long_are_refused() -> None:
    _refused(values.text, "x" * 201)
    assert len(values.text("x" * 200)) == 200


@pytest.mark.parametrize("cell", ['="00123"', "'00123", " 00123 "])
def test_what_a_spreadsheet_put_around_a_cell_is_taken_off(cell: str) -> None:
    assert said(cell) == "00123"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "@SUM(A1)", "'=1+1", '="=1"', "\uff1d1", "#REF!"])
def test_formulas_and_their_errors_are_refused(cell: str) -> None:
    _refused(said, cell)


@pytest.mark.parametrize("cell", ["1.23E+11", "1E+12", "3,5e+10"])
def test_numbers_that_a_spreadsheet_shortened_are_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="as text"):
        said(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "-", "N/A", "null", "Never", " ", "'", "0000-00-00", "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00.000Z", "0000-00-00 00:00:00",
    ],
)  # fmt: skip
def test_what_systems_write_for_nothing_says_nothing(cell: str) -> None:
    assert said(cell) == ""


@pytest.mark.parametrize("cell", ["-5", "5E10", "0001", "1970-01-01X", "nonesuch", "#12"])
def test_other_cells_say_what_they_say(cell: str) -> None:
    assert said(cell) == cell


def test_where_days_stand_first_a_date_that_could_be_either_is_refused() -> None:
    _refused(said_day_first, "03/04/2024")
    assert said_day_first("03/03/2024") == "03/03/2024"
    assert said_day_first("03/13/2024") == "03/13/2024"


@pytest.mark.parametrize("cell", ["13/13/2024", "June 31, 2024", "1,2,3", "31-Feb-24"])
def test_digits_and_months_may_be_shown(cell: str) -> None:
    assert may_be_shown(cell)


@pytest.mark.parametrize("cell", ["April June", "May", "kim 12", "12@34", "Marie 3", "Junes 1"])
def test_what_may_be_a_name_may_not_be_shown(cell: str) -> None:
    assert not may_be_shown(cell)


READERS = [getattr(values, name) for name in values.__all__]
NAMES = st.text(st.sampled_from("QWJZ"), min_size=5).map(lambda name: f"{name} {name}")


@pytest.mark.parametrize("read", READERS, ids=values.__all__)
@given(cell=st.text(min_size=1).map(str.strip).filter(bool))
def test_any_cell_is_read_or_refused_with_a_value_error(
    read: Callable[[str], Any], cell: str
) -> None:
    try:
        read(cell)
    except ValueError as why:
        assert str(why)


@pytest.mark.parametrize("read", READERS, ids=values.__all__)
@given(name=NAMES)
def test_a_refusal_quotes_nothing(read: Callable[[str], Any], name: str) -> None:
    try:
        read(f"{name}@school.org")
    except ValueError as why:
        assert name not in str(why)


def _refused(read: Callable[[str], Any], cell: str) -> None:
    with pytest.raises(ValueError, match=r"\w \w"):
        read(cell)
