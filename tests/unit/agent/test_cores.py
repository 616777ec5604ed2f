import os
import time
from collections import namedtuple
from typing import Any

import psutil
import pytest

from broadgauge_agent.cores import CoreWatch

Windows = namedtuple("Windows", "user system idle interrupt dpc")
Darwin = namedtuple("Darwin", "user nice system idle")
Linux = namedtuple("Linux", "user nice system idle iowait irq softirq steal guest guest_nice")

SYSTEMS = {
    # One second each: three tenths of it busy on the first core, eight on the second.
    "windows": (
        [Windows(10, 5, 100, 1, 1), Windows(10, 5, 100, 1, 1)],
        [Windows(10.2, 5.1, 100.7, 1.1, 1.1), Windows(10.5, 5.3, 100.2, 1.2, 1.1)],
    ),
    "darwin": (
        [Darwin(10, 0, 5, 100), Darwin(10, 0, 5, 100)],
        [Darwin(10.2, 0, 5.1, 100.7), Darwin(10.4, 0.1, 5.3, 100.2)],
    ),
    "linux": (
        [Linux(10, 0, 5, 100, 1, 0, 0, 0, 3, 0)] * 2,
        [
            Linux(10.2, 0, 5.1, 100.5, 1.2, 0, 0, 0, 3.2, 0),
            Linux(10.3, 0, 5.1, 100.2, 1, 0, 0.2, 0.2, 3.3, 0),
        ],
    ),
}


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def told(monkeypatch: pytest.MonkeyPatch, *readings: Any) -> None:
    left = list(readings)
    monkeypatch.setattr(psutil, "cpu_times", lambda percpu: left.pop(0))


def test_a_core_with_work_to_do_is_the_busiest() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        watch = CoreWatch()
        spin(0.4)
        ratio = watch.busiest_ratio()
    finally:
        os.sched_setaffinity(0, allowed)
    assert ratio is not None
    assert 0.8 <= ratio <= 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_tells_the_busiest_core(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, *SYSTEMS[system])
    assert CoreWatch().ratios() == pytest.approx((0.3, 0.8))


def test_after_too_little_time_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, [Darwin(10, 0, 5, 100)], [Darwin(10.02, 0, 5, 100.03)])
    assert CoreWatch().busiest_ratio() is None


def test_a_core_that_was_switched_on_meanwhile_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, [Darwin(10, 0, 5, 100)], [Darwin(11, 0, 5, 101), Darwin(0, 0, 0, 1)])
    assert CoreWatch().busiest_ratio() is None


def test_a_counter_that_went_back_makes_no_share_beyond_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(
        monkeypatch,
        [Linux(10, 0, 5, 100, 9, 0, 0, 0, 0, 0)],
        [Linux(12, 0, 5, 100, 8.5, 0, 0, 0, 0, 0)],
    )
    assert CoreWatch().busiest_ratio() == 1
