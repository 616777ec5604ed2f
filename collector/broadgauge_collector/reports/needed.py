"""What links must carry, day by day, for the people that are dated for each day."""

from collections.abc import Iterable
from datetime import date
from functools import cache

from ..capacity.model import Need, Target, UnknownNeed
from ..capacity.need import DistrictSize, Headcount, dated, size_of, work_out
from ..schools.model import Link, School
from .district import District


class Needed:
    """Needs of a district's links against a target, on the days from `first` on. The district's
    size on a day is worked out once for all links."""

    def __init__(self, district: District, target: Target, first: date) -> None:
        self._district = district
        self._target = target
        self._first = first
        self._everybody = tuple(district.schools.values())
        self._size_on = cache(self._worked_out_size)
        sized = len(target.classes) > 1 or any(c.floor_bits_per_second for c in target.classes)
        self._resized = _changed(self._everybody, first) if sized else set[date]()

    def by(self, link: Link, today: date) -> Need | UnknownNeed:
        """What a link must carry today, with what it had to before if people changed. Unknown if it
        is today."""
        schools = self._district.behind(link)
        changed = (day for day in _changed(schools, self._first) | self._resized if day <= today)
        days = dict.fromkeys([self._first, *sorted(changed), today])
        if len(days) == 2:
            return self._on(schools, today, today)
        return dated([(day, self._on(schools, day, today)) for day in days])

    def _on(self, schools: tuple[School, ...], day: date, today: date) -> Need | UnknownNeed:
        heads = _heads(schools, day, today)
        return work_out(self._target, heads, self._size_on(day, today))

    def _worked_out_size(self, day: date, today: date) -> DistrictSize:
        return size_of(_heads(self._everybody, day, today))


def _heads(schools: Iterable[School], day: date, today: date) -> tuple[Headcount, ...]:
    return tuple(Headcount(school.name, school.people_then(day, today)) for school in schools)


def _changed(schools: Iterable[School], first: date) -> set[date]:
    """Days after the first on which other counts came into force somewhere."""
    return {p.since for school in schools for p in school.people[1:] if p.since > first}
