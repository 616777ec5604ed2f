"""What a page measured, as the results that are kept."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Raw

from broadgauge_wire import Batch, Direction, Result, ThroughputResult, encode, new_id

from ..ingest import Ingest
from ..version import VERSION
from .floor import floor_of
from .model import Fault, FinishedTest, MeasuredPart, Room
from .servers import PageServer

PAYLOAD_RATIO = 1448 / 1500
"""Of a full packet on an ordinary network, IPv4 with TCP timestamps: a browser can't look."""

WORDS: dict[Fault, str] = {
    "closed": "The page was closed, or its device lost the network, before the test ended.",
    "unreachable": "The browser could not reach the test server.",
    "untrusted": "The browser could not reach the test server, or does not trust its certificate.",
    "blocked": "Something on the way lets web pages through, but no WebSocket.",
    "used_up": "The test server's allowance for tests without an access token is used up.",
    "busy": "The test server had as many tests as it takes at once.",
    "refused": "The test server refused the test.",
    "broke_off": "The connection to the test server broke off.",
    "stalled": "No data arrived for several seconds.",
    "not_counted": "The test server never said what arrived: something on the way kept the upload.",
    "not_ndt7": "What answered as the test server does not speak ndt7.",
}

CLOSED = FinishedTest(download=MeasuredPart(fault="closed"), upload=MeasuredPart(fault="closed"))


def browsers_of(school_id: UUID) -> UUID:
    """What stands for an agent in results that browsers at a school made. No agent has this id, so
    there is no key to it, and nothing to list or to revoke."""
    return uuid5(school_id, "browsers")


def results_of(
    finished: FinishedTest, room: Room, server: PageServer, began: datetime
) -> tuple[ThroughputResult, ...]:
    """A result for each direction. Whatever a page says, it is never a full reading."""
    parts: tuple[tuple[Direction, MeasuredPart], ...] = (
        ("download", finished.download),
        ("upload", finished.upload),
    )
    return tuple(_result(direction, part, room, server, began) for direction, part in parts)


class BrowserLane:
    """Hands browsers' results to ingest, numbered like an agent's batches, school by school."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._last: dict[UUID, tuple[UUID, int]] = {}

    async def keep(self, school_id: UUID, results: tuple[Result, ...], now: datetime) -> None:
        """Returns once they are durable. Invalid if one is out of bounds, and as Ingest.keep."""
        epoch, sequence = self._last.get(school_id, (new_id(), 0))
        self._last[school_id] = (epoch, sequence + 1)
        batch = Batch(
            agent_id=browsers_of(school_id),
            epoch=epoch,
            lane="live",
            sequence=sequence + 1,
            sent_at=now,
            results=tuple(Raw(encode(result)) for result in results),
        )
        try:
            await self._ingest.keep(batch, school_id, now)
        except BaseException:
            self._last.pop(school_id, None)  # a number that is missing would hold the ledger up
            raise


def _result(
    direction: Direction, part: MeasuredPart, room: Room, server: PageServer, began: datetime
) -> ThroughputResult:
    reflector = server.reflector
    return ThroughputResult(
        id=new_id(),
        started_at=began,
        duration_seconds=part.duration_seconds,
        clock_offset_seconds=0.0,  # it began by the collector's own clock
        segment=reflector.segment,
        location=room.name,
        # A browser doesn't know which way it goes, but to its own machine it goes nowhere.
        path_kind="loopback" if server.is_this_machine else None,
        trigger="survey",
        agent_version=VERSION,
        direction=direction,
        method="ndt7",
        server=reflector.host,
        reflector_id=reflector.id,
        streams=1,
        client="browser",
        bytes_transferred=part.bytes_transferred,
        **_outcome(part),
    )


def _outcome(part: MeasuredPart) -> dict[str, Any]:
    payload = part.throughput_bits_per_second
    if part.fault is not None or payload is None:
        return {"error": WORDS[part.fault or "broke_off"], "stop_reason": "error"}
    return {
        "throughput_bits_per_second": payload,
        "line_bits_per_second": payload / PAYLOAD_RATIO,
        "payload_ratio": PAYLOAD_RATIO,
        "bound": floor_of(part),
        "stop_reason": part.stop_reason,
        "rates_bits_per_second": part.rates_bits_per_second,
        "rate_interval_seconds": part.rate_interval_seconds,
        "measured_from_seconds": part.measured_from_seconds,
        "measured_to_seconds": part.measured_to_seconds,
        "idle_rtt_seconds": part.idle_rtt_seconds,
        "loaded_rtt_seconds": part.loaded_rtt_seconds,
    }
