"""What a page's reading may claim: a floor, if it outlasted a burst and did not fall."""

from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_collector.rooms.floor import floor_of
from broadgauge_collector.rooms.model import MeasuredPart

LASTING = MeasuredPart(
    throughput_bits_per_second=20e6,
    rates_bits_per_second=(20e6,) * 18,
    rate_interval_seconds=0.25,
    measured_from_seconds=3.0,
    measured_to_seconds=4.5,
)

NO_FLOOR: dict[str, dict[str, Any]] = {
    "over within a burst": {"measured_from_seconds": 0.5, "measured_to_seconds": 2.0},
    "the burst counted too": {"measured_from_seconds": 2.0, "measured_to_seconds": 8.0},
    "hardly longer than a burst": {"measured_from_seconds": 3.0, "measured_to_seconds": 3.9},
    "no word of when": {"measured_from_seconds": None, "measured_to_seconds": None},
    "no rates to see it last": {"rates_bits_per_second": ()},
    "a longer burst": {
        "throughput_bits_per_second": 36e6,
        "rates_bits_per_second": (100e6,) * 16 + (20e6,) * 16,
        "measured_to_seconds": 8.0,
    },
}


def test_a_rate_that_outlasts_a_burst_is_a_floor() -> None:
    assert floor_of(LASTING) == "at_least"


def test_a_rate_that_rises_is_a_floor() -> None:
    rising = tuple(range(1_000_000, 33_000_000, 1_000_000))
    changes: dict[str, Any] = {"rates_bits_per_second": rising, "measured_to_seconds": 8.0}
    assert floor_of(replace(LASTING, **changes)) == "at_least"


@pytest.mark.parametrize("changes", NO_FLOOR.values(), ids=NO_FLOOR)
def test_what_may_be_a_burst_is_no_floor(changes: dict[str, Any]) -> None:
    assert floor_of(replace(LASTING, **changes)) is None
