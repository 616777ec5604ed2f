"""One loop: what is due -> can it run -> probe -> spool."""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from broadgauge_wire import Result, Settings, kind_of
from broadgauge_wire.settings import InventoryConfig, LatencyConfig, ThroughputConfig

from .config import Config
from .errors import SpoolError
from .measuring import CancelledError, requests_for, skip_or_measure
from .probes import PROBES, ProbeRequest, load_probe
from .schedule import Schedule
from .spool import Spool

log = logging.getLogger(__name__)

ProbeTable = InventoryConfig | LatencyConfig | ThroughputConfig

MAX_UNSPOOLED = 500
"""Results held in memory while the disk takes none; beyond it the oldest are lost, and said so."""


class Runner:
    """Measures until it is told to stop."""

    def __init__(
        self,
        config: Config,
        spool: Spool,
        *,
        location: str | None,
        settings: Callable[[], Settings],
        clock_offset_seconds: Callable[[], float | None],
        spooled: Callable[[], None],
        stop: threading.Event,
    ) -> None:
        """`settings` and `clock_offset_seconds` give what is known now; `spooled` is called after
        results were kept."""
        self._config = config
        self._spool = spool
        self._location = config.location or location
        self._settings = settings
        self._clock_offset_seconds = clock_offset_seconds
        self._spooled = spooled
        self._stop = stop
        self._unspooled: list[Result] = []
        self._probes = {name: load_probe(name) for name in PROBES if table_of(config, name).enabled}

    def run(self) -> None:
        """Measure what is due until `stop` is set."""
        schedule = self._schedule()
        while due := schedule.next():
            name, at = due
            if self._stop.wait(max(0.0, at - time.monotonic())):
                return
            with contextlib.suppress(CancelledError):
                self._run_probe(name)
            schedule.ran(name, time.monotonic())
        log.warning("no probe is enabled: nothing is measured")
        self._stop.wait()

    def _schedule(self) -> Schedule:
        means = {name: table_of(self._config, name).interval_seconds for name in self._probes}
        ran_before = [
            name
            for name, probe in self._probes.items()
            if probe.heavy and self._spool.fact(f"started:{name}")
        ]
        return Schedule(means, time.monotonic(), random.Random(), wait_first=ran_before)  # noqa: S311

    def _run_probe(self, name: str) -> None:
        self._note(f"started:{name}", time.time())
        made: list[Result] = []
        for request in self._requests(name):
            results = skip_or_measure(name, self._probes[name], request, self._stop.is_set)
            for result in results:
                log.info("measured probe=%s kind=%s error=%s", name, kind_of(result), result.error)
            self._keep(results)
            made.extend(results)
        self._note(f"last:{name}", made)

    def _requests(self, name: str) -> list[ProbeRequest]:
        plain = probe_request(self._config, name, self._location, self._clock_offset_seconds())
        return requests_for(self._probes[name], plain, self._settings().reflectors)

    def _keep(self, results: Iterable[Result]) -> None:
        self._unspooled.extend(results)
        try:
            self._spool.put(self._unspooled)
        except SpoolError as error:
            log.error("%s Held in memory meanwhile: %d", error, len(self._unspooled))  # noqa: TRY400
            self._drop_what_is_too_much()
        else:
            self._unspooled.clear()
            self._spooled()

    def _drop_what_is_too_much(self) -> None:
        lost = len(self._unspooled) - MAX_UNSPOOLED
        if lost > 0:
            log.error("lost results=%d", lost)
            del self._unspooled[:lost]

    def _note(self, key: str, value: object) -> None:
        try:
            self._spool.note(key, value)
        except SpoolError as error:
            log.error("%s", error)  # noqa: TRY400


def table_of(config: Config, name: str) -> ProbeTable:
    """The settings of one probe."""
    table: ProbeTable = getattr(config.probes, name)
    return table


def probe_request(
    config: Config, name: str, location: str | None, clock_offset_seconds: float | None
) -> ProbeRequest:
    """What a planned run asks of a probe, but for the test server."""
    table = table_of(config, name)
    request = ProbeRequest(location=location, clock_offset_seconds=clock_offset_seconds)
    if isinstance(table, ThroughputConfig):
        return replace(request, max_seconds=table.max_seconds)
    return request
