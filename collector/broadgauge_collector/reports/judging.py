"""Every link of a district against a target."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from ..capacity.columns import Columns
from ..capacity.daypart import Clock, local_day, place
from ..capacity.model import LinkTest, Need, UnknownNeed
from ..capacity.targets import applies, find_target
from ..capacity.weekly import judge_weekly
from ..schools.changes import changed_on
from ..schools.model import Link
from ..store import Stores
from ..store.questions import Measured
from .asked import Asked
from .district import District, read_district
from .link_tests import tests_by_link
from .model import LinkVerdict
from .needed import Needed


class JudgedLink(Struct, frozen=True):
    """A link's verdict, the need it was held against, whether real tests decide (then no simulated
    one has a say), the clocks that its tests were placed on, and the day on which it last became
    another line."""

    answer: LinkVerdict
    need: Need | UnknownNeed
    real: bool
    clocks: tuple[Clock, ...]
    changed: date | None


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
    clocks = {link.id: district.clocks(link) for link in chosen}
    tests = tests_by_link(stores, district, asked, clocks)
    needed = Needed(district, asked.target, asked.evaluated().since.date())
    return tuple(
        _judge(district, asked, link, clocks[link.id], tests[link.id], needed) for link in chosen
    )


def _judge(
    district: District,
    asked: Asked,
    link: Link,
    clocks: tuple[Clock, ...],
    tests: Columns,
    needed: Needed,
) -> JudgedLink:
    today = local_day(asked.now, clocks[0].timezone)
    need = needed.by(link, today)
    changed = changed_on(district.changes, link, today)
    verdict, evidence = judge_weekly(
        tests, need, target=asked.target, today=today, days=asked.days, changed=changed
    )
    names = tuple(school.name for school in district.behind(link))
    people = verdict.need.people if verdict.need else None
    answer = LinkVerdict(link=link, schools=names, people=people, verdict=verdict)
    return JudgedLink(answer, need, evidence.real, clocks, changed)


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
        is_part=test.is_part,
    )
