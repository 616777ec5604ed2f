from datetime import UTC, date, datetime, timedelta

import pytest

from broadgauge_collector.capacity.model import Interval
from broadgauge_dashboard import format as fmt

NOW = datetime(2026, 3, 20, 15, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bits_per_second", "shown"),
    [
        (None, "\u2014"),
        (0.0, "0 bps"),
        (8_400_000.0, "8.4 Mbps"),
        (84_000_000.0, "84 Mbps"),
        (843_210_000.0, "843 Mbps"),
        (999_700_000.0, "1 Gbps"),
        (1_250_000_000.0, "1.25 Gbps"),
        (850_000.0, "850 kbps"),
    ],
)
def test_a_rate_has_three_digits_and_a_unit(bits_per_second: float | None, shown: str) -> None:
    assert fmt.rate(bits_per_second) == shown


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (None, ""),
        (Interval(None, None), ""),
        (Interval(210e6, 260e6), "210\u2013260 Mbps"),
        (Interval(900e6, 1.2e9), "0.9\u20131.2 Gbps"),
        (Interval(210e6, 210e6), "210 Mbps"),
        (Interval(210e6, None), "at least 210 Mbps"),
        (Interval(None, 260e6), "up to 260 Mbps"),
    ],
)
def test_a_range_has_one_unit_and_says_where_it_is_open(
    interval: Interval | None, shown: str
) -> None:
    assert fmt.rate_range(interval) == shown


def test_a_range_per_person_keeps_its_open_end() -> None:
    assert fmt.divided(Interval(100e6, None), 50) == Interval(2e6, None)


@pytest.mark.parametrize(
    ("gone", "shown"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=3, minutes=50), "3 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(seconds=-5), "just now"),
    ],
)
def test_the_past_is_told_in_one_unit(gone: timedelta, shown: str) -> None:
    assert fmt.ago(NOW - gone, NOW) == shown


def test_what_never_was_is_never_ago() -> None:
    assert fmt.ago(None, NOW) == "never"


def test_times_are_on_the_schools_clock() -> None:
    assert fmt.moment(NOW, "America/Chicago") == "Fri Mar 20, 10:05 AM"
    assert fmt.moment(NOW.replace(tzinfo=None), "America/Chicago") == "Fri Mar 20, 10:05 AM"


def test_a_time_zone_this_machine_does_not_know_is_read_as_utc() -> None:
    assert fmt.moment(NOW, "Mars/Olympus") == "Fri Mar 20, 3:05 PM"


@pytest.mark.parametrize(
    ("group", "shown"), [("00", "12 AM"), ("08", "8 AM"), ("12", "12 PM"), ("15", "3 PM")]
)
def test_an_hour_reads_as_americans_say_it(group: str, shown: str) -> None:
    assert fmt.hour(group) == shown


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (fmt.milliseconds(0.0042), "4.2 ms"),
        (fmt.milliseconds(None), "\u2014"),
        (fmt.percent(0.004), "0.4%"),
        (fmt.percent(0.95), "95%"),
        (fmt.size(76_000_000), "76 MB"),
        (fmt.size(12), "12 bytes"),
        (fmt.memory(8 * 2**30), "8 GB"),
        (fmt.count(1250), "1,250"),
        (fmt.count(None), "\u2014"),
        (fmt.plural(1, "day"), "1 day"),
        (fmt.plural(1250, "person", "people"), "1,250 people"),
    ],
)
def test_numbers_read_as_words(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_period_names_its_years_only_where_they_differ() -> None:
    assert fmt.period(date(2026, 3, 2), date(2026, 3, 20)) == "Mon, Mar 2 to Fri, Mar 20"
    assert fmt.period(date(2025, 3, 21), date(2026, 3, 20)) == (
        "Fri, Mar 21, 2025 to Fri, Mar 20, 2026"
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (61, "61 seconds"),
        (-300, "5 minutes"),
        (7200, "2 hours"),
        (2e5, "2 days"),
        (1.8e9, "57 years"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_unit(seconds: float, shown: str) -> None:
    assert fmt.how_long(seconds) == shown
