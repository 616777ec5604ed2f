"""The worked example of docs/explanation/verdicts.md, through the code."""

import re
from pathlib import Path

import pytest

from broadgauge_collector.capacity import intervals
from broadgauge_collector.capacity.model import Interval, Need
from tests.judging import a_test, verdict

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "verdicts.md"
NIGHTS = (496, 494, 497, 495, 431, 496, 493, 497, 495, 494, 496, 495)


def test_lincolns_verdict_is_what_the_page_says() -> None:
    need = Need(bits_per_second=480e6, people=480, working="480 students x 1 Mbps = 480 Mbps")
    tests = [a_test(day, mbps + more) for day, mbps in enumerate(NIGHTS) for more in (-3, 0, 2)]
    found = verdict(tests, need)
    page = PAGE.read_text()
    assert ", ".join(str(mbps) for mbps in NIGHTS) in page.replace("**", "")
    assert f"> {found.explanation}\n" in page
    assert found.capacity is not None
    assert found.capacity.bits_per_second == 495e6
    assert found.capacity.interval == Interval(494e6, 496e6)
    assert found.capacity.confidence == pytest.approx(0.961, abs=5e-4)
    seven_of_twelve = [a_test(day, 496 if day < 7 else 400) for day in range(12)]
    assert verdict(seven_of_twelve, need).more_days == 9
    assert f"{intervals.lower(7, 12, 0.95):.0%} to {intervals.upper(7, 12, 0.95):.0%}" in page


def test_the_pages_limits_are_the_codes() -> None:
    limits = re.findall(r"\*([LU])\*\((\d+), (\d+)\) = (0\.\d+)", PAGE.read_text())
    assert len(limits) >= 8
    for name, reached, days, value in limits:
        limit = intervals.lower if name == "L" else intervals.upper
        assert f"{limit(int(reached), int(days), 0.95):.3f}" == value
