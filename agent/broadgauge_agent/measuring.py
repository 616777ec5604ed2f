"""One run of one probe: whether it can, where it runs, and what comes of it, whatever happens."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from broadgauge_wire import Reflector, Result, WireError, decode_result, encode

from .outcomes import failed, skipped
from .probes import Probe, ProbeRequest, Readiness
from .text import printable

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
"""How often a running child is looked at for a wish to stop."""

ALLOWANCE_SECONDS = 30.0
"""Beyond the tests themselves: starting Python, name resolution, two connects of 10 s at worst."""

AFTER_TEST_SECONDS = 5.0
"""Of each direction: ndt7 lets a peer close 3 s late."""

NONSENSE = "the test process answered nonsense"

Failing = Callable[[ProbeRequest, str], tuple[Result, ...]]
"""What a run yields of the directions asked for, given why it failed."""


class CancelledError(Exception):
    """The agent is stopping; what was measured so far is worth nothing."""


class _ChildError(Exception):
    """The child process yielded no results; the message says why."""


def measure(
    name: str, probe: Probe, request: ProbeRequest, cancelled: Callable[[], bool]
) -> tuple[Result, ...]:
    """Run a probe that can run. It always yields results: a fault is one with an error.

    CancelledError if `cancelled` says so while a heavy probe runs.
    """
    began, start = datetime.now(UTC), time.monotonic()

    def failing(asked: ProbeRequest, fault: str) -> tuple[Result, ...]:
        return failed(name, asked, fault, began, time.monotonic() - start)

    try:
        if probe.heavy:
            return _results(_in_child(name, request, cancelled), request, failing)
        return tuple(probe.run(request))
    except CancelledError:
        raise
    except _ChildError as error:
        return failing(request, str(error))
    except Exception as error:  # whatever a probe does, the agent goes on
        log.warning("probe broke probe=%s", name, exc_info=True)
        return failing(request, f"the probe broke: {type(error).__name__}: {error}")


def readiness(probe: Probe, request: ProbeRequest) -> Readiness:
    """Whether the probe can run; a probe that breaks when asked can not."""
    try:
        return probe.can_run(request)
    except Exception as error:  # whatever a probe does, the agent goes on
        log.warning("probe broke probe=%s", probe.name, exc_info=True)
        return Readiness(False, (f"the probe broke: {type(error).__name__}: {error}",))


def requests_for(
    probe: Probe, plain: ProbeRequest, reflectors: Sequence[Reflector]
) -> list[ProbeRequest]:
    """One for each test server; a single one where the probe uses none, or none is known."""
    if not (probe.uses_reflectors and reflectors):
        return [plain]
    return [replace(plain, reflector=reflector) for reflector in reflectors]


def skip_or_measure(
    name: str, probe: Probe, request: ProbeRequest, cancelled: Callable[[], bool]
) -> tuple[Result, ...]:
    """Run a probe if it can run, else say why it did not."""
    ready = readiness(probe, request)
    if not ready.ok:
        return (skipped(name, request, ready.reasons),)
    return measure(name, probe, request, cancelled)


def limit_seconds(request: ProbeRequest) -> float:
    """When a child is taken for hung."""
    return ALLOWANCE_SECONDS + len(request.directions) * (request.max_seconds + AFTER_TEST_SECONDS)


def _in_child(name: str, request: ProbeRequest, cancelled: Callable[[], bool]) -> bytes:
    """What the child says when it has ended well."""
    child = subprocess.Popen(
        [sys.executable, "-m", "broadgauge_agent.child", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, words = _communicate(child, encode(request), limit_seconds(request), cancelled)
    finally:
        _end(child)
    if child.returncode != 0:
        last = words.decode(errors="replace").strip().rpartition("\n")[2]
        raise _ChildError(f"the test process ended with {child.returncode}: {printable(last)}")
    return out


def _communicate(
    child: subprocess.Popen[bytes], body: bytes, limit: float, cancelled: Callable[[], bool]
) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + limit
    given: bytes | None = body
    while True:
        try:
            return child.communicate(given, timeout=LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            given = None  # it is under way
            if cancelled():
                raise CancelledError from None
            if time.monotonic() > deadline:
                raise _ChildError(f"the test hung and was ended after {limit:g} s") from None


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child that still runs, with whatever it started, and close its pipes."""
    if child.poll() is None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe:
            pipe.close()


def _results(out: bytes, request: ProbeRequest, failing: Failing) -> tuple[Result, ...]:
    """Each by itself: an odd value that a server gave in one direction leaves the other whole."""
    try:
        raw: Sequence[msgspec.Raw] = msgspec.json.decode(out, type=tuple[msgspec.Raw, ...])
        if len(raw) != len(request.directions):
            return tuple(decode_result(item) for item in raw)
    except (msgspec.DecodeError, WireError) as error:
        raise _ChildError(f"{NONSENSE}: {error}") from error
    results: list[Result] = []
    for item, direction in zip(raw, request.directions, strict=True):
        try:
            results.append(decode_result(item))
        except WireError as error:
            alone = replace(request, directions=(direction,))
            results.extend(failing(alone, f"{NONSENSE}: {error}"))
    return tuple(results)
