"""The agent as it runs: one thread measures, one sends, and this one takes orders."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import Struct

from broadgauge_host.service.notify import ServiceManager

from .at_work import Work
from .client import client_of
from .errors import AgentError, ConfigError, SpoolError
from .hours_on import RunningTime
from .identity import Identity, load_identity
from .live_config import LiveConfig
from .logs import set_level
from .machine import settle_copy, with_machine
from .orders import Order, Orders
from .presence import Presence
from .runner import Runner
from .ship import Shipper
from .slots import Slots
from .spool import Spool
from .waiting import wait_for_identity, wait_for_room

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the threads are looked at; on Windows also how soon Ctrl-C is seen."""

END_SECONDS = 0.7
"""For threads to end politely. Then the process ends anyway: what counts is on the disk."""

SEND_SECONDS = 0.7
"""For what is spooled to be sent. With the threads' ends it fits into the 2.5 s that `broadgauge
up` gives its agent, and nobody waits long after Ctrl-C."""

SERVICE_SEND_SECONDS = 8.0
"""The same under a service manager, which allows for it (see TimeoutStopSec in the unit)."""

DRAIN_LOOK_SECONDS = 0.05


class Part(Struct, frozen=True):
    """One of the threads that make the agent, its work, and what ends it."""

    thread: threading.Thread
    work: Work
    stop: threading.Event
    wake: Callable[[], None]

    def end(self) -> None:
        """Have it end as soon as it can."""
        self.stop.set()
        self.wake()


class Parts(Struct, frozen=True):
    """The measuring thread and the sending one."""

    runner: Part
    shipper: Part

    def all(self) -> tuple[Part, Part]:
        """Both."""
        return self.runner, self.shipper


def run_from_the_start(
    state: Path, live: LiveConfig, orders: Orders, manager: ServiceManager, *, wait: bool
) -> None:
    """Run the agent of a state directory. NotJoinedError, unless it is to wait until it joins."""
    identity = wait_for_identity(state, orders, manager) if wait else load_identity(state)
    if identity:
        live.reload()  # while it waited, settings may have come too
        run_agent(state, live, identity, orders, manager)


def run_agent(
    state: Path, live: LiveConfig, identity: Identity, orders: Orders, manager: ServiceManager
) -> None:
    """Measure and send until ordered to stop, once the disk has room for a spool. SpoolError if
    the spool cannot be used, ConfigError if what the collector is reached or trusted by can't."""
    client_of(identity).close()  # what is wrong with it is said here rather than in a thread
    spool = wait_for_room(lambda: _open_spool(state, live, identity), orders, manager)
    if spool is None:
        return
    if spool.set_aside_file:
        log.warning("the spool could not be used and was kept as %s", spool.set_aside_file)
    identity = with_machine(state, identity)
    stop_sending = threading.Event()
    presence = Presence(identity, spool)
    shipper = Shipper(state, identity, spool, presence, live, stop_sending)
    running = RunningTime(spool, lambda: presence.was_awake)
    parts = _start(live, identity, spool, presence, shipper, stop_sending)
    log.info("running agent=%s school=%s", identity.agent_id, identity.school)
    try:
        words = partial(_words, identity, presence)
        manager.ready(words())
        _obey(parts, spool, live, orders, manager, words, running)
        running.keep()
        manager.stopping("Sending what is left.")
        _drain(parts, presence, spool, orders, manager)
    finally:
        for part in parts.all():
            part.end()
        _end(parts, spool)


def _open_spool(state: Path, live: LiveConfig, identity: Identity) -> Spool:
    """Ready to be added to."""
    spool = Spool(state, identity.agent_id, limits=lambda: live.current().spool)
    try:
        settle_copy(spool, identity)
    except BaseException:
        spool.close()
        raise
    return spool


def _words(identity: Identity, presence: Presence) -> str:
    if presence.was_awake:
        return f"Measuring for {identity.school}."
    return "Asleep: no school network is proven."


def _start(
    live: LiveConfig,
    identity: Identity,
    spool: Spool,
    presence: Presence,
    shipper: Shipper,
    stop: threading.Event,
) -> Parts:
    stop_measuring = threading.Event()
    runner = Runner(
        live,
        spool,
        presence,
        location=None if shipper.is_copy else identity.location,
        settings=lambda: shipper.settings,
        plan=lambda: shipper.plan.latest,
        clock_offset_seconds=spool.clock.offset_seconds,
        spooled=shipper.wake,
        stop=stop_measuring,
        slots=Slots(lambda: shipper.identity, spool),
        groups=shipper.groups,
    )
    shipper.plan.listeners.append(runner.wake)
    shipper.groups.listeners.append(runner.wake)
    # Daemons: a probe or a request under way must not hold up the end of the process.
    measuring = threading.Thread(target=runner.run, name="runner", daemon=True)
    sending = threading.Thread(target=shipper.run, name="ship", daemon=True)
    parts = Parts(
        Part(measuring, runner.work, stop_measuring, runner.wake),
        Part(sending, shipper.work, stop, shipper.wake),
    )
    for part in parts.all():
        part.thread.start()
    return parts


def _obey(
    parts: Parts,
    spool: Spool,
    live: LiveConfig,
    orders: Orders,
    manager: ServiceManager,
    words: Callable[[], str],
    running: RunningTime,
) -> None:
    """Until ordered to stop. AgentError if a part broke, or hangs and no watchdog sees to it."""
    hanging: tuple[str, ...] = ()
    said = ""  # not what was said before: by now the agent may be awake
    while all(part.thread.is_alive() for part in parts.all()):
        hanging = _look_for_a_hang(parts, manager, hanging)
        if (now := words()) != said:
            said = now
            manager.status(said)
        running.look()
        if _was_added_to(spool):
            parts.shipper.wake()
        order = orders.next(LOOK_SECONDS)
        if order is Order.STOP:
            log.info("stopping")
            return
        if order is Order.RELOAD:
            reload(live, manager)
            manager.ready(said)
    raise AgentError("A part of the agent broke (see above). Start it again.")


def _was_added_to(spool: Spool) -> bool:
    """Whether a survey has brought results."""
    try:
        return spool.was_added_to()
    except SpoolError:
        return False  # whoever puts results in says so


def _look_for_a_hang(
    parts: Parts, manager: ServiceManager, known: tuple[str, ...]
) -> tuple[str, ...]:
    """The parts that hang. The watchdog hears that all is well only if none does."""
    hanging = tuple(part.thread.name for part in parts.all() if part.work.hangs())
    if not hanging:
        manager.alive()
    elif not manager.watchdog_seconds:
        raise AgentError(f"A part of the agent hangs ({', '.join(hanging)}). Start it again.")
    elif hanging != known:
        log.error("hangs: %s; the watchdog will end this process", ", ".join(hanging))
    return hanging


def reload(live: LiveConfig, manager: ServiceManager) -> None:
    """Read the configuration anew; if it is wrong, say so and keep the last good one."""
    manager.reloading()
    try:
        live.reload()
    except ConfigError as error:
        log.error("configuration not reloaded, the last good one stays: %s", error)  # noqa: TRY400
    else:
        set_level(live.current().log_level)
        log.info("configuration reloaded")


def _drain(
    parts: Parts, presence: Presence, spool: Spool, orders: Orders, manager: ServiceManager
) -> None:
    """Measure no more, and send what is spooled while there is hope and time."""
    parts.runner.end()
    parts.runner.thread.join(END_SECONDS)
    parts.shipper.wake()
    if not presence.was_awake:
        return
    end = time.monotonic() + (SERVICE_SEND_SECONDS if manager.listens else SEND_SECONDS)
    while time.monotonic() < end and spool.waiting() and not spool.fact("shipping_trouble"):
        if orders.next(DRAIN_LOOK_SECONDS) is Order.STOP:  # asked twice: at once
            break
    log.info("stopped waiting=%d", spool.waiting())


def _end(parts: Parts, spool: Spool) -> None:
    end = time.monotonic() + END_SECONDS
    for part in parts.all():
        if part.thread.is_alive():
            part.thread.join(max(0.0, end - time.monotonic()))
    if not any(part.thread.is_alive() for part in parts.all()):
        spool.close()
