"""The agent as it runs: one thread measures, one sends, and this one waits to be stopped."""

import logging
import queue
import signal
import threading
from pathlib import Path

from .config import Config
from .errors import AgentError
from .identity import Identity
from .runner import Runner
from .ship import Shipper
from .spool import Spool

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the threads are looked at; on Windows also how soon Ctrl-C is seen."""

END_SECONDS = 0.7
"""For each thread to end politely. Then the process ends anyway: what counts is on the disk."""


def run_agent(state: Path, config: Config, identity: Identity) -> None:
    """Measure and send until SIGTERM or SIGINT. SpoolError if the spool cannot be used."""
    spool = Spool(state, identity.agent_id)
    if spool.set_aside_file:
        log.warning("the spool could not be used and was kept as %s", spool.set_aside_file)
    stop = threading.Event()
    shipper = Shipper(state, identity, spool, stop)
    runner = Runner(
        config,
        spool,
        location=identity.location,
        settings=lambda: shipper.settings,
        clock_offset_seconds=lambda: shipper.clock_offset_seconds,
        spooled=shipper.wake,
        stop=stop,
    )
    # Daemons: a probe or a request under way must not hold up the end of the process.
    threads = [
        threading.Thread(target=shipper.run, name="ship", daemon=True),
        threading.Thread(target=runner.run, name="runner", daemon=True),
    ]
    log.info("running agent=%s school=%s", identity.agent_id, identity.school)
    try:
        _run(threads)
    finally:
        stop.set()
        shipper.wake()
        _end(threads, spool)


def _run(threads: list[threading.Thread]) -> None:
    asked: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        # SimpleQueue.put is reentrant, unlike Event.set: safe in a signal handler.
        signal.signal(number, lambda got, _: asked.put(got))
    for thread in threads:
        thread.start()
    while all(thread.is_alive() for thread in threads):
        try:
            log.info("stopping signal=%d", asked.get(timeout=LOOK_SECONDS))
        except queue.Empty:
            continue
        return
    raise AgentError("A part of the agent broke (see above). Start it again.")


def _end(threads: list[threading.Thread], spool: Spool) -> None:
    for thread in threads:
        if thread.is_alive():
            thread.join(END_SECONDS)
    if not any(thread.is_alive() for thread in threads):
        spool.close()
