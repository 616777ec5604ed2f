"""Every link of a district against a target."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from ..capacity import need
from ..capacity.daypart import Clock, clocks_of, place, window_of
from ..capacity.evidence import Evidence, weigh
from ..capacity.method import METHOD
from ..capacity.model import LinkTest, Target
from ..capacity.targets import applies, find_target
from ..capacity.verdict import judge_evidence
from ..schools.model import Link
from ..store import Stores
from ..store.questions import Measured, Window
from .district import District, Ways, read_district
from .model import LinkVerdict


class JudgedLink(Struct, frozen=True):
    """A link's verdict, the tests it was reached from, and the clocks they were placed on."""

    answer: LinkVerdict
    evidence: Evidence
    clocks: tuple[Clock, ...]


class Asked(Struct, frozen=True):
    """A target, and the window of so many days that ends now."""

    target: Target
    days: int
    now: datetime

    def fetched(self) -> Window:
        """An interval that holds the window in every time zone, and today to its end."""
        day = timedelta(days=1)
        return Window(self.now - (self.days + 1) * day, self.now + day)


def verdicts(
    stores: Stores, target_keys: Iterable[str], days: int, now: datetime
) -> tuple[LinkVerdict, ...]:
    """The verdict on each link that a target applies to, target by target.

    NotFound for an unknown target.
    """
    asked = [Asked(find_target(key), days, now) for key in target_keys]
    district = read_district(stores)
    links = district.links.values()
    return tuple(j.answer for each in asked for j in judge_links(stores, district, each, links))


def judge_links(
    stores: Stores, district: District, asked: Asked, links: Iterable[Link]
) -> tuple[JudgedLink, ...]:
    """The links among these that the target applies to, judged, in their order."""
    chosen = [link for link in links if link.school_ids and applies(asked.target, link.segment)]
    clocks = {link.id: clocks_of(district.behind(link)) for link in chosen}
    tests = _tests(stores, district, asked, clocks)
    return tuple(_judge(district, asked, link, clocks[link.id], tests[link.id]) for link in chosen)


def _tests(
    stores: Stores, district: District, asked: Asked, clocks: dict[UUID, tuple[Clock, ...]]
) -> dict[UUID, list[LinkTest]]:
    """The tests of each link that has clocks here."""
    ways, by_link = Ways(district), defaultdict[UUID, list[LinkTest]](list)
    schools = {school_id for link_id in clocks for school_id in district.links[link_id].school_ids}
    with stores.results.questions() as questions:
        for test in questions.tests(
            asked.fetched(), asked.target.direction, schools, district.reflectors
        ):
            link = ways.link_of(test)
            if link is not None and link.id in clocks:
                by_link[link.id].append(link_test(test, clocks[link.id]))
    return by_link


def _judge(
    district: District,
    asked: Asked,
    link: Link,
    clocks: tuple[Clock, ...],
    tests: list[LinkTest],
) -> JudgedLink:
    schools = district.behind(link)
    window = window_of(asked.now, asked.days, clocks[0].timezone)
    needed = need.work_out(
        asked.target,
        district.headcounts(schools, window[1]),
        district.headcounts(tuple(district.schools.values()), window[1]),
    )
    evidence = weigh(tests, needed, window, METHOD)
    verdict = judge_evidence(evidence, asked.target, window)
    names = tuple(school.name for school in schools)
    people = verdict.need.people if verdict.need else None
    answer = LinkVerdict(link=link, schools=names, people=people, verdict=verdict)
    return JudgedLink(answer, evidence, clocks)


def link_test(test: Measured, clocks: tuple[Clock, ...]) -> LinkTest:
    """A stored test as evidence about a link whose schools keep these clocks."""
    day, daypart = place(test.moment, clocks)
    return LinkTest(
        day=day,
        daypart=daypart,
        line_bits_per_second=test.line,
        ceiling_bits_per_second=test.ceiling,
        bound=test.bound,
        path_kind=test.path_kind,
        trigger=test.trigger,
        failed=test.failed,
        simulated=test.simulated,
        method=test.method,
        client=test.client,
        public_server=test.public_server,
    )
