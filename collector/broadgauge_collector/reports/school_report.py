"""Everything the School page shows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from broadgauge_wire import Direction

from ..capacity.evidence import reasons
from ..capacity.method import METHOD
from ..capacity.model import Target
from ..capacity.targets import find_target
from ..schools.changes import Change
from ..schools.model import Link
from ..store import Stores
from ..store.questions import Listed, Measured
from . import charts
from .asked import Asked
from .district import District, Ways, read_district
from .judging import JudgedLink, judge_links, link_test
from .model import SchoolReport, TestRow
from .summary import read_background, summarise

TESTS_LISTED = 200
OLDER = "Older than the days that are judged."
NO_LINE = "It is not known which line the test went over."


def school(
    stores: Stores, school_id: UUID, target_key: str, days: int, now: datetime
) -> SchoolReport:
    """One school against one target. NotFound for an unknown school or target."""
    target = find_target(target_key)
    district = read_district(stores)
    own = district.school(school_id)
    links = [link for link in district.links.values() if school_id in link.school_ids]
    asked = Asked(target, days, now)
    judged = judge_links(stores, district, asked, links)
    answers = [link.answer for link in judged]
    summary = summarise(own, answers, read_background(stores, district, asked, school_id))
    window = charts.local_window(own, days, now)
    with stores.results.questions() as questions:
        listed, total = questions.newest_tests(window, school_id, TESTS_LISTED)
        readings = questions.readings(window, school_id)
        skipped = questions.skipped(window, school_id)
        chosen = charts.choose(questions, summary, window)
        points = charts.draw(questions, chosen)
    return SchoolReport(
        summary=summary,
        target=target,
        days=days,
        as_of=now,
        segment=chosen.segment if chosen else None,
        tests=_rows(listed, Standing(judged, target, Ways(district)), district),
        tests_total=total,
        readings=readings,
        skipped=skipped,
        changes=tuple(c for c in district.changes if _is_here(c, school_id, district)),
        **points,
    )


def _is_here(change: Change, school_id: UUID, district: District) -> bool:
    """Whether it was made at a school, or at a line it depends on."""
    link = district.links.get(change.link_id) if change.link_id else None
    return change.school_id == school_id or (link is not None and school_id in link.school_ids)


class Standing:
    """Why tests are no evidence for the verdict of their link."""

    def __init__(self, judged: Iterable[JudgedLink], target: Target, ways: Ways) -> None:
        self._judged = {link.answer.link.id: link for link in judged}
        self._target = target
        self._ways = ways

    def why_not(self, tests: Sequence[tuple[Measured, Direction]]) -> list[str | None]:
        """Of each test; None if it counts."""
        links = [self._ways.link_of(test) for test, _ in tests]
        ways = [direction for _, direction in tests]
        found = [self._why_unjudged(*each) for each in zip(links, ways, strict=True)]
        for link_id, judged in self._judged.items():
            here = [n for n, link in enumerate(links) if link is not None and link.id == link_id]
            here = [n for n in here if found[n] is None]
            why = _why_not([tests[n][0] for n in here], judged)
            for n, each in zip(here, why, strict=True):
                found[n] = each
        return found

    def _why_unjudged(self, link: Link | None, direction: Direction) -> str | None:
        if direction != self._target.direction:
            return f"The target is about {self._target.direction} speed."
        if link is None:
            return NO_LINE
        return None if link.id in self._judged else f"The target is not about {link.name}."


def _why_not(tests: Sequence[Measured], judged: JudgedLink) -> list[str | None]:
    verdict = judged.answer.verdict
    first, last = verdict.window
    placed = [link_test(test, judged.clocks) for test in tests]
    why = reasons(
        placed,
        judged.need,
        {vote.day for vote in verdict.votes},
        METHOD,
        last=last,
        drop_simulated=judged.real,
        changed=judged.changed,
    )
    return [OLDER if test.day < first else each for test, each in zip(placed, why, strict=True)]


def _rows(listed: Iterable[Listed], standing: Standing, district: District) -> tuple[TestRow, ...]:
    names = {agent.id: agent.name for agent in district.agents}
    tests = list(listed)
    reasons_of = standing.why_not([(each.test, each.direction) for each in tests])
    return tuple(_row(each, why, names) for each, why in zip(tests, reasons_of, strict=True))


def _row(listed: Listed, why: str | None, names: dict[UUID, str]) -> TestRow:
    test = listed.test
    return TestRow(
        id=listed.id,
        started_at=test.moment,
        direction=listed.direction,
        line_bits_per_second=test.line,
        bound=test.bound,
        limited_by=listed.limited_by,
        path_kind=test.path_kind,
        location=listed.location,
        agent_id=listed.agent_id,
        agent=names.get(listed.agent_id, ""),
        segment=test.segment,
        trigger=test.trigger,
        idle_rtt_seconds=listed.idle_rtt,
        bytes_transferred=listed.bytes_transferred,
        error=listed.error,
        client=test.client,
        counts=why is None,
        why_not=why,
        simulated=test.simulated,
    )
