"""One thing `doctor` looked at, and how its looks run: side by side, each within its time."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

log = logging.getLogger(__name__)

Said = queue.SimpleQueue["Check | None"]
"""The checks of one look as they come, then None."""


class Check(Struct, frozen=True, kw_only=True):
    """One thing looked at. `advice` says what to do; where all is well, what to know.

    `unknown` was not looked at, and `detail` says why. Troubles of one `cause` have one remedy.
    """

    name: str
    state: Literal["ok", "trouble", "unknown"]
    detail: str
    advice: str | None = None
    cause: str | None = None


class Look(NamedTuple):
    """Checks that depend on one another, in their order. `name` is what is said if time is up."""

    name: str
    seconds: float
    checks: Callable[[], Iterable[Check]]


def well(name: str, detail: str, note: str | None = None) -> Check:
    """It works."""
    return Check(name=name, state="ok", detail=detail, advice=note)


def trouble(name: str, detail: str, advice: str, cause: str | None = None) -> Check:
    """It doesn't, and this is what to do."""
    return Check(name=name, state="trouble", detail=detail, advice=advice, cause=cause)


def unknown(name: str, why: str) -> Check:
    """It wasn't looked at, or gave no answer."""
    return Check(name=name, state="unknown", detail=why)


def fault(name: str, error: Exception, cause: str | None = None) -> Check:
    """The error's own sentences: what happened, then what to do."""
    what, _, advice = str(error).partition(". ")
    return trouble(name, what.rstrip("."), advice or "See what it says, and try again.", cause)


def side_by_side(looks: Sequence[Look]) -> Iterator[Check]:
    """Begin all looks at once; their checks in the looks' order, as they come."""
    began = time.monotonic()
    begun = [(look, _begin(look)) for look in looks]
    for look, said in begun:
        yield from _hear(look, said, began + look.seconds)


def line(check: Check) -> str:
    """A check for people, with what to do beneath it."""
    said = f"{check.state:<7} {check.name}: {check.detail}"
    return said if check.advice is None else f"{said}\n        -> {check.advice}"


def once_each(checks: Iterable[Check]) -> Iterator[Check]:
    """A cause is told once: a later trouble that shares it is unknown, and says where to look."""
    first: dict[str, str] = {}
    for check in checks:
        if check.state == "trouble" and check.cause in first:
            yield unknown(check.name, f"skipped: first see to {first[check.cause]!r}")
            continue
        if check.state == "trouble" and check.cause:
            first[check.cause] = check.name
        yield check


def _begin(look: Look) -> Said:
    said: Said = queue.SimpleQueue()
    # A thread of its own, which may be left behind: getaddrinfo can't be given a time limit.
    threading.Thread(target=_run, args=(look, said), daemon=True).start()
    return said


def _run(look: Look, said: Said) -> None:
    try:
        for check in look.checks():
            said.put(check)
    except Exception as error:  # a look that breaks says nothing of the others
        log.debug("look broke name=%s", look.name, exc_info=True)
        said.put(unknown(look.name, f"this check broke ({type(error).__name__}: {error})"))
    said.put(None)


def _hear(look: Look, said: Said, deadline: float) -> Iterator[Check]:
    while True:
        try:
            check = said.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            yield unknown(look.name, f"not known: it took longer than {look.seconds:g} s")
            return
        if check is None:
            return
        yield check
