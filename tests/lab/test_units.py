"""Numbers with units, read and written."""

from collections.abc import Callable

import pytest

from lab import units


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (units.rate, "100mbit", 100e6),
        (units.rate, "2.5 Gbit", 2.5e9),
        (units.rate, "9600bit", 9600.0),
        (units.seconds, "20ms", 0.02),
        (units.seconds, "5s", 5.0),
        (units.share, "0.1%", 0.001),
        (units.share, "0.5", 0.5),
        (units.size, "64kb", 64_000.0),
        (units.size, "1500b", 1500.0),
    ],
)
def test_a_number_with_its_unit_is_read(
    parse: Callable[[str], float], text: str, value: float
) -> None:
    assert parse(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "100", "mbit", "-1mbit", "1mbps", "1e6bit", "nan"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rate such as 100mbit"):
        units.rate(text)


def test_numbers_are_written_as_they_are_read() -> None:
    assert units.rate_words(96_533_333.3) == "96.53mbit"
    assert units.size_words(250_000) == "250kb"
    assert units.rate_words(0) == "0bit"
