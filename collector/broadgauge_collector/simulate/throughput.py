"""One direction of one throughput test: what it read, what set that, and how sure it is."""

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import numpy as np

from broadgauge_wire import Direction, Segment, ThroughputResult

from .chance import ids

if TYPE_CHECKING:
    from .measurements import Day

PAYLOAD_RATIO = 1448 / 1500
INTERVAL_SECONDS = 0.1
RAMP = np.array([0.02, 0.07, 0.2, 0.45, 0.8, 1.08])
UNSETTLED_CHANCE = 0.02
FAILED_CHANCE = 0.004
LOSSY = 0.005
"""Where more is lost, losses rather than the rate hold a test back, and it can't say what the line
carries."""

NO_ANSWER = "the server did not answer within 5 seconds"
BROKE_OFF = "the server cannot be reached: Connection reset by peer"


class Seen(NamedTuple):
    """What a test meets: the rate its path leaves it in bit/s, delays in s, shares of one."""

    direction: Direction
    segment: Segment
    path_bits_per_second: float
    idle_rtt: float
    queue_seconds: float
    used: float
    loss: float
    out: bool


def throughput(
    today: "Day", seen: Seen, host: str, reflector_id: UUID | None, at: float
) -> ThroughputResult:
    """The test that an agent makes of it, `at` seconds after its day began."""
    unsure, luck, noise, queue = today.random.random(4).tolist()
    facts: dict[str, Any] = {
        "direction": seen.direction,
        "method": "ndt7",
        "server": host,
        "reflector_id": reflector_id,
        "segment": seen.segment,
        "path_kind": "network",
        "ceiling_bits_per_second": today.agent.machine.ceiling_bits_per_second,
        "network_link": today.agent.machine.link,
    }
    if seen.out or luck < FAILED_CHANCE:
        words = NO_ANSWER if seen.out else BROKE_OFF
        return _made(today, at, 5.0, facts | {"error": words, "stop_reason": "error"})
    facts |= _reading(today, seen, noise, queue)
    if unsure < UNSETTLED_CHANCE or seen.loss > LOSSY:
        unsettled = {"bound": None, "limited_by": None, "stop_reason": "deadline"}
        facts |= unsettled | {"uncertainty_ratio": round(0.1 + 0.3 * noise, 3)}
    steps = len(facts["rates_bits_per_second"])
    return _made(today, at, round(steps * INTERVAL_SECONDS + 0.2, 3), facts)


def _reading(today: "Day", seen: Seen, noise: float, queue: float) -> dict[str, Any]:
    machine = today.agent.machine
    most = machine.ceiling_bits_per_second * machine.quality * (0.985 + 0.012 * noise)
    if machine.is_laptop:
        most *= 0.82 + 0.18 * queue
    by_path = seen.path_bits_per_second < most
    line = min(seen.path_bits_per_second, most) * (0.994 + 0.006 * noise)
    payload = line * PAYLOAD_RATIO
    loaded = seen.idle_rtt + 0.001 + seen.queue_seconds * (0.25 + 0.5 * queue + 0.4 * seen.used)
    rates = _rates(today, payload)
    return {
        "idle_rtt_seconds": round(seen.idle_rtt * (1 + 0.1 * noise), 6),
        "streams": 3 if line > 200e6 else 1,
        "congestion_control": "bbr",
        "throughput_bits_per_second": round(payload, 1),
        "line_bits_per_second": round(line, 1),
        "payload_ratio": round(PAYLOAD_RATIO, 6),
        "bytes_transferred": round(sum(rates) * INTERVAL_SECONDS / 8),
        "loaded_rtt_seconds": round(loaded, 6),
        "retransmit_ratio": round(seen.loss * (0.5 + noise), 6),
        "bound": "exact" if by_path else "at_least",
        "limited_by": "path" if by_path else "wifi" if machine.is_laptop else "nic",
        "stop_reason": "converged",
        "cross_traffic_bits_per_second": round(2e5 * queue, 1),
        "rates_bits_per_second": rates,
        "rate_interval_seconds": INTERVAL_SECONDS,
        "measured_from_seconds": 0.7,
        "measured_to_seconds": round((len(rates) - 1) * INTERVAL_SECONDS, 3),
        "uncertainty_ratio": round(0.004 + 0.02 * noise, 4),
        "round_trips_per_minute": round(60 / loaded, 1),
        "process_cpu_ratio": round(0.12 + 0.2 * queue, 3),
        "busiest_core_ratio": round(0.3 + 0.3 * queue, 3),
    }


def _rates(today: "Day", payload: float) -> tuple[int, ...]:
    """Payload rates each tenth of a second: slow start, a little too much, then nearly steady."""
    steady = 1 + 0.008 * today.random.standard_normal(10)
    shape = np.concatenate((RAMP, steady)) * payload
    return tuple(shape.astype(np.int64).tolist())


def _made(today: "Day", at: float, duration: float, facts: dict[str, Any]) -> ThroughputResult:
    made_at = today.begins.timestamp() + at + duration
    result_id = ids([made_at], today.random)[0]
    return ThroughputResult(id=result_id, **today.common(at, duration), **facts)
