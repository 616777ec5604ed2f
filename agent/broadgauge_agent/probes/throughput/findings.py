"""What was recognized on the way, at the moments of a test at which it shows."""

import ssl
from typing import Any

from broadgauge_agent.middleboxes import (
    SingleStream,
    issuer_of,
    recognise_connect_failure,
    recognise_per_flow_shaping,
    recognise_tls,
)
from broadgauge_agent.probes.base import ProbeRequest
from broadgauge_agent.probes.far_end import FarEnd
from broadgauge_wire import Middlebox

from . import evidence
from .bound import is_bbr
from .channel import Channel
from .failure import TestFailedError
from .observation import Estimate, Observation
from .progress import INTERVAL_SECONDS
from .settling import grown, grown_seconds


def named(
    error: TestFailedError, far_end: FarEnd, request: ProbeRequest, fields: dict[str, Any]
) -> TestFailedError:
    """The error of a test that could not begin, with what kept it from that, if it is known."""
    found = recognise_connect_failure(
        error, far_end.reflector, far_end.address, request.known_issuer
    )
    if found is None:
        return error
    fields["middleboxes"] = (found.middlebox,)
    return TestFailedError(f"{error}. {found.words}")


def of_certificate(channel: Channel, far_end: FarEnd, request: ProbeRequest) -> dict[str, Any]:
    """Who issued the certificate that was shown, and whether a filter made it."""
    shown = (
        channel.socket.getpeercert(binary_form=True)
        if isinstance(channel.socket, ssl.SSLSocket)
        else None
    )
    if not shown:
        return {"middleboxes": ()}
    found = recognise_tls(shown, far_end.reflector, request.known_issuer)
    return {
        "certificate_issuer": issuer_of(shown),
        "middleboxes": (found.middlebox,) if found else (),
    }


def of_load(seen: Observation, far_end: FarEnd, idle_rtt_seconds: float) -> tuple[Middlebox, ...]:
    """What the load itself showed."""
    found = [seen.held_back]
    alone = seen.single_stream
    if alone is not None and seen.streams > 1:
        found.append(
            recognise_per_flow_shaping(
                alone.bits_per_second,
                seen.estimate.bits_per_second,
                seen.streams,
                _single_stream(seen, alone, idle_rtt_seconds),
                far_end.reflector,
            )
        )
    return tuple(one.middlebox for one in found if one is not None)


def _single_stream(seen: Observation, alone: Estimate, idle_rtt_seconds: float) -> SingleStream:
    """What is known of the time in which one connection was alone."""
    readings = [[r for r in seen.sender[0] if r.seconds <= alone.to_seconds]]
    rates = seen.rates[: round(alone.to_seconds / INTERVAL_SECONDS)]
    since = alone.to_seconds - grown_seconds(rates)
    idle, held = evidence.idle_share(readings, since), evidence.held_share(readings, since)
    return SingleStream(
        rates_bits_per_second=rates[grown(rates) :],
        rate_interval_seconds=INTERVAL_SECONDS,
        busy_share=None if idle is None else 1 - idle,
        receive_window_limited_share=held,
        send_buffer_limited_share=held,
        idle_rtt_seconds=idle_rtt_seconds,
        loaded_rtt_seconds=evidence.rtt_seconds(readings, since),
        is_bbr=is_bbr(seen.congestion_control),
    )
