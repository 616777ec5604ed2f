"""How often a probe may run a day, where the owner of its server says so; kept across restarts."""

import time
from collections.abc import Callable
from typing import Any

from .errors import SpoolError
from .hours import local
from .probes import Probe
from .spool import Spool

FACT = "runs_today"


class DailyRuns:
    """Runs since local midnight of the probes that have a limit."""

    def __init__(self, spool: Spool, unix_now: Callable[[], float] = time.time) -> None:
        self._spool = spool
        self._unix_now = unix_now
        self._known: dict[str, Any] = _fact(spool)

    def refusal(self, probe: Probe) -> str | None:
        """Why no further run may begin today, in words; None if one may."""
        most = probe.max_runs_per_day
        if most is None or self._today().get(probe.name, 0) < most:
            return None
        return f"the {most} tests a day that are allowed to such servers were made"

    def count(self, probe: Probe) -> None:
        """One begins now. It counts whatever becomes of it."""
        if probe.max_runs_per_day is None:
            return
        runs = self._today()
        self._known = {"day": self._day(), "runs": runs | {probe.name: runs.get(probe.name, 0) + 1}}
        try:
            self._spool.note(FACT, self._known)
        except SpoolError:
            return  # the runner says so when it keeps the results

    def _today(self) -> dict[str, int]:
        runs: dict[str, int] = self._known["runs"] if self._known.get("day") == self._day() else {}
        return runs

    def _day(self) -> str:
        return local(self._unix_now()).date().isoformat()


def _fact(spool: Spool) -> dict[str, Any]:
    try:
        found = spool.fact(FACT)
    except SpoolError:
        return {}
    return found if isinstance(found, dict) else {}
