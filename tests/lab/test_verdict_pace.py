"""A test inside this machine keeps the pace it is asked for, whoever has to see to it."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from statistics import fmean

import pytest
from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.probes.throughput import streams
from broadgauge_agent.probes.throughput.target import PACE_SHARE
from broadgauge_wire import Direction, ThroughputResult
from tests.ndt7_servers import reflector, request_to, websocket_server

ASKED = 80e6
MAX_SECONDS = 8.0
NOISE = os.urandom(2**16)


def measured(request: ProbeRequest) -> ThroughputResult:
    (result,) = load_probe("throughput").run(request)
    assert isinstance(result, ThroughputResult)
    assert result.error is None
    return result


def arrived_of(rates: Sequence[float]) -> float:
    """Payload per second, the first moments left out."""
    return fmean(rates[3:])


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_test_is_paced_a_little_above_what_is_asked_about(direction: Direction) -> None:
    with reflector() as port:
        request = replace(
            request_to(port, direction, max_seconds=MAX_SECONDS), target_bits_per_second=ASKED
        )
        result = measured(request)
    assert result.stop_reason == "target_reached"
    assert (result.bound, result.limited_by) == ("at_least", "pacer")
    assert result.target_bits_per_second == ASKED
    assert result.pace_bits_per_second == pytest.approx(PACE_SHARE * ASKED, rel=0.01)
    assert result.line_bits_per_second
    assert result.line_bits_per_second > ASKED
    assert arrived_of(result.rates_bits_per_second) < 1.15 * ASKED


def test_where_the_kernel_keeps_no_pace_an_upload_is_written_at_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "limit_pacing", lambda _connection, _rate: False)
    with reflector() as port:
        request = replace(
            request_to(port, "upload", max_seconds=MAX_SECONDS), target_bits_per_second=ASKED
        )
        result = measured(request)
    assert (result.stop_reason, result.limited_by) == ("target_reached", "pacer")
    assert arrived_of(result.rates_bits_per_second) < 1.15 * ASKED
    assert result.process_cpu_ratio is not None
    assert result.process_cpu_ratio < 0.5  # it waits, and doesn't look at the clock all the time


async def send_noise(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await connection.send(NOISE)
            await asyncio.sleep(0)


def test_a_server_that_knows_no_pace_gives_an_ordinary_test_that_ends_as_soon() -> None:
    with websocket_server(send_noise) as port:
        request = replace(request_to(port, max_seconds=MAX_SECONDS), target_bits_per_second=ASKED)
        result = measured(request)
    assert result.throughput_bits_per_second and result.throughput_bits_per_second > 2 * ASKED
    assert result.pace_bits_per_second is None
    assert result.limited_by != "pacer"
    assert result.bound != "exact"
