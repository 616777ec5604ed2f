"""What reports on demand start from: measured lines, and schools as needs see them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from uuid import UUID

from msgspec import Struct

from ..capacity.carry import Load, load_of
from ..capacity.daypart import Clock, local_day
from ..capacity.demand import SchoolDemand
from ..capacity.targets import DEFAULT_TARGET, find_target
from ..schools.assumptions import SchoolAssumed, assumed_by_school
from ..schools.model import Link, School
from ..store import Stores
from .asked import Asked
from .district import District, read_district
from .judging import judge_links
from .model import LinkVerdict

CAPACITIES_BY = DEFAULT_TARGET
"""The target that pages show first, and one that is about every line. What machines read that could
not have seen its need is a lower bound."""

NO_MODEL = "No model is chosen yet."


class Planning(Struct, frozen=True):
    """A district, its lines as measured with the clocks of each, and what holds for each school."""

    district: District
    lines: tuple[LinkVerdict, ...]
    clocks: dict[UUID, tuple[Clock, ...]]
    common: SchoolAssumed
    own: dict[UUID, SchoolAssumed]
    days: int
    now: datetime

    def held(self, school: School) -> SchoolAssumed:
        """What is assumed of a school."""
        return self.own.get(school.id, self.common)

    def demand(self, school: School, model: str | None = None) -> SchoolDemand | str:
        """A school under a model, or the one it wants; in words why there is none."""
        held = self.held(school)
        people = school.people_on(local_day(self.now, school.timezone))
        wanted = model or held.model
        if people is None:
            return f"Nobody is counted for {school.name}. Enter the enrollment."
        if wanted is None:
            return NO_MODEL
        return SchoolDemand(
            id=str(school.id), school=school.name, people=people, model=wanted, assumed=held.assumed
        )

    def demands(
        self, link: Link, model: str | None = None
    ) -> tuple[tuple[SchoolDemand, ...], str | None]:
        """Everybody behind a line, and why one of them has no demand: a sum without it would pass
        a line that is too small."""
        found = [self.demand(school, model) for school in self.district.behind(link)]
        why = next((one for one in found if isinstance(one, str)), None)
        return tuple(one for one in found if isinstance(one, SchoolDemand)), why

    def loads(self) -> Callable[[UUID, str], Load | str]:
        """Each line's load under a model, worked out once; in words why there is none."""

        @cache
        def load(link_id: UUID, model: str) -> Load | str:
            demands, why = self.demands(self.district.links[link_id], model)
            return why or load_of(demands)

        return load


def read_planning(
    stores: Stores, days: int, now: datetime, school_id: UUID | None = None
) -> Planning:
    """Of the district, or of the lines of one school. NotFound for a school that isn't known."""
    district = read_district(stores)
    links: Iterable[Link] = district.links.values()
    if school_id is not None:
        district.school(school_id)
        links = [link for link in links if school_id in link.school_ids]
    judged = judge_links(stores, district, Asked(find_target(CAPACITIES_BY), days, now), links)
    with stores.control.connect() as connection:
        common, own = assumed_by_school(connection)
    lines = tuple(one.answer for one in judged)
    clocks = {one.answer.link.id: one.clocks for one in judged}
    return Planning(district, lines, clocks, common, own, days, now)
