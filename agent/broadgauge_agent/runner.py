"""One loop: what is due -> is this a school network -> can it run -> probe -> spool."""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from broadgauge_wire import Plan, Result, Settings, kind_of
from broadgauge_wire.settings import (
    InventoryConfig,
    LatencyConfig,
    LibrespeedConfig,
    MlabConfig,
    OoklaConfig,
    ThroughputConfig,
)

from .access_tokens import with_access
from .at_work import Work
from .budget import Budget
from .busy import why_not_now
from .calibration import Calibrating
from .config import Config
from .daily_runs import DailyRuns
from .errors import SpoolError
from .groups import Called, GroupsHeard
from .heavy import run_heavy
from .hours import ANY
from .hours_on import lately
from .known_issuers import known_issuer, learn_issuers
from .known_lines import KnownLines
from .live_config import LiveConfig
from .measuring import CancelledError, requests_for, skip_or_measure
from .outcomes import skipped
from .plan import PlanInForce, in_force
from .power import why_spared
from .presence import FRESH_SECONDS, Presence
from .probes import PROBES, Probe, ProbeRequest, load_probe
from .schedule import Rhythm, Schedule
from .slots import Slots
from .spool import Spool
from .taking_part import take_part
from .turns import turn

log = logging.getLogger(__name__)

ProbeTable = (
    InventoryConfig | LatencyConfig | ThroughputConfig | MlabConfig | OoklaConfig | LibrespeedConfig
)

MAX_UNSPOOLED = 500
"""Results held in memory while the disk takes none; beyond it the oldest are lost, and said so."""

PLANNED = "throughput"
INVENTORY = "inventory"
GROUP_BEGUN = "group_begun"
"""The group test that this machine last began its part in."""

INTERVAL = f"probes.{PLANNED}.interval_seconds"

HANG_SECONDS = 600.0
"""One probe against one test server takes less, however slow both are."""


class Runner:
    """Measures until it is told to stop."""

    def __init__(
        self,
        live: LiveConfig,
        spool: Spool,
        presence: Presence,
        *,
        location: str | None,
        settings: Callable[[], Settings],
        plan: Callable[[], Plan | None] = lambda: None,
        clock_offset_seconds: Callable[[], float | None],
        spooled: Callable[[], None],
        stop: threading.Event,
        slots: Slots | None = None,
        groups: GroupsHeard | None = None,
    ) -> None:
        """`settings`, `plan` and `clock_offset_seconds` give what is known now; `spooled` is called
        after results were kept. Without a location of its own, the agent is where it joined."""
        self._live = live
        self._spool = spool
        self._presence = presence
        self._joined_location = location
        self._settings = settings
        self._plan = plan
        self._clock_offset_seconds = clock_offset_seconds
        self._spooled = spooled
        self._stop = stop
        self._budget = Budget(spool)
        self._slots = slots
        self._groups = groups
        self._known_lines = KnownLines(spool)
        self._daily_runs = DailyRuns(spool)
        self._calibrating = Calibrating(spool)
        self._news = threading.Event()
        self._unspooled: list[Result] = []
        self._followed: Config | None = None
        self._planned = PlanInForce()
        self._probes: dict[str, Probe] = {}
        self.work = Work(HANG_SECONDS)
        live.listeners.append(self.wake)
        presence.listeners.append(self.wake)

    def wake(self) -> None:
        """Something changed, or it is time to stop."""
        self._news.set()

    def run(self) -> None:
        """Measure what is due until `stop` is set and `wake` called."""
        schedule = Schedule(random.Random())  # noqa: S311
        while not self._stop.is_set():
            self._news.clear()
            self._follow(schedule)
            if self._groups and (called := self._groups.called) and self._is_awake():
                with contextlib.suppress(CancelledError), self.work.under_way():
                    self._take_part(called, self._groups)
                continue
            due = schedule.next()
            wait = due[1] - time.monotonic() if due else None
            if due is None or (wait is not None and wait > 0):
                self._news.wait(wait)
            elif not schedule.is_open(due[0]):
                schedule.ran(due[0], time.monotonic())
            elif self._is_awake():
                with contextlib.suppress(CancelledError), self.work.under_way():
                    self._run_probe(due[0])
                schedule.ran(due[0], time.monotonic())
            else:
                self._sleep()
                schedule.woke(time.monotonic(), wait_first=self._heavy_that_ran())

    def _follow(self, schedule: Schedule) -> None:
        """Take up settings that changed."""
        config = self._live.current()
        planned = in_force(self._plan(), self._clock_offset_seconds())
        if config is self._followed and planned == self._planned:
            return
        self._followed, self._planned = config, planned
        enabled = [name for name in PROBES if table_of(config, name).enabled]
        self._probes = {name: load_probe(name) for name in enabled}
        rhythms = {name: self._rhythm(config, probe) for name, probe in self._probes.items()}
        schedule.follow(rhythms, time.monotonic(), wait_first=self._heavy_that_ran())
        if not enabled:
            log.warning("no probe is enabled: nothing is measured")

    def _rhythm(self, config: Config, probe: Probe) -> Rhythm:
        """An interval that somebody set wins over the plan; blackouts hold for whatever loads the
        network."""
        rhythm = rhythm_of(config, probe)
        if not probe.heavy:
            return rhythm
        is_planned = probe.name == PLANNED and self._live.is_default(INTERVAL)
        planned = self._planned.intensity if is_planned else self._planned.blackouts
        return replace(rhythm, planned=planned(rhythm.mean_seconds, rhythm.hours))

    def _heavy_that_ran(self) -> list[str]:
        return [
            name
            for name, probe in self._probes.items()
            if probe.heavy and self._spool.fact(f"started:{name}")
        ]

    def _is_awake(self) -> bool:
        return self._presence.is_awake(self._settings())

    def _sleep(self) -> None:
        """Until a school network is proven, or it is time to stop."""
        while not self._stop.is_set() and not self._is_awake():
            self._news.wait(FRESH_SECONDS)
            self._news.clear()

    def _take_part(self, called: Called, groups: GroupsHeard) -> None:
        """Nothing else runs from the call to the end: it might not be over when all begin."""
        limits, group_id = self._live.current().probes.throughput, str(called.call.group_id)
        if self._spool.fact(GROUP_BEGUN) == group_id:  # before a restart
            groups.over(called.call.group_id)
            return

        def measure(request: ProbeRequest, cancelled: Callable[[], bool]) -> tuple[Result, ...]:
            self._note(GROUP_BEGUN, group_id)
            return skip_or_measure(PLANNED, load_probe(PLANNED), request, cancelled)

        with turn(self._spool.directory, self._stop.is_set):
            request = self._request_in_group(called)
            results = take_part(
                called,
                groups,
                request,
                limits,
                self._budget,
                self._slots,
                measure,
                self._stop.is_set,
                may_be_busy=not self._has_run(PLANNED),
            )
        if results and self._is_awake():
            self._keep(results)

    def _request_in_group(self, called: Called) -> ProbeRequest | None:
        """None for a test server that isn't known."""
        config, settings, call = self._live.current(), self._settings(), called.call
        location = config.location or self._joined_location
        plain = probe_request(config, PLANNED, location, self._clock_offset_seconds())
        ends = (one for one in settings.reflectors if one.id == call.reflector_id)
        if (end := next(ends, None)) is None:
            return None
        request = with_access(
            replace(plain, trigger="swarm", reflector=end, directions=(call.direction,)), settings
        )
        return replace(
            request,
            calibrated_bits_per_second=self._calibrating.rates(request, self._stop.is_set),
            known_issuer=known_issuer(self._spool, end),
        )

    def _run_probe(self, name: str) -> None:
        self._note(f"started:{name}", time.time())
        made: list[Result] = []
        for request in self._requests(name):
            if not self._is_awake():
                return
            results = self._measured(name, request)
            if not self._is_awake():
                log.info("dropped probe=%s: the network changed meanwhile", name)
                return
            for result in results:
                log.info("measured probe=%s kind=%s error=%s", name, kind_of(result), result.error)
            self._keep(results)
            made.extend(results)
            self.work.goes_on()
        self._note(f"last:{name}", made)

    def _measured(self, name: str, request: ProbeRequest) -> tuple[Result, ...]:
        probe = self._probes[name]
        with turn(self._spool.directory, self._stop.is_set):
            if why := self._why_not_now(name, request):
                return (skipped(name, request, (why,)),)
            if probe.heavy:
                return self._within_the_day(name, request)
            return skip_or_measure(name, probe, request, self._stop.is_set)

    def _why_not_now(self, name: str, request: ProbeRequest) -> str | None:
        """A test that loads the network waits until this machine isn't in use, and spares its
        battery and a connection that is paid by use."""
        probe = self._probes[name]
        if used_up := self._daily_runs.refusal(probe):
            return used_up
        limits = self._live.current().probes.throughput
        if probe.heavy and (spared := why_spared(request, limits)):
            return spared
        if not (probe.heavy and limits.skip_when_busy and self._has_run(name)):
            return None
        return why_not_now(request)

    def _has_run(self, name: str) -> bool:
        """Whether it ever did. Whoever sets an agent up is at the machine, and waits to see it
        work."""
        return self._spool.fact(f"last:{name}") is not None

    def _within_the_day(self, name: str, request: ProbeRequest) -> tuple[Result, ...]:
        limits = self._live.current().probes.throughput
        allowed = self._budget.allow(request, limits.max_bytes_per_day, limits.max_bytes_per_month)
        results: tuple[Result, ...] = ()
        if allowed.directions:
            fitting = replace(
                request,
                directions=allowed.directions,
                calibrated_bits_per_second=self._calibrating.rates(request, self._stop.is_set),
                known_issuer=known_issuer(self._spool, request.reflector),
            )
            fitting = self._known_lines.told(fitting)
            results = run_heavy(
                name,
                fitting,
                limits,
                self._budget,
                self._slots,
                partial(self._measure, name),
                self._stop.is_set,
            )
            self._calibrating.learn(request, results)
            self._known_lines.learn(request, results)
            learn_issuers(self._spool, request.reflector, results)
        refused = (skipped(name, request, allowed.refusals),) if allowed.refusals else ()
        return results + refused

    def _measure(
        self, name: str, request: ProbeRequest, cancelled: Callable[[], bool]
    ) -> tuple[Result, ...]:
        self._daily_runs.count(self._probes[name])
        return skip_or_measure(name, self._probes[name], request, cancelled)

    def _requests(self, name: str) -> list[ProbeRequest]:
        config = self._live.current()
        location = config.location or self._joined_location
        plain = probe_request(config, name, location, self._clock_offset_seconds())
        if name == INVENTORY:
            plain = replace(plain, hours_on_a_day=lately(self._spool, time.time()))
        settings = self._settings()
        requests = requests_for(self._probes[name], plain, settings.reflectors)
        if name == PLANNED:
            requests = [self._planned.fitted(request, time.time()) for request in requests]
        return [with_access(request, settings) for request in requests]

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


def rhythm_of(config: Config, probe: Probe) -> Rhythm:
    """When a probe runs, by its settings. Whatever loads the network keeps to the same hours."""
    hours = config.probes.throughput.hours if probe.heavy else ANY
    return Rhythm(table_of(config, probe.name).interval_seconds, hours)


def probe_request(
    config: Config, name: str, location: str | None, clock_offset_seconds: float | None
) -> ProbeRequest:
    """What a planned run asks of a probe, but for the test server."""
    table = table_of(config, name)
    request = ProbeRequest(location=location, clock_offset_seconds=clock_offset_seconds)
    limits = config.probes.throughput
    if isinstance(table, InventoryConfig):
        return replace(request, applications=table.applications)
    if isinstance(table, LatencyConfig):
        return request
    return replace(
        request,
        max_seconds=limits.max_seconds,
        max_bytes=limits.max_bytes,
        per_client_bits_per_second=limits.per_client_bits_per_second,
        server_url=_server_url(table),
    )


def _server_url(
    table: ThroughputConfig | MlabConfig | OoklaConfig | LibrespeedConfig,
) -> str:
    """Where a probe to other people's servers begins; empty for those to the district's."""
    if isinstance(table, MlabConfig):
        return table.locate_url
    return "" if isinstance(table, ThroughputConfig) else table.server
