"""Published targets, one entry each: a new one is a new entry here and nothing else.

The same body's figures differ by edition, so a key names edition and year. Sources name district
sizes (below 1000, about 3000, above 10 000 students) and are silent about what lies between;
`need` interpolates and says so.
"""

from difflib import get_close_matches

from broadgauge_wire import Segment

from ..errors import NotFound
from .model import Level, Per, SizeClass, Target

DEFAULT_TARGET = "fcc-1mbps"

MEGABIT = 1e6
GIGABIT = 1e9
PER_THOUSAND = 1e-3


def find_target(key: str) -> Target:
    """NotFound if there is no target of that key; the error names the nearest."""
    if key in _BY_KEY:
        return _BY_KEY[key]
    near = get_close_matches(key, _BY_KEY, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(_BY_KEY)}."
    raise NotFound(f"There is no target {key!r}. {hint}")


def applies(target: Target, segment: Segment) -> bool:
    """An Internet target binds every part on the way to the Internet, any other its own segment."""
    return target.segment in ("internet", segment)


def _target(
    key: str,
    title: str,
    source: str,
    year: int,
    *classes: SizeClass,
    segment: Segment = "internet",
    level: Level = "district",
    per: Per = "user",
    per_student: float | None = None,
    note: str = "",
) -> Target:
    return Target(
        key=key,
        title=title,
        source=source,
        year=year,
        segment=segment,
        direction="download",
        level=level,
        per=per,
        classes=classes,
        per_student_bits_per_second=per_student,
        note=note,
    )


def _any_size(bits_per_second: float) -> SizeClass:
    return SizeClass(students=1, bits_per_second=bits_per_second)


def _by_size(
    small: float, medium: float, large: float, *, floor: float
) -> tuple[SizeClass, SizeClass, SizeClass]:
    return (
        SizeClass(
            students=1000, bits_per_second=small * MEGABIT, floor_bits_per_second=floor * MEGABIT
        ),
        SizeClass(students=3000, bits_per_second=medium * MEGABIT),
        SizeClass(students=10_000, bits_per_second=large * MEGABIT),
    )


_SETDA_1 = "SETDA, The Broadband Imperative (2012)"
_SETDA_2 = "SETDA, The Broadband Imperative II (2016)"
_SETDA_3 = "SETDA, The Broadband Imperative III (2019)"
_FCC_2014 = "FCC, E-Rate Modernization Order, FCC 14-99 (2014)"
_USERS = "Users are students and staff."

TARGETS: tuple[Target, ...] = (
    _target(
        DEFAULT_TARGET,
        "1 Mbps per student",
        "FCC goal as tracked by Connect K-12 (2023)",
        2023,
        _any_size(1 * MEGABIT),
        per="student",
    ),
    _target(
        "setda-2012",
        "100 Mbps per 1,000 users",
        _SETDA_1,
        2012,
        _any_size(100 * MEGABIT * PER_THOUSAND),
        note=_USERS,
    ),
    _target(
        "fcc-2014-short",
        "100 Mbps per 1,000 users (short term)",
        _FCC_2014,
        2014,
        _any_size(100 * MEGABIT * PER_THOUSAND),
        note=_USERS,
    ),
    _target(
        "setda-2012-wan-2014",
        "WAN: 1 Gbps per 1,000 users by 2014-15",
        _SETDA_1,
        2014,
        _any_size(1 * GIGABIT * PER_THOUSAND),
        segment="wan",
        note=_USERS,
    ),
    _target(
        "setda-2012-wan-2017",
        "WAN: 10 Gbps per 1,000 users by 2017-18",
        _SETDA_1,
        2017,
        _any_size(10 * GIGABIT * PER_THOUSAND),
        segment="wan",
        note=_USERS,
    ),
    _target(
        "setda-2017",
        "1 Gbps per 1,000 users by 2017-18",
        _SETDA_1,
        2017,
        _any_size(1 * GIGABIT * PER_THOUSAND),
        note=_USERS,
    ),
    _target(
        "fcc-2014-long",
        "1 Gbps per 1,000 users (long term)",
        _FCC_2014,
        2014,
        _any_size(1 * GIGABIT * PER_THOUSAND),
        note=_USERS,
    ),
    _target(
        "fcc-2014-wan",
        "WAN: scalable to 10 Gbps per 1,000 students",
        _FCC_2014,
        2014,
        _any_size(10 * GIGABIT * PER_THOUSAND),
        segment="wan",
        per="student",
        note="Stated as what the WAN must be scalable to, not what it must carry today.",
    ),
    _target(
        "guide-concurrent",
        "25 Mbps per 100 concurrent users",
        "Blended Learning Implementation Guide 3.0 (2015)",
        2015,
        _any_size(25 * MEGABIT / 100),
        level="school",
        per="concurrent_user",
        note="Providers recommend as high as this. Concurrent users are not students.",
    ),
    _target(
        "setda2-2017-18",
        "0.7-1.5 Mbps per user by district size, 2017-18",
        _SETDA_2,
        2017,
        *_by_size(1.5, 1.0, 0.7, floor=100),
        note=_USERS,
    ),
    _target(
        "setda2-2020-21",
        "2-4.3 Mbps per user by district size, 2020-21",
        _SETDA_2,
        2020,
        *_by_size(4.3, 3.0, 2.0, floor=300),
        note=_USERS,
    ),
    _target(
        "setda2-2020-21-wan",
        "WAN: 10 Gbps per 1,000 users, 2020-21",
        _SETDA_2,
        2020,
        _any_size(10 * GIGABIT * PER_THOUSAND),
        segment="wan",
        note=_USERS,
    ),
    _target(
        "setda3-2023-24",
        "1.4-2.8 Mbps per user by district size, 2023-24",
        _SETDA_3,
        2023,
        *_by_size(2.8, 2.0, 1.4, floor=300),
        note=f"{_USERS} Lower than the 2020-21 edition's.",
    ),
    _target(
        "giga-2030",
        "20 Mbps per school, or 50 kbps per student above 400 students",
        "ITU and UN, Giga: connectivity targets for 2030",
        2030,
        _any_size(20 * MEGABIT),
        level="school",
        per="school",
        per_student=0.05 * MEGABIT,
    ),
)

_BY_KEY = {target.key: target for target in TARGETS}
