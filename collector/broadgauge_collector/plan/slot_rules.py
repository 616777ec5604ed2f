"""Which lines a test loads, and when they are free for it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Segment

from ..schools.lines import OUTWARDS
from ..schools.model import Reflector

GUARD = timedelta(seconds=1)
"""Between two slots of a line: for an answer to arrive and a connection to close. A test server
keeps tests apart by itself; the pause keeps it from having to cut one off."""


class Span(Struct, frozen=True):
    """From when to when a line is given away."""

    begins_at: datetime
    ends_at: datetime


class LineOfSchool(Struct, frozen=True, kw_only=True):
    """A line that a school depends on, and what it hangs on."""

    id: UUID
    segment: Segment
    upstream_id: UUID | None = None
    is_shared: bool = False
    """Others depend on it too."""


def lines_loaded(
    school_id: UUID, lines: Iterable[LineOfSchool], end: Reflector | None
) -> tuple[UUID, ...]:
    """What a test from a school loads, up to a test server or, without one, to the Internet.

    The school itself stands for whatever is its alone: one of its machines tests at a time. Of
    shared lines, all as far out as the test goes; of those as far out as its server, the one that
    the server ends and those that hang on that.
    """
    known = {line.id: line for line in lines}
    far = OUTWARDS.index("internet" if end is None else end.segment)
    ending = None if end is None else end.link_id
    loaded = (
        line.id
        for line in known.values()
        if line.is_shared
        and OUTWARDS.index(line.segment) <= far
        and (OUTWARDS.index(line.segment) < far or _leads_to(line, ending, known))
    )
    return (school_id, *sorted(loaded))


def first_free(
    held: Collection[Span], now: datetime, seconds: float, guard: timedelta = GUARD
) -> datetime:
    """The first moment from now on when nothing is held for so long."""
    length = timedelta(seconds=seconds)
    moments = [now, *(moment for span in held if (moment := span.ends_at + guard) > now)]
    return next(
        begins
        for begins in sorted(moments)
        if not any(
            begins < span.ends_at + guard and span.begins_at < begins + length + guard
            for span in held
        )
    )


def _leads_to(line: LineOfSchool, ending: UUID | None, known: Mapping[UUID, LineOfSchool]) -> bool:
    above: LineOfSchool | None = line
    while ending is not None and above is not None and above.id != ending:
        above = known.get(above.upstream_id) if above.upstream_id else None
    return above is not None
