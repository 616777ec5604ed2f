"""What changed since last week: verdicts, schools that went silent or came back, changes that were
marked, and coverage goals that were reached.

What a week's evaluation said comes with each verdict, so nothing is judged again here.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from broadgauge_wire.fields import about

from ..access.agents import list_agents
from ..capacity.daypart import local_day
from ..capacity.model import Conclusion, Target, Verdict
from ..capacity.weekly import evaluations
from ..schools.changes import Change, list_changes
from ..store import Stores
from ..store.questions import Window
from .coverage import LATELY, standings
from .model import LinkVerdict, Overview, SchoolSummary

WEEK = timedelta(days=7)
_WORST_FIRST: tuple[Conclusion, ...] = ("below", "undecided", "meets")


class LineNews(Struct, frozen=True, kw_only=True):
    """A line whose verdict is another one than a week ago."""

    link_id: Annotated[UUID, about("The line")]
    link: Annotated[str, about("Its name")]
    schools: Annotated[tuple[str, ...], about("Schools behind it")]
    was: Annotated[Conclusion, about("What stood a week ago")]
    now: Annotated[Conclusion, about("What stands")]
    why: Annotated[str, about("Why, in a sentence")]


class SchoolNews(Struct, frozen=True, kw_only=True):
    """A school whose own verdict, that of its worst line, is another one than a week ago."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    was: Annotated[Conclusion, about("What stood a week ago")]
    now: Annotated[Conclusion, about("What stands")]


class HeardNews(Struct, frozen=True, kw_only=True):
    """A school that went silent or came back."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    last_heard_at: Annotated[datetime, about("When an agent there was last heard, UTC")]


class Week(Struct, frozen=True, kw_only=True):
    """What is different from a week ago."""

    target: Annotated[Target, about("What was judged against")]
    days: Annotated[int, about("Days of tests judged by")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    evaluated_on: Annotated[date, about("Last day of the latest week that was evaluated")]
    lines: Annotated[tuple[LineNews, ...], about("Lines with another verdict")]
    schools: Annotated[tuple[SchoolNews, ...], about("Schools with another verdict of their own")]
    silent: Annotated[
        tuple[HeardNews, ...], about("Schools not heard for three days, and a week ago they were")
    ]
    back: Annotated[tuple[HeardNews, ...], about("Schools heard again that were silent a week ago")]
    changes: Annotated[tuple[Change, ...], about("Changes that were made or marked this week")]
    goals: Annotated[tuple[str, ...], about("Lines that reached their coverage goal this week")]
    simulated: Annotated[bool, about("Rests on made-up results")]

    @property
    def nothing(self) -> bool:
        """Everything is as it was."""
        news = (self.lines, self.schools, self.silent, self.back, self.changes, self.goals)
        return not any(news)


def week(stores: Stores, overview: Overview, goals: tuple[str, ...]) -> Week:
    """From an overview, and from the lines that reached their goal."""
    now = overview.as_of
    links = {one.link.id: one for school in overview.schools for one in school.verdicts}
    silent, back = _heard(stores, overview)
    zone = overview.schools[0].school.timezone if overview.schools else "UTC"
    today = local_day(now, zone)
    with stores.control.connect() as c:
        marked = list_changes(c)
    return Week(
        target=overview.target,
        days=overview.days,
        as_of=now,
        evaluated_on=evaluations(today)[0],
        lines=tuple(news for news in map(_line, links.values()) if news.was != news.now),
        schools=tuple(news for news in map(_school, overview.schools) if news.was != news.now),
        silent=silent,
        back=back,
        changes=tuple(
            mark for mark in marked if mark.made_at > now - WEEK or mark.day > today - WEEK
        ),
        goals=goals,
        simulated=any(school.simulated for school in overview.schools),
    )


def goals_reached(stores: Stores, target_key: str, days: int, now: datetime) -> tuple[str, ...]:
    """Names of lines that have what their goal asks for, and hadn't a week ago; by today's goals,
    people and changes."""
    today = _complete(stores, target_key, days, now)
    if not today:
        return ()
    before = _complete(stores, target_key, days, now - WEEK)
    return tuple(sorted(name for link_id, name in today.items() if link_id not in before))


def _complete(stores: Stores, target_key: str, days: int, now: datetime) -> dict[UUID, str]:
    found = standings(stores, target_key, days, now).lines
    done = (one for one in found.values() if one.covered.complete(one.goal))
    return {one.link.id: one.link.name for one in done}


def _was(verdict: Verdict) -> Conclusion:
    return verdict.week_before or verdict.conclusion


def _line(found: LinkVerdict) -> LineNews:
    verdict = found.verdict
    return LineNews(
        link_id=found.link.id,
        link=found.link.name,
        schools=found.schools,
        was=_was(verdict),
        now=verdict.conclusion,
        why=verdict.explanation,
    )


def _school(summary: SchoolSummary) -> SchoolNews:
    return SchoolNews(
        school_id=summary.school.id,
        school=summary.school.name,
        was=_worst(_was(one.verdict) for one in summary.verdicts),
        now=_worst(one.verdict.conclusion for one in summary.verdicts),
    )


def _worst(conclusions: Iterable[Conclusion]) -> Conclusion:
    return min(conclusions, key=_WORST_FIRST.index, default="undecided")


def _heard(
    stores: Stores, overview: Overview
) -> tuple[tuple[HeardNews, ...], tuple[HeardNews, ...]]:
    """Schools that went silent, and schools that came back. Three days without a word are silence:
    school machines are off over a weekend."""
    now = overview.as_of
    then = now - WEEK
    heard = [
        HeardNews(school_id=s.school.id, school=s.school.name, last_heard_at=s.last_heard_at)
        for s in overview.schools
        if s.last_heard_at is not None and not s.all_asleep
    ]
    silent = tuple(s for s in heard if then - LATELY <= s.last_heard_at < now - LATELY)
    with stores.control.connect() as c:
        joined = {a.school_id for a in list_agents(c) if a.joined_at < then - LATELY}
    with stores.results.questions() as questions:
        at_that_time = questions.heard(Window(then - LATELY, then))
    missed = joined - at_that_time
    here = (s for s in heard if s.last_heard_at >= now - LATELY)
    return silent, tuple(s for s in here if s.school_id in missed)
