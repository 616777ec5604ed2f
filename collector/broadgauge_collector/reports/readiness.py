"""Every school's readiness: devices for its model, the assessment and what students produce."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select

from ..capacity.daypart import local_day
from ..capacity.models import FLEET
from ..fleet.readiness.devices import Profile, read_profiles
from ..fleet.readiness.entries import entries
from ..fleet.readiness.judge import Wanted, judge_school, support_load
from ..fleet.readiness.model import Readiness, ReadinessEntries, SchoolReadiness
from ..fleet.refresh.settings import replace_rules
from ..schools.assumptions import SchoolAssumed, assumed_by_school
from ..schools.model import School
from ..store import Stores
from ..store.tables import school_source
from .district import read_district


def readiness(stores: Stores, now: datetime) -> Readiness:
    """Of every school in the district."""
    schools = read_district(stores).schools.values()
    with stores.control.connect() as c:
        common, own = assumed_by_school(c)
        counts = read_profiles(c, extended=replace_rules(c).extended_support)
        said, grades = entries(c), _by_grade(c)
    by_school = _by_school(counts)
    judged = tuple(
        judge_school(
            _wanted(school, own.get(school.id, common), said, grades.get(school.id, {}), now),
            by_school[school.id],
        )
        for school in schools
    )
    return _whole(judged, counts, common, said, now)


def _whole(
    judged: tuple[SchoolReadiness, ...],
    counts: Counter[Profile],
    common: SchoolAssumed,
    said: ReadinessEntries,
    now: datetime,
) -> Readiness:
    supported = sum(n for profile, n in counts.items() if not profile.byod)
    at_most = common.assumed[f"{FLEET}per_technician"].value
    return Readiness(
        as_of=now,
        day=now.date(),
        schools=judged,
        unplaced=sum(n for profile, n in counts.items() if profile.school_id is None),
        support=support_load(supported, said.technicians, at_most),
        pooled=sum(school.idle_ready for school in judged),
        pooled_elsewhere=sum(_free(school) for school in judged),
        missing=sum(school.assessment.missing or 0 for school in judged),
        figures=tuple(a for key, a in common.assumed.items() if key.startswith(FLEET)),
        entries=said,
    )


def _free(school: SchoolReadiness) -> int:
    """Ready devices that a school could give away: idle, and more than it needs itself."""
    seats = school.assessment
    if seats.needed_high is None:
        return 0
    return min(school.idle_ready, max(seats.ready - seats.needed_high, 0))


def _by_school(counts: Counter[Profile]) -> Mapping[UUID | None, Counter[Profile]]:
    found: defaultdict[UUID | None, Counter[Profile]] = defaultdict(Counter)
    for profile, n in counts.items():
        found[profile.school_id][profile] = n
    return found


def _wanted(
    school: School,
    held: SchoolAssumed,
    said: ReadinessEntries,
    by_grade: Mapping[str, int],
    now: datetime,
) -> Wanted:
    day = local_day(now, school.timezone)
    people = school.people_on(day)
    return Wanted(
        school_id=school.id,
        school=school.name,
        students=people.students if people else None,
        staff=people.staff if people else None,
        by_grade=by_grade,
        model=held.model,
        assumed=held.assumed,
        outputs=said.outputs,
        day=day,
    )


def _by_grade(c: Connection) -> dict[UUID, dict[str, int]]:
    """Students by grade, as the source says that spoke of grades last."""
    table = school_source.c
    rows: Iterable[Any] = c.execute(
        select(table.school_id, table.facts)
        .where(table.school_id.is_not(None))
        .order_by(table.said_at)
    )
    said = ((id_, msgspec.json.decode(facts).get("by_grade")) for id_, facts in rows)
    return {id_: grades for id_, grades in said if grades}
