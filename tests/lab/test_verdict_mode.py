"""Asked whether a line carries a rate, a test says so for few bytes, or goes on to find out."""

from uuid import uuid4

import pytest
from msgspec.structs import replace

from broadgauge_agent.probes.base import KnownLine, ProbeRequest
from broadgauge_wire import Direction, Reflector
from lab.path import Path, State, path
from tests.lab.probing import (
    assert_not_confidently_wrong,
    error_ratio,
    measured,
    request_to,
    server_at,
)

NEED = 15e6
RTT_SECONDS = 0.02
MAX_SECONDS = 5.0
"""Enough to have said that the need is reached."""


def asked(
    made: Path, reflector: Reflector, direction: Direction, known_payload: float | None = None
) -> ProbeRequest:
    """A test with the question, by who knows this much of the line."""
    known = () if known_payload is None else (_known(made, direction, known_payload),)
    request = request_to(reflector, direction)
    return replace(request, target_bits_per_second=NEED, known_lines=known)


def _known(made: Path, direction: Direction, payload: float) -> KnownLine:
    return KnownLine(
        test_id=uuid4(),
        interface=made.near.interface,
        direction=direction,
        bound="exact",
        throughput_bits_per_second=payload,
        idle_rtt_seconds=RTT_SECONDS,
    )


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_known_line_is_paced_a_little_above_what_is_asked_about(direction: Direction) -> None:
    line = State(2 * NEED, RTT_SECONDS)
    with path(line) as made, server_at(made.far) as reflector:
        request = asked(made, reflector, direction, line.payload_bits_per_second)
        result = measured(made.near.host, request)
    assert (result.stop_reason, result.bound, result.limited_by) == (
        "target_reached",
        "at_least",
        "pacer",
    ), result
    assert result.line_bits_per_second
    assert NEED <= result.line_bits_per_second < 1.2 * NEED
    assert result.burst_test_id == request.known_lines[0].test_id
    assert result.bytes_transferred
    assert result.bytes_transferred < 3 * NEED / 8  # a full test of it takes ten times the need


def test_a_line_that_has_become_a_tenth_too_slow_is_found_at_its_rate() -> None:
    line = State(0.9 * NEED, RTT_SECONDS)
    with path(line) as made, server_at(made.far) as reflector:
        request = asked(made, reflector, "download", 2 * NEED)
        result = measured(made.near.host, replace(request, max_seconds=MAX_SECONDS))
    assert result.stop_reason != "target_reached"
    assert result.pace_bits_per_second is None
    assert_not_confidently_wrong(result, made.payload_bits_per_second)
    assert error_ratio(result, made.payload_bits_per_second) < 0.03


def test_three_seconds_of_more_are_not_taken_for_what_is_asked_about() -> None:
    rate, peak = 0.6 * NEED, 2 * NEED
    burst_bytes = 3 * (peak - rate) / 8
    line = State(rate, RTT_SECONDS, burst_bytes=burst_bytes, peak_bits_per_second=peak)
    with path(line) as made, server_at(made.far) as reflector:
        request = replace(asked(made, reflector, "upload"), max_seconds=MAX_SECONDS)
        result = measured(made.near.host, request)
    assert result.stop_reason != "target_reached"
    assert_not_confidently_wrong(result, made.payload_bits_per_second)
