"""Imports in the server's process: one file at a time, in a thread that nobody waits for."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import BinaryIO
from uuid import UUID

import structlog
from sqlalchemy import select

from ..errors import Busy, CollectorError
from ..fleet.from_agents import take_from_agents
from ..fleet.support_follow import follow_support_tables
from ..services import Services
from ..store.tables import import_run
from . import runs
from .applying import apply, check_applicable, check_undoable, undo
from .model import Format
from .reading_in import ReadIn
from .runs import Import

LOOK_SECONDS = 300.0
"""Inventories of agents are looked at this often."""

MOST_WAITING = 8
"""Files that wait for the one that is being read."""

STOPPED = "The server stopped while this was read. Bring the file again."
log = structlog.get_logger()


class Imports:
    """Reads files in, applies them and takes them back."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._control = services.stores.control
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imports")
        self._running: set[asyncio.Future[None]] = set()
        self._left: dict[UUID, Callable[[], None]] = {}
        """What a full disk, or a database that was away, left undone."""

    async def live(self) -> None:
        """Go on with what a server that was killed had begun; then look at agents, for ever."""
        await self._in_thread(self._resume)
        await self._in_thread(partial(self._safely, self._follow_support))
        while True:
            await self._in_thread(self._do_what_is_left)
            await self._in_thread(partial(self._safely, self._look_at_agents))
            await asyncio.sleep(LOOK_SECONDS)

    async def bring(
        self, format_: Format, file: BinaryIO, asked_by: str, *, apply_it: bool
    ) -> Import:
        """Begin to read a file, which is closed at the end. Busy if too many wait."""
        if len(self._running) > MOST_WAITING:
            raise Busy("Too many files wait to be read.", retry_after_seconds=30)
        self._tidied()
        begun = await self._services.write_notes(
            runs.begin, format_, asked_by, self._services.now()
        )
        self._in_thread(partial(self._do, begun.id, self._read, format_, file, apply_it))
        return begun

    async def apply(self, id_: UUID, *, confirm: bool) -> Import:
        """Begin to apply what was read."""
        found = await self._services.write_notes(
            check_applicable, id_, self._services.now(), confirm=confirm
        )
        self._in_thread(partial(self._do, id_, self._apply))
        return found

    async def undo(self, id_: UUID) -> Import:
        """Begin to take back what was applied."""
        found = await self._services.write_notes(check_undoable, id_, self._services.now())
        self._in_thread(partial(self._do, id_, self._undo))
        return found

    async def refresh(self) -> None:
        """Look at agents' inventories at once."""
        await self._in_thread(partial(self._safely, self._look_at_agents))

    async def stop(self) -> None:
        """Begin nothing more; what is under way ends with its chunk."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._running:
            await asyncio.wait(self._running, timeout=5)

    def _tidied(self) -> None:
        if self._left:
            self._in_thread(self._do_what_is_left)

    def _in_thread(self, work: Callable[[], None]) -> asyncio.Future[None]:
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return running

    def _do(self, id_: UUID, work: Callable[..., None], *given: object) -> None:
        try:
            work(id_, *given)
        except CollectorError as error:
            if not given:  # to apply or to undo needs nothing more than what is kept
                self._left[id_] = partial(self._do, id_, work)
            self._failed(id_, error.detail)
        except Exception as error:
            log.exception("import_failed", import_id=str(id_))
            self._failed(id_, f"{type(error).__name__}: see the server's log.")

    def _failed(self, id_: UUID, words: str) -> None:
        """Note it. Where there is no room even for that, it is noted later."""
        log.warning("import_failed", import_id=str(id_), why=words)
        try:
            self._note_failure(id_, words)
        except CollectorError as error:
            log.warning("import_failure_not_noted", import_id=str(id_), why=str(error))
            self._left.setdefault(id_, partial(self._failed, id_, words))

    def _note_failure(self, id_: UUID, words: str) -> None:
        with self._control.begin(changes_access=False) as c:
            if runs.get(c, id_).state == "reading":
                now = self._services.now()
                runs.note(c, id_, state="failed", trouble=words, ended_at=now)
            else:  # it goes on a little later, or at the next start
                runs.note(c, id_, trouble=words)

    def _do_what_is_left(self) -> None:
        left, self._left = self._left, {}
        for work in left.values():
            work()

    def _read(self, id_: UUID, format_: Format, file: BinaryIO, apply_it: bool) -> None:
        with file:
            reader = ReadIn(self._control, id_, format_)
            goes_on = reader.read(file, apply_it=apply_it)
        if goes_on:
            self._do(id_, self._apply)

    def _apply(self, id_: UUID) -> None:
        apply(self._control, id_, self._services.now())

    def _undo(self, id_: UUID) -> None:
        undo(self._control, id_, self._services.now())

    def _resume(self) -> None:
        table = import_run.c
        with self._control.begin(changes_access=False) as c:
            broken = c.execute(select(table.id).where(table.state == "reading")).scalars().all()
            for id_ in broken:
                now = self._services.now()
                runs.note(c, id_, state="failed", trouble=STOPPED, ended_at=now)
            begun = select(table.id, table.state).where(table.state.in_(("applying", "undoing")))
            rows = c.execute(begun.order_by(table.asked_at)).all()
        for row in rows:
            self._do(row.id, self._apply if row.state == "applying" else self._undo)

    def _look_at_agents(self) -> None:
        take_from_agents(self._services.stores, self._services.now())

    def _follow_support(self) -> None:
        follow_support_tables(self._control)

    def _safely(self, work: Callable[[], None]) -> None:
        try:
            work()
        except CollectorError as error:  # a full disk, perhaps: it is tried again
            log.warning("agents_not_looked_at", why=str(error))
        except Exception:
            log.exception("agents_not_looked_at")
