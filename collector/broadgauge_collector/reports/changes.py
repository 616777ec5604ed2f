"""What a change did: its line before and after, and lines of untouched schools beside it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Direction
from broadgauge_wire.fields import about

from ..capacity import estimate
from ..capacity.change import (
    LEAST_DAYS,
    Around,
    Days,
    Shift,
    Span,
    around,
    beyond,
    enough,
    shift,
    together,
)
from ..capacity.change_words import compared, difference, too_few
from ..capacity.columns import Columns
from ..capacity.daypart import Clock, local_day
from ..capacity.method import METHOD
from ..capacity.model import Daypart
from ..capacity.votes import day_medians
from ..schools.changes import Change, pick
from ..schools.model import Link
from ..store import Stores
from ..store.questions import Window
from .district import District, read_district
from .link_tests import tests_in

DAYPARTS: dict[Daypart, str] = {"closed": "closed hours", "school": "school hours"}
SURER = 0.975
"""Of two intervals that both must hold for their difference to hold 95% of the time."""


class Side(Struct, frozen=True, kw_only=True):
    """The days before a change, or those after it."""

    first: Annotated[date, about("First day looked at")]
    last: Annotated[date, about("Last day looked at; before the first if there is none")]
    days: Annotated[int, about("Days of them with tests")]
    bits_per_second: Annotated[
        float | None, about("Median of these days' medians; null without a day", "bit/s")
    ]
    at_least: Annotated[bool, about("That is a lower bound")]
    more_days: Annotated[int, about("How many more days with tests a comparison takes")]


class Untouched(Struct, frozen=True, kw_only=True):
    """Lines of the same kind at schools where nothing was changed in the same days."""

    lines: Annotated[int, about("How many lines")]
    schools: Annotated[int, about("How many schools are behind them")]
    shift: Annotated[Shift | None, about("How they differ; null with too few days to tell")]


class Difference(Struct, frozen=True, kw_only=True):
    """A line before and after a change, in closed hours or in school hours."""

    daypart: Annotated[Daypart, about("Which tests")]
    before: Annotated[Side, about("Before the change")]
    after: Annotated[Side, about("After it")]
    shift: Annotated[Shift | None, about("How much faster it is; null with too few days to tell")]
    untouched: Annotated[Untouched, about("Lines beside it, for comparison")]
    beyond: Annotated[
        Shift | None, about("How much more it differs than those; null if that can't be told")
    ]
    words: Annotated[str, about("The same in words")]


class LineEffect(Struct, frozen=True, kw_only=True):
    """What a change did to one line."""

    link: Annotated[Link, about("The line")]
    differences: Annotated[
        tuple[Difference, ...], about("By tests in closed hours, and by those in school hours")
    ]
    simulated: Annotated[bool, about("Rests on made-up results")]


class ChangeEffect(Struct, frozen=True, kw_only=True):
    """What a change did, by the tests of the days around it."""

    change: Annotated[Change, about("The change")]
    direction: Annotated[Direction, about("Direction of the tests")]
    days: Annotated[int, about("Days looked at on each side, where nothing cuts them")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    lines: Annotated[
        tuple[LineEffect, ...],
        about("The line; of a change at a school, each line it depends on, by its tests alone"),
    ]


def effect(
    stores: Stores, change_id: UUID, direction: Direction, days: int, now: datetime
) -> ChangeEffect:
    """One change. NotFound if it isn't there."""
    district = read_district(stores)
    change = pick(district.changes, change_id)
    links = (
        [district.links[change.link_id]]
        if change.link_id
        else [link for link in district.links.values() if change.school_id in link.school_ids]
    )
    asked = _Asked(stores, district, change, direction, days, now)
    return ChangeEffect(
        change=change,
        direction=direction,
        days=days,
        as_of=now,
        lines=_tested(tuple(_line(asked, link) for link in links if link.school_ids)),
    )


def _tested(lines: tuple[LineEffect, ...]) -> tuple[LineEffect, ...]:
    """Without lines that nothing was measured on, unless that is all of them."""
    return (
        tuple(line for line in lines if any(d.before.days + d.after.days for d in line.differences))
        or lines
    )


class _Asked(Struct, frozen=True):
    stores: Stores
    district: District
    change: Change
    direction: Direction
    days: int
    now: datetime

    def around(self, link: Link, today: date) -> Around:
        """The days to compare of a line."""
        others = (
            other.day
            for other in self.district.changes
            if other.is_of(link) or (other.school_id and other.school_id == self.change.school_id)
        )
        return around(self.change.day, self.days, others, today)

    def tests(
        self, spans: Around, clocks: Mapping[UUID, tuple[Clock, ...]], school_id: UUID | None = None
    ) -> dict[UUID, Columns]:
        """Tests of lines on the days around the change, in whatever time zone, that say something
        about their line: real ones, where it has any."""
        first = datetime.combine(spans.before.first, time(), UTC) - timedelta(days=1)
        last = datetime.combine(max(spans.after), time(), UTC) + timedelta(days=2)
        found = tests_in(
            self.stores,
            self.district,
            Window(first, last),
            self.direction,
            clocks,
            school_id=school_id,
        )
        return {link_id: _fit(tests) for link_id, tests in found.items()}


def _line(asked: _Asked, link: Link) -> LineEffect:
    clocks = asked.district.clocks(link)
    today = local_day(asked.now, clocks[0].timezone)
    spans = asked.around(link, today)
    tests = asked.tests(spans, {link.id: clocks}, asked.change.school_id)[link.id]
    untouched = _untouched(asked.district, link, spans)
    others = asked.tests(spans, {one.id: asked.district.clocks(one) for one in untouched})
    if not tests.simulated.any():
        others = {link_id: one for link_id, one in others.items() if not one.simulated.any()}
    differences = tuple(
        _difference(asked.district, part, spans, today, tests, others) for part in DAYPARTS
    )
    return LineEffect(link=link, differences=differences, simulated=bool(tests.simulated.any()))


def _fit(tests: Columns) -> Columns:
    """Tests that say something about the line: real ones, where there are any."""
    fit = tests.where(tests.unfit == 0)
    return fit.where(~fit.simulated) if not fit.simulated.all() else fit


def _untouched(district: District, link: Link, spans: Around) -> list[Link]:
    """Lines of the same kind where nothing was changed, nor at any school behind them."""
    first, last = spans.before.first, spans.after.last
    inside = [c for c in district.changes if first <= c.day <= max(last, spans.after.first)]
    touched = {c.school_id for c in inside if c.school_id}
    for change in inside:
        if change.link_id:
            touched.update(district.links[change.link_id].school_ids)
    return [
        other
        for other in district.links.values()
        if other.segment == link.segment
        and other.school_ids
        and other.id != link.id
        and touched.isdisjoint(other.school_ids)
    ]


def _difference(
    district: District,
    daypart: Daypart,
    spans: Around,
    today: date,
    tests: Columns,
    others: Mapping[UUID, Columns],
) -> Difference:
    mine = day_medians(_in(tests, daypart))
    untouched, surer = _beside(district, daypart, spans, others)
    found = Difference(
        daypart=daypart,
        before=_side(spans.before, mine),
        after=_side(spans.after, mine),
        shift=_shift(mine, spans),
        untouched=untouched,
        beyond=_beyond(_shift(mine, spans, SURER), surer),
        words="",
    )
    return replace(found, words=_words(found, more_to_come=spans.after.last >= today))


def _beside(
    district: District, daypart: Daypart, spans: Around, others: Mapping[UUID, Columns]
) -> tuple[Untouched, Shift | None]:
    """Untouched lines as one, and their shift with an interval that leaves room for another's."""
    days = {link_id: day_medians(_in(tests, daypart)) for link_id, tests in others.items()}
    compared = {link_id: one for link_id, one in days.items() if enough(one, spans)}
    medians = together(compared.values(), spans.before)
    schools = {s for link_id in compared for s in district.links[link_id].school_ids}
    untouched = Untouched(lines=len(compared), schools=len(schools), shift=_shift(medians, spans))
    return untouched, _shift(medians, spans, SURER)


def _shift(days: Days, spans: Around, confidence: float = METHOD.confidence) -> Shift | None:
    return shift(spans.before.days_of(days), spans.after.days_of(days), confidence)


def _beyond(mine: Shift | None, others: Shift | None) -> Shift | None:
    return None if mine is None or others is None else beyond(mine, others)


def _side(span: Span, medians: Days) -> Side:
    days = span.days_of(medians)
    middle = estimate.median(days) if days else None
    return Side(
        first=span.first,
        last=span.last,
        days=len(days),
        bits_per_second=middle and middle.bits_per_second,
        at_least=middle is not None and middle.at_least,
        more_days=max(0, LEAST_DAYS - len(days)),
    )


def _words(found: Difference, *, more_to_come: bool) -> str:
    part = f"In {DAYPARTS[found.daypart]}: "
    if found.shift is None:
        few = too_few(found.before.days, found.after.days, more_to_come=more_to_come)
        return f"{part}{few}"
    beside = compared(found.untouched.schools, found.untouched.shift, found.beyond)
    return f"{part}{difference(found.shift)}; {beside}"


def _in(tests: Columns, daypart: Daypart) -> Columns:
    return tests.where(tests.closed == (daypart == "closed"))
