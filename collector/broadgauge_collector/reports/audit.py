"""The district as a whole: where rates vary, and what schools have in common."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ..capacity.daypart import DAY, local_hours
from ..capacity.model import Reason, Target
from ..capacity.targets import find_target
from ..capacity.variance import components
from ..capacity.words import number, percent
from ..schools.model import School
from ..store import Stores
from .asked import Asked
from .district import District, read_district
from .model import SchoolSummary
from .seats import FARTHEST
from .summary import overview

BAND_HOURS = 2
LEAST_TESTS = 30
"""Before variation is divided up."""

SLOW = 0.8
"""Hours of a school are slow if their median test is under this share of the school's own."""

FAILING = 0.05
Place = Literal["schools", "rooms", "days", "hours", "rest"]
WHERE: dict[Place, str] = {
    "schools": "from school to school: their lines differ",
    "rooms": "from room to room of a school: its own network, or the testing computers, differ",
    "days": "from day to day at a school",
    "hours": "with the hour of the day: how much others use the lines",
    "rest": "from test to test in one room, day and hour",
}
WHY: dict[Reason, str] = {
    "loopback": "every test stays inside one machine",
    "not_enough_tests": "there are not enough tests yet",
    "must_hold_twice": "the verdict has not held for two weeks yet",
    "about_at_target": "the line is about at the target",
    "machine_limited": "the testing computer is the limit",
    "no_people": "nobody is counted",
}


class Part(Struct, frozen=True, kw_only=True):
    """A part of the variation of rates."""

    place: Annotated[Place, about("Where it lies")]
    meaning: Annotated[str, about("The same in words")]
    share: Annotated[float, about("Share of the variance of the logarithm of rates")]
    factor: Annotated[
        float, about("By what factor rates differ for it: one standard deviation, as a ratio")
    ]


class Finding(Struct, frozen=True, kw_only=True):
    """Something that several schools have in common."""

    words: Annotated[str, about("What it is")]
    schools: Annotated[tuple[str, ...], about("Where")]


class Audit(Struct, frozen=True, kw_only=True):
    """The district as a whole."""

    target: Annotated[Target, about("What was judged against")]
    days: Annotated[int, about("Days of tests looked at")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    tests: Annotated[int, about("Download tests that the variation is of")]
    parts: Annotated[
        tuple[Part, ...], about("Where the variation lies, the most first; none with few tests")
    ]
    findings: Annotated[tuple[Finding, ...], about("What schools have in common, the widest first")]
    simulated: Annotated[bool, about("Rests on made-up results")]


class _Tests(NamedTuple):
    """Download tests that have a rate, and the failed ones, by school, room, day and hours."""

    school: NDArray[np.int64]
    room: NDArray[np.int64]
    day: NDArray[np.int64]
    band: NDArray[np.int64]
    rate: NDArray[np.float64]


def audit(stores: Stores, target_key: str, days: int, now: datetime) -> Audit:
    """Over all schools and their tests of the last days. NotFound for an unknown target."""
    asked = Asked(find_target(target_key), days, now)
    found = overview(stores, target_key, days, now)
    district = read_district(stores)
    tests = _read(stores, district, asked)
    names = [school.name for school in district.schools.values()]
    findings = [
        *_falling_short(found.schools),
        *_undecided(found.schools),
        *_slow_hours(tests, names),
        *_failing(tests, names),
    ]
    common = [finding for finding in findings if len(finding.schools) > 1]
    rated = _where(tests, tests.rate > 0)
    return Audit(
        target=asked.target,
        days=days,
        as_of=now,
        tests=len(rated.rate),
        parts=_parts(rated),
        findings=tuple(sorted(common, key=lambda one: -len(one.schools))),
        simulated=any(school.simulated for school in found.schools),
    )


def _read(stores: Stores, district: District, asked: Asked) -> _Tests:
    """Planned tests over a network, on the farthest stretch that each school tested."""
    with stores.results.questions() as questions:
        table = questions.tests(
            asked.fetched(), "download", list(district.schools), [], with_location=True
        )
    wanted = pc.and_(
        pc.equal(table["trigger"], "planned"),
        pc.and_(pc.equal(table["client"], "agent"), pc.equal(table["method"], "ndt7")),
    )
    over_it = pc.or_(pc.equal(table["path_kind"], "network").fill_null(False), table["failed"])
    ours = pc.and_(wanted, pc.invert(table["public_server"]))
    table = table.filter(pc.and_(ours, over_it))
    real = pc.invert(table["simulated"])
    table = table.filter(real) if pc.any(real).as_py() else table
    school = table["school"].to_numpy().astype(np.int64)
    segment = pc.index_in(table["segment"], pa.array(FARTHEST)).fill_null(len(FARTHEST)).to_numpy()
    farthest = np.full(len(district.schools), len(FARTHEST))
    np.minimum.at(farthest, school, segment)
    keep = segment == farthest[school]
    return _placed(table.filter(pa.array(keep)), list(district.schools.values()))


def _placed(table: pa.Table, schools: Sequence[School]) -> _Tests:
    school = table["school"].to_numpy().astype(np.int64)
    moments = table["moment"].cast(pa.int64()).to_numpy()
    rooms = table["location"].combine_chunks().fill_null("").dictionary_encode()
    hours = np.zeros(len(school), np.int64)
    zones = np.array([one.timezone for one in schools], object)
    for zone in set(zones[np.unique(school)].tolist()):
        rows = zones[school] == zone
        hours[rows] = local_hours(moments[rows], zone)
    codes = rooms.indices.to_numpy().astype(np.int64)
    days = moments // DAY - (moments // DAY).min(initial=0)
    return _Tests(
        school=school,
        room=school * (len(rooms.dictionary) + 1) + codes,
        day=school * (int(days.max(initial=0)) + 1) + days,
        band=hours // BAND_HOURS,
        rate=np.where(
            table["failed"].to_numpy(), 0, np.nan_to_num(table["line_bits_per_second"].to_numpy())
        ).astype(np.float64),
    )


def _where(tests: _Tests, rows: NDArray[np.bool_]) -> _Tests:
    school, room, day, band, rate = tests
    return _Tests(school[rows], room[rows], day[rows], band[rows], rate[rows])


def _parts(tests: _Tests) -> tuple[Part, ...]:
    if len(tests.rate) < LEAST_TESTS:
        return ()
    factors = {
        "schools": tests.school, "rooms": tests.room, "days": tests.day, "hours": tests.band,
    }  # fmt: skip
    found = components(np.log(tests.rate), factors)
    whole = sum(found.values())
    parts = [
        Part(
            place=place,
            meaning=meaning,
            share=found[place] / whole if whole else 0.0,
            factor=float(np.exp(np.sqrt(found[place]))),
        )
        for place, meaning in WHERE.items()
        if place in found
    ]
    return tuple(sorted(parts, key=lambda part: -part.share))


def _falling_short(schools: Iterable[SchoolSummary]) -> list[Finding]:
    """Schools that one line lets down, and those whose own do."""
    short = [
        (school.school.name, school.deciding.link)
        for school in schools
        if school.deciding is not None and school.deciding.verdict.conclusion == "below"
    ]
    lines = Counter(link.id for _, link in short)
    found = []
    for link_id, count in lines.items():
        if count > 1:
            here = tuple(name for name, link in short if link.id == link_id)
            name = next(link.name for _, link in short if link.id == link_id)
            words = f"{name} falls short, and decides for {number(count, 'school')}."
            found.append(Finding(words=words, schools=here))
    own = tuple(name for name, link in short if lines[link.id] == 1)
    if own:
        words = (
            f"A line that decides for one school alone falls short: {number(len(own), 'school')}."
        )
        found.append(Finding(words=words, schools=own))
    return found


def _undecided(schools: Iterable[SchoolSummary]) -> list[Finding]:
    why: dict[Reason, list[str]] = {}
    for school in schools:
        reason = school.deciding.verdict.reason if school.deciding else None
        if reason is not None:
            why.setdefault(reason, []).append(school.school.name)
    return [
        Finding(
            words=f"Not decided yet ({WHY[reason]}): {number(len(names), 'school')}.",
            schools=tuple(names),
        )
        for reason, names in why.items()
    ]


def _slow_hours(tests: _Tests, names: list[str]) -> list[Finding]:
    """Hours in which the median test of a school is well under the school's own."""
    slow: dict[int, list[str]] = {}
    for school in np.unique(tests.school).tolist():
        here = _where(tests, (tests.school == school) & (tests.rate > 0))
        if len(here.rate) < LEAST_TESTS:
            continue
        whole = np.median(here.rate)
        for band in np.unique(here.band).tolist():
            if np.median(here.rate[here.band == band]) < SLOW * whole:
                slow.setdefault(band, []).append(names[school])
    return [
        Finding(
            words=(
                f"From {band * BAND_HOURS:02}:00 to {(band + 1) * BAND_HOURS:02}:00 the median "
                f"test finds less than {percent(SLOW)} of what it finds over the whole day: "
                f"{number(len(where), 'school')}."
            ),
            schools=tuple(where),
        )
        for band, where in slow.items()
        if len(where) > 1
    ]


def _failing(tests: _Tests, names: list[str]) -> list[Finding]:
    made = np.bincount(tests.school, minlength=len(names))
    failed = np.bincount(tests.school, tests.rate <= 0, minlength=len(names))
    where = [
        name
        for name, count, bad in zip(names, made.tolist(), failed.tolist(), strict=True)
        if count and bad > FAILING * count
    ]
    if not where:
        return []
    words = f"More than {percent(FAILING)} of tests fail: {number(len(where), 'school')}."
    return [Finding(words=words, schools=tuple(where))]
