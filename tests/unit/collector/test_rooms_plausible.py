"""What a page says of its test, held against what any test can have found."""

from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_collector.errors import Invalid
from broadgauge_collector.rooms.model import FinishedTest, MeasuredPart
from broadgauge_collector.rooms.plausible import check_plausible
from broadgauge_collector.rooms.results import CLOSED

HONEST = MeasuredPart(
    duration_seconds=5.0,
    bytes_transferred=60_000_000,
    throughput_bits_per_second=96e6,
    rates_bits_per_second=(60e6, *[96e6] * 19),
    rate_interval_seconds=0.25,
    measured_from_seconds=3.0,
    measured_to_seconds=5.0,
    stop_reason="converged",
)
FAILED = MeasuredPart(fault="unreachable")


@pytest.mark.parametrize(
    "download",
    [
        HONEST,
        FAILED,
        MeasuredPart(),
        MeasuredPart(duration_seconds=3.0, bytes_transferred=40_000_000, fault="broke_off"),
        replace(HONEST, rates_bits_per_second=(), rate_interval_seconds=None),
        # 10 Gbps until the data that a test may use is used up.
        MeasuredPart(
            duration_seconds=1.1,
            bytes_transferred=1_375_000_000,
            throughput_bits_per_second=10e9,
            measured_from_seconds=0.25,
            measured_to_seconds=1.0,
        ),
    ],
)
def test_what_a_test_can_have_found_passes(download: MeasuredPart) -> None:
    check_plausible(FinishedTest(download=download, upload=FAILED), 30.0)


def test_a_test_that_was_never_finished_passes() -> None:
    check_plausible(CLOSED, 90.0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"duration_seconds": 1e9}, "announced 30 s ago"),
        ({"duration_seconds": 40.0}, "a test of 40 s"),
        ({"bytes_transferred": None}, "more bytes"),
        ({"bytes_transferred": 20_000_000}, "more bytes"),
        ({"throughput_bits_per_second": 9e12}, "more bytes"),
        ({"rates_bits_per_second": (9e12,) * 20}, "more bytes"),
        ({"bytes_transferred": 2**53}, "so many bytes"),
        ({"measured_from_seconds": None}, "part that it rests on"),
        ({"measured_to_seconds": None}, "part that it rests on"),
        ({"measured_from_seconds": 4.999}, "part that it rests on"),
        ({"measured_from_seconds": 5.0, "measured_to_seconds": 3.0}, "part that it rests on"),
        ({"measured_from_seconds": 28.0, "measured_to_seconds": 30.0}, "after the end"),
    ],
)
def test_what_no_test_can_have_found_does_not(changes: dict[str, Any], why: str) -> None:
    wrong = replace(HONEST, **changes)
    for finished in (
        FinishedTest(download=wrong, upload=FAILED),
        FinishedTest(download=FAILED, upload=wrong),
    ):
        with pytest.raises(Invalid, match=why):
            check_plausible(finished, 30.0)


def test_no_browser_is_so_fast() -> None:
    rate = 30e9
    fast = replace(
        HONEST,
        bytes_transferred=10_000_000_000,
        throughput_bits_per_second=rate,
        rates_bits_per_second=(),
    )
    with pytest.raises(Invalid, match="no browser is so fast"):
        check_plausible(FinishedTest(download=fast, upload=FAILED), 30.0)


def test_both_directions_had_the_time_that_there_was() -> None:
    both = FinishedTest(download=HONEST, upload=HONEST)
    check_plausible(both, 10.0)
    with pytest.raises(Invalid, match="announced"):
        check_plausible(both, 5.0)
