"""Checks of everything the agent needs. Each says whether it is well and, if not, what to do."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from broadgauge_wire import LatencyResult, Reflector, Settings, WireError, decode
from broadgauge_wire.spec import API_PREFIX

from .client import Answer, collector_client, send
from .config import load_config
from .errors import AgentError, NotJoinedError, StateNotPermittedError
from .identity import Identity, load_identity, load_settings
from .manual import check_reachable
from .measuring import readiness
from .probes import ProbeRequest, load_probe
from .spool_file import check_spool, view_spool
from .state import make_state_directory

LOW_DISK_BYTES = 100 * 1024 * 1024
CLOCK_SECONDS = 30.0
"""More than this, and results are filed under the wrong hour's neighbours."""


class Check(Struct, frozen=True, kw_only=True):
    """One thing looked at. `advice` says what to do where it is not well."""

    name: str
    ok: bool
    detail: str
    advice: str | None = None


def examine(state: Path, config_file: Path, *, required: bool) -> Iterator[Check]:
    """Every check, in the order in which one depends on another."""
    yield _configuration(config_file, required=required)
    place = _state_directory(state)
    yield place
    if place.ok:
        yield _disk(state)
    yield _spool(state)
    try:
        identity = load_identity(state)
    except AgentError as error:
        yield Check(name="identity", ok=False, detail=_fault(error), advice=str(error))
        return
    yield Check(name="identity", ok=True, detail=f"agent {identity.agent_id}, {identity.school}")
    yield from _collector(identity)
    yield from _test_servers(load_settings(state).reflectors)


def _fault(error: AgentError) -> str:
    if isinstance(error, NotJoinedError):
        return "not joined"
    return "not readable" if isinstance(error, StateNotPermittedError) else "damaged"


def _configuration(file: Path, *, required: bool) -> Check:
    def look() -> str:
        load_config(file, os.environ, {}, required=required)
        return str(file) if file.exists() else "defaults"

    return _check("configuration", look)


def _state_directory(state: Path) -> Check:
    def look() -> str:
        make_state_directory(state)
        return f"{state} can be written"

    return _check("state directory", look)


def _disk(state: Path) -> Check:
    try:
        free = shutil.disk_usage(state).free
    except OSError as error:
        return Check(name="disk", ok=False, detail=str(error.strerror), advice="Check the disk.")
    detail = f"{free / 1e9:.1f} GB free"
    if free < LOW_DISK_BYTES:
        return Check(name="disk", ok=False, detail=detail, advice="Free some room on this disk.")
    return Check(name="disk", ok=True, detail=detail)


def _spool(state: Path) -> Check:
    def look() -> str:
        view = view_spool(state)
        if view is None:
            return "empty"
        if fault := check_spool(state):
            raise AgentError(f"The spool is damaged ({fault}). Start the agent again.")
        return f"{view.waiting} results waiting, {view.refused} refused"

    return _check("spool", look)


def _collector(identity: Identity) -> Iterator[Check]:
    host = urlsplit(identity.collector_url).hostname or ""
    name = _check("collector name", lambda: _resolve(host))
    yield name
    if not name.ok:
        return
    try:
        with collector_client(identity.collector_url, key=identity.key, ca=identity.ca) as client:
            answer = send(client, "GET", f"{API_PREFIX}/settings")
    except AgentError as error:
        advice = "Check that it runs, and that no firewall or proxy is in between."
        yield Check(name="collector", ok=False, detail=str(error), advice=advice)
        return
    yield _collector_answer(identity, answer)
    yield from _clock(answer)


def _collector_answer(identity: Identity, answer: Answer) -> Check:
    if answer.status in (401, 403):
        advice = "Join again: broadgauge-agent join URL --token TOKEN --force"
        return Check(name="collector", ok=False, detail="refuses this agent's key", advice=advice)
    advice = "Check the address; a filter or sign-in page may stand in between."
    if answer.status != 200:
        return Check(name="collector", ok=False, detail=answer.words, advice=advice)
    try:
        decode(answer.body, Settings)
    except WireError:
        detail = "answers, but not as a collector does"
        return Check(name="collector", ok=False, detail=detail, advice=advice)
    return Check(name="collector", ok=True, detail=f"{identity.collector_url} accepts this agent")


def _clock(answer: Answer) -> Iterator[Check]:
    """By the answer's `Date`, which has whole seconds: enough to see a clock that is wrong."""
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return
    ours = datetime.fromtimestamp((answer.sent_at + answer.received_at) / 2, UTC)
    ahead = (theirs.replace(tzinfo=UTC) - ours).total_seconds() + 0.5
    detail = f"the collector's clock is {ahead:+.0f} s from this one"
    wrong = abs(ahead) > CLOCK_SECONDS
    advice = "Turn on network time (NTP) on this machine, or on the collector."
    yield Check(name="clock", ok=not wrong, detail=detail, advice=advice if wrong else None)


def _test_servers(reflectors: tuple[Reflector, ...]) -> Iterator[Check]:
    if not reflectors:
        advice = "Start the agent once, or register one: broadgauge reflectors add --help"
        yield Check(name="test servers", ok=False, detail="none is known", advice=advice)
    for reflector in reflectors:
        reached = _check(f"test server {reflector.name}, TCP", _tcp(reflector))
        yield reached
        if reached.ok:  # else its own advice comes first: UDP isn't what is wrong
            yield _echo(reflector)


def _tcp(reflector: Reflector) -> Callable[[], str]:
    def look() -> str:
        check_reachable(reflector)
        return f"{reflector.host} port {reflector.port} accepts connections"

    return look


def _echo(reflector: Reflector) -> Check:
    name = f"test server {reflector.name}, UDP echo"
    probe = load_probe("latency")
    request = ProbeRequest(trigger="manual", reflector=reflector, max_seconds=1.0)
    ready = readiness(probe, request)
    if not ready.ok:
        return Check(name=name, ok=False, detail="; ".join(ready.reasons))
    result = next(r for r in probe.run(request) if isinstance(r, LatencyResult))
    if result.method == "udp_echo" and result.error is None and result.rtt_p50_seconds is not None:
        detail = f"{result.rtt_p50_seconds * 1000:.1f} ms, {result.lost} of {result.sent} lost"
        return Check(name=name, ok=True, detail=detail)
    advice = f"Let UDP port {reflector.port} through; TCP connect times are measured meanwhile."
    return Check(name=name, ok=False, detail=result.error or "no echo came back", advice=advice)


def _resolve(host: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise AgentError(f"{host} does not resolve ({error.strerror}). Check DNS.") from error
    address = str(found[0][4][0])
    return f"{host} is an address" if address == host else f"{host} is {address}"


def _check(name: str, look: Callable[[], str]) -> Check:
    """Well with what was seen, or not with the error's own sentences: fault, then what to do."""
    try:
        return Check(name=name, ok=True, detail=look())
    except AgentError as error:
        fault, _, advice = str(error).partition(". ")
        return Check(name=name, ok=False, detail=fault, advice=advice or None)
