"""What this machine's processor carries is measured once in a while, and used when it is known."""

import json

import pytest
from msgspec.structs import replace

from broadgauge_agent.calibration import (
    DAY,
    Calibrating,
    Calibration,
    known_calibration,
    measure_calibration,
)
from broadgauge_agent.doctor.ability import check_ability
from broadgauge_agent.measuring import CancelledError
from broadgauge_agent.spool import Spool
from broadgauge_agent.version import agent_version
from broadgauge_wire import encode
from tests.collecting import throughput
from tests.ndt7_servers import request_to
from tests.scripted_collector import make_reflector

NOW = 1.8e9
WHOLE = Calibration(
    agent_version=agent_version(),
    measured_at=NOW,
    plain_bits_per_second={"download": 8e9, "upload": 9e9},
    tls_bits_per_second={"download": 3e9, "upload": 4e9},
)


def test_this_machine_is_measured_both_ways_with_and_without_tls() -> None:
    found = measure_calibration(NOW, lambda: False)
    for tls in (False, True):
        assert found.rates(tls=tls).keys() == {"download", "upload"}
        assert min(found.rates(tls=tls).values()) > 1e6
    assert not found.is_due(NOW)
    assert known_calibration(json.loads(encode(found))) == found


def test_an_agent_that_stops_does_not_wait_for_it() -> None:
    with pytest.raises(CancelledError):
        measure_calibration(NOW, lambda: True)


@pytest.mark.parametrize(
    ("calibration", "age_days", "due"),
    [
        (WHOLE, 29, False),
        (WHOLE, 31, True),
        (WHOLE, -1, True),
        (replace(WHOLE, agent_version="0.0.9"), 1, True),
        (replace(WHOLE, tls_bits_per_second={}), 0.5, False),
        (replace(WHOLE, tls_bits_per_second={}), 1.5, True),
    ],
    ids=["fresh", "old", "clock set back", "another version", "failed lately", "failed before"],
)
def test_when_it_is_measured_anew(calibration: Calibration, age_days: float, due: bool) -> None:
    assert calibration.is_due(NOW + age_days * DAY) is due


def test_a_test_that_read_more_raises_it_and_one_that_read_less_does_not(spool: Spool) -> None:
    spool.note("calibration", WHOLE)
    calibrating = Calibrating(spool, lambda: NOW)
    request = request_to(1, tls=True)
    calibrating.learn(request, [throughput(direction="upload", throughput_bits_per_second=2e9)])
    assert known_calibration(spool.fact("calibration")) == WHOLE
    calibrating.learn(request, [throughput(direction="upload", throughput_bits_per_second=5e9)])
    raised = known_calibration(spool.fact("calibration"))
    assert raised == replace(WHOLE, tls_bits_per_second={"download": 3e9, "upload": 5e9})


def test_a_failed_test_teaches_nothing(spool: Spool) -> None:
    spool.note("calibration", WHOLE)
    failed = throughput(throughput_bits_per_second=None, error="no answer")
    Calibrating(spool, lambda: NOW).learn(request_to(1), [failed])
    assert known_calibration(spool.fact("calibration")) == WHOLE


def test_a_test_inside_this_machine_needs_none_and_measures_none(spool: Spool) -> None:
    assert Calibrating(spool, lambda: NOW).rates(request_to(1), lambda: True) == {}
    assert spool.fact("calibration") is None


@pytest.mark.parametrize(
    ("calibration", "state", "words", "advice"),
    [
        (None, "ok", "not measured yet", "before the agent's first planned test"),
        (replace(WHOLE, plain_bits_per_second={}), "unknown", "could not be measured", None),
        (WHOLE, "ok", "download 8000 Mbps, upload 9000 Mbps, download with TLS 3000 Mbps", None),
        (
            replace(WHOLE, plain_bits_per_second={"download": 7e8, "upload": 6e8}),
            "ok",
            "download 700 Mbps, upload 600 Mbps",
            "Near 600 Mbps, its readings may be its own limit",
        ),
    ],
    ids=["never", "failed", "fast", "slow"],
)
def test_doctor_says_what_the_processor_carries(
    calibration: Calibration | None, state: str, words: str, advice: str | None
) -> None:
    facts = {"calibration": json.loads(encode(calibration))}
    check = next(check_ability(make_reflector(1), facts))
    assert (check.name, check.state) == ("this machine's processor", state)
    assert words in check.detail
    assert advice is None or advice in (check.advice or "")


@pytest.mark.parametrize("fact", [None, "words", {}, {"measured_at": "yesterday"}])
def test_a_fact_that_is_no_calibration_is_none(fact: object) -> None:
    assert known_calibration(fact) is None
