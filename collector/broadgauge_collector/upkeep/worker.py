"""Upkeep in the server's process: one thing at a time, in a thread that nobody waits for."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from uuid import UUID

import structlog

from ..errors import CollectorError
from ..services import Services
from .backups import (
    folder_of,
    fresh_name,
    note_found,
    rotate,
    settle_unfinished,
    write_backup,
)
from .erasing import begin_again, finish_erasures
from .model import Run, Task
from .nightly import Outcome, night
from .records import begin_night_if_due, begin_run, end_broken_runs, end_run, get_run
from .settings import UpkeepConfig, in_force

START_SECONDS = 120.0
"""After a start, agents come back first."""

LOOK_SECONDS = 300.0
"""Clocks and settings change: what is due is looked at this often."""

SECONDS_TO_STOP = 1.5

TRIED_AGAIN = "Nothing more is taken from it; the rest is erased tonight, or at the next start."

Work = Callable[[], Outcome]
log = structlog.get_logger()


class Upkeep:
    """Runs what is due and what is asked for, and notes how it went."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="upkeep")
        self._stopping = Event()
        self._running: set[asyncio.Future[None]] = set()

    async def live(self) -> None:
        """Go on with what a server that was killed had begun; then each night's work, for ever."""
        await self._in_thread(self._resume)
        await asyncio.sleep(START_SECONDS)
        while True:
            await self._run_if_due()
            await asyncio.sleep(LOOK_SECONDS)

    async def run_now(self) -> Run:
        """Begin the night's work at once. What is said is that it runs."""
        return await self._start("nightly", self._night)

    async def back_up(self, to: Path | None, keep: int | None) -> Run:
        """Begin a backup: to a place that was checked, or in the folder of backups, of which the
        newest `keep` stay."""
        return await self._start("backup", partial(self._backup, to, keep))

    async def finish_erasing(self) -> Run:
        """Erase what was begun."""
        return await self._start("erase", self._erase)

    async def stop(self) -> None:
        """Begin nothing more. What runs has a moment to end, before the stores are closed."""
        self._stopping.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._running:
            await asyncio.wait(self._running, timeout=SECONDS_TO_STOP)

    async def _run_if_due(self) -> None:
        try:
            run = await self._services.write(begin_night_if_due, self._services.now())
            if run is not None:
                await self._in_thread(partial(self._do, run, self._night))
        except CollectorError as error:  # a full disk, perhaps: it is tried again
            log.warning("upkeep_put_off", why=str(error))
        except Exception:
            log.exception("upkeep_put_off")

    async def _start(self, task: Task, work: Work) -> Run:
        run = await self._begin(task)
        self._in_thread(partial(self._do, run, work))
        return await self._services.look_up(get_run, run)

    async def _begin(self, task: Task) -> UUID:
        return await self._services.write(begin_run, task, self._services.now())

    def _in_thread(self, work: Callable[[], None]) -> asyncio.Future[None]:
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return running

    def _do(self, run_id: UUID, work: Work) -> None:
        try:
            outcome = work()
        except (CollectorError, OSError) as error:
            outcome = Outcome("", str(error))
        except Exception as error:
            log.exception("upkeep_failed")
            outcome = Outcome("", f"{type(error).__name__}: see the server's log.")
        try:
            self._note(run_id, outcome)
        except CollectorError as error:
            log.warning("upkeep_not_noted", why=str(error))

    def _note(self, run_id: UUID, outcome: Outcome) -> None:
        if outcome.error:
            log.warning("upkeep_failed", why=outcome.error)
        else:
            log.info("upkeep_done", what=outcome.done)
        with self._services.stores.control.begin() as c:
            end_run(c, run_id, self._services.now(), outcome.done, outcome.error)

    def _resume(self) -> None:
        stores, config = self._services.stores, self._services.config
        try:
            with stores.control.begin() as c:
                end_broken_runs(c, self._services.now())
            settle_unfinished(stores)
            note_found(stores, folder_of(config, self._settings().backup.folder))
            begin_again(stores.control, config.data)
            finish_erasures(stores, config, self._services.now())
        except (CollectorError, OSError) as error:
            log.warning("upkeep_put_off", why=str(error))
        except Exception:
            log.exception("upkeep_put_off")

    def _night(self) -> Outcome:
        services = self._services
        return night(services.stores, services.config, services.now(), self._stopping)

    def _backup(self, to: Path | None, keep: int | None) -> Outcome:
        stores, config = self._services.stores, self._services.config
        settings = self._settings().backup
        folder = folder_of(config, settings.folder)
        now = self._services.now()
        made = write_backup(stores, config, to or fresh_name(folder, now), now)
        if to is None:
            rotate(stores, folder, keep or int(settings.keep))
        return Outcome(made.directory, None)

    def _erase(self) -> Outcome:
        stores, config = self._services.stores, self._services.config
        try:
            return Outcome(finish_erasures(stores, config, self._services.now()), None)
        except (CollectorError, OSError) as error:
            return Outcome("", f"{error} {TRIED_AGAIN}")

    def _settings(self) -> UpkeepConfig:
        with self._services.stores.control.connect() as c:
            return in_force(c)
