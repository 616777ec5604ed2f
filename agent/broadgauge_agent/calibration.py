"""What this machine's processor can carry: measured once in a while, between two of its processes.

The tests' own client and server, on the loopback, without any network between. Both share the
machine, so each has less of it than it has alone; on the other hand no network card needs driving.
So it is an estimate, and used on one side only: a test that reads nearly as much as this may have
been limited by this machine, and says so. A test that read more has proven more.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Direction, Reflector, Result, ThroughputResult

from .errors import SpoolError
from .loopback_server import loopback_server
from .measuring import measure
from .probes import ProbeRequest, load_probe
from .probes.far_end import far_end_of
from .spool import Spool
from .version import agent_version

log = logging.getLogger(__name__)

FACT = "calibration"
DAY = 86400.0

KEPT_SECONDS = 30 * DAY
"""Updates of the system change what a processor carries (its crypto, its network code)."""

RETRY_SECONDS = DAY
"""After one that failed: what broke it, such as a filter on the loopback, may be gone."""

TEST_SECONDS = 0.7
"""Each of four tests. Nothing on the loopback is slow to start."""

Rates = dict[Direction, float]


class Calibration(Struct, frozen=True, kw_only=True):
    """Payload rates by direction, without and with TLS. A test that failed has none."""

    agent_version: str
    measured_at: float
    """Unix seconds."""
    plain_bits_per_second: Rates = {}
    tls_bits_per_second: Rates = {}

    def rates(self, *, tls: bool) -> Rates:
        """Those of tests with or without TLS."""
        return self.tls_bits_per_second if tls else self.plain_bits_per_second

    def is_due(self, now: float) -> bool:
        """Whether it should be measured anew. A clock that was set back counts as time passed."""
        complete = all(len(self.rates(tls=tls)) == 2 for tls in (False, True))
        kept = KEPT_SECONDS if complete else RETRY_SECONDS
        young = 0 <= now - self.measured_at < kept
        return not young or self.agent_version != agent_version()

    def with_proof(self, result: Result, *, tls: bool) -> "Calibration":
        """Raised to what a test over a network read, if that is more."""
        rate = getattr(result, "throughput_bits_per_second", None)
        if not isinstance(result, ThroughputResult) or rate is None:
            return self
        known = self.rates(tls=tls)
        if result.direction not in known or rate <= known[result.direction]:
            return self
        raised = known | {result.direction: rate}
        return (
            replace(self, tls_bits_per_second=raised)
            if tls
            else replace(self, plain_bits_per_second=raised)
        )


def known_calibration(facts: Any) -> Calibration | None:
    """The one among a spool's facts; None if there is none, or another version's that reads
    otherwise."""
    try:
        return msgspec.convert(facts, Calibration)
    except msgspec.ValidationError:
        return None


class Calibrating:
    """Keeps it in the spool's facts, and measures it when it is due."""

    def __init__(self, spool: Spool, unix_now: Callable[[], float] = time.time) -> None:
        self._spool = spool
        self._unix_now = unix_now
        self._known: Calibration | None = _fact(spool)

    def rates(self, request: ProbeRequest, cancelled: Callable[[], bool]) -> Rates:
        """For this test. Takes some seconds if it is due; CancelledError if `cancelled` then.

        Tests inside this machine measure the same thing themselves.
        """
        far_end = far_end_of(request)
        if far_end is None or far_end.path_kind == "loopback":
            return {}
        if self._known is None or self._known.is_due(self._unix_now()):
            self._keep(measure_calibration(self._unix_now(), cancelled))
        assert self._known is not None  # noqa: S101 - kept just now, if not before
        return self._known.rates(tls=speaks_tls(far_end.reflector))

    def learn(self, request: ProbeRequest, results: Iterable[Result]) -> None:
        """A test that read more than the calibration has shown what this machine can carry."""
        known = self._known
        for result in results:
            if known is not None and request.reflector is not None:
                known = known.with_proof(result, tls=speaks_tls(request.reflector))
        if known is not None and known is not self._known:
            self._keep(known)

    def _keep(self, calibration: Calibration) -> None:
        self._known = calibration
        try:
            self._spool.note(FACT, calibration)
        except SpoolError as error:
            log.debug("%s", error)


def measure_calibration(now: float, cancelled: Callable[[], bool]) -> Calibration:
    """Measure now, in processes of their own. What fails is left out. CancelledError if
    `cancelled` says so meanwhile."""
    with loopback_server() as servers:
        plain, encrypted = (_rates(reflector, cancelled) for reflector in servers or (None, None))
    log.info("calibrated plain=%s tls=%s", plain, encrypted)
    return Calibration(
        agent_version=agent_version(),
        measured_at=now,
        plain_bits_per_second=plain,
        tls_bits_per_second=encrypted,
    )


def _rates(reflector: Reflector | None, cancelled: Callable[[], bool]) -> Rates:
    if reflector is None:
        return {}
    request = ProbeRequest(trigger="manual", reflector=reflector, max_seconds=TEST_SECONDS)
    results = measure("throughput", load_probe("throughput"), request, cancelled)
    for fault in (result.error for result in results if result.error):
        log.warning("not calibrated: %s", fault)
    return {
        result.direction: result.throughput_bits_per_second
        for result in results
        if isinstance(result, ThroughputResult)
        and result.error is None
        and result.throughput_bits_per_second
    }


def speaks_tls(reflector: Reflector) -> bool:
    """Whether tests to it are encrypted. A fingerprint means that they are."""
    return reflector.tls or reflector.fingerprint is not None


def _fact(spool: Spool) -> Calibration | None:
    try:
        return known_calibration(spool.fact(FACT))
    except SpoolError:
        return None
