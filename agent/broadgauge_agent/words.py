"""Results and facts in words for a terminal."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from broadgauge_wire import DroppedResults, Result, ThroughputResult
from broadgauge_wire.fields import Middlebox

from .calibration import Calibration
from .middleboxes import words_for
from .presence import ADVICE
from .report import ProbeState, Status

BOUND_WORDS = {
    "exact": "full reading",
    "at_least": "the testing computer was the limit: the line is this fast or faster",
    None: "what set this rate cannot be said",
}
FLOOR_WORDS = "this protocol often reads low: the line is this fast or faster"
"""Of a floor that isn't this machine's doing."""

ENOUGH_WORDS = "the line is this fast or faster, which is enough: asked was for"


def throughput_lines(results: Iterable[Result]) -> Iterator[str]:
    """`measure` for people: the rates, and what stands on the way."""
    on_the_way: dict[Middlebox, str] = {}
    for result in results:
        yield throughput_line(result)
        if isinstance(result, ThroughputResult) and result.error is None:
            on_the_way |= {m: words_for(m, result.server) for m in result.middleboxes}
    yield from (f"on the way: {words}." for words in on_the_way.values())


def throughput_line(result: Result) -> str:
    """One result of `measure`."""
    if not isinstance(result, ThroughputResult):
        return f"not tested: {getattr(result, 'reason', None) or result.error}"
    if result.error is not None or result.throughput_bits_per_second is None:
        return f"{result.direction}: failed: {result.error}"
    return f"{result.direction}: {_mbps(result.throughput_bits_per_second)} ({_meaning(result)})"


def probe_line(probe: ProbeState) -> str:
    """One line of `probes`."""
    ready = "yes" if probe.can_run else "no"
    to = f" to {probe.test_server}" if probe.test_server else ""
    off = "" if probe.enabled else " (switched off)"
    return f"{probe.name}{to}{off}: {ready}" + (
        f", {'; '.join(probe.reasons)}" if probe.reasons else ""
    )


def status_lines(status: Status) -> Iterator[str]:
    """`status` for people."""
    copied = f", a copy of {status.copy_of}" if status.copy_of else ""
    yield f"agent          {status.agent_id} ({status.agent_version}){copied}"
    yield f"school         {status.school}"
    yield f"location       {status.location or 'not given'}"
    yield f"collector      {status.collector_url}"
    yield f"running        {'yes' if status.running else 'no: start it with broadgauge-agent run'}"
    yield from _school_network_lines(status)
    yield f"test servers   {', '.join(status.test_servers) or 'none known'}"
    yield f"waiting        {status.waiting_results} results"
    yield f"refused        {status.refused_results} results"
    yield from _lost_lines(status)
    yield f"last sent      {_when(status.last_shipped_at)}"
    if status.calibration:
        yield f"processor      {calibration_words(status.calibration)}"
    if status.clock_offset_seconds is not None:
        yield f"clock          collector's is {status.clock_offset_seconds:+.3f} s from this one"
    for setting in status.refused_settings:
        yield f"left out       {setting.key}, sent by the collector: {setting.reason}"
    if status.shipping_trouble:
        yield f"trouble        {status.shipping_trouble}"
    for name in status.files_put_aside:
        yield f"put aside      {name}: {_aside_words(name)}"
    for probe, results in status.last_results.items():
        for result in results:
            yield f"{probe:<14} {_result_words(result)}"


def _lost_lines(status: Status) -> Iterator[str]:
    for gone in status.dropped_results:
        yield f"dropped        {dropped_words(gone)}"
    if status.damaged_results:
        yield f"damaged        {status.damaged_results} results, by this machine's disk: replace it"


def _aside_words(name: str) -> str:
    if "-damaged" in name:
        return "damaged; what could be read of it is sent"
    return "results that were not sent"


def dropped_words(gone: DroppedResults) -> str:
    """What a full spool let go."""
    oldest, newest = (f"{at:%Y-%m-%d %H:%M}" for at in (gone.oldest_at, gone.newest_at))
    return f"{gone.results} {gone.kind} results, the spool was full: {oldest} to {newest} UTC"


def calibration_words(calibration: Calibration) -> str:
    """What this machine's processor can carry, and since when that is known."""
    rates = ", ".join(
        f"{words} {rate / 1e6:.0f} Mbps"
        for words, rate in (
            ("download", calibration.plain_bits_per_second.get("download")),
            ("upload", calibration.plain_bits_per_second.get("upload")),
            ("download with TLS", calibration.tls_bits_per_second.get("download")),
            ("upload with TLS", calibration.tls_bits_per_second.get("upload")),
        )
        if rate is not None
    )
    return f"carries {rates or 'nobody knows how much'}; measured {_when(calibration.measured_at)}"


def _school_network_lines(status: Status) -> Iterator[str]:
    if status.asleep is None:
        yield "awake          not known: it has not looked for a school network yet"
        return
    since = _when(status.school_network_since)
    if not status.asleep:
        yield f"awake          since {since}: {status.school_network}"
        return
    yield f"asleep         since {since}, nothing is measured or sent: {status.school_network}"
    if not status.school_network_proven_ever:
        yield f"               -> {ADVICE}"


def _result_words(result: dict[str, Any]) -> str:
    when = str(result["started_at"])
    if fault := result.get("error") or result.get("reason"):
        return f"{when} {result['kind']}: {fault}"
    if rate := result.get("throughput_bits_per_second"):
        return f"{when} {result['direction']} {_mbps(rate)}"
    if rtt := result.get("rtt_p50_seconds"):
        return f"{when} {rtt * 1000:.2f} ms, {result['lost']} of {result['sent']} lost"
    return f"{when} done"


def _meaning(result: ThroughputResult) -> str:
    is_ours = result.method == "ndt7"
    words = BOUND_WORDS[result.bound] if is_ours or not result.bound else FLOOR_WORDS
    if is_ours and result.stop_reason == "target_reached" and result.target_bits_per_second:
        words = f"{ENOUGH_WORDS} {_mbps(result.target_bits_per_second)}"
    limited = f"; limited by {result.limited_by.replace('_', ' ')}" if result.limited_by else ""
    return words + limited + ("; inside this computer" if result.path_kind == "loopback" else "")


def _mbps(bits_per_second: float) -> str:
    return f"{bits_per_second / 1e6:.1f} Mbps"


def _when(instant: float | None) -> str:
    if instant is None:
        return "never"
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
