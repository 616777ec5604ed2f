"""Schools, their people, lines and test servers in the control database.

Functions take a connection inside a transaction; those that add or set need a write transaction.
Conflict for a name already taken, Invalid for a value out of bounds, NotFound for an unknown id.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from broadgauge_wire import Reflector as WireReflector
from broadgauge_wire import Segment, Settings, new_id
from broadgauge_wire.spec import EARLIEST_YEAR

from ..errors import Conflict, Invalid, NotFound
from ..store import tables
from .agent_settings import configuration_for
from .checks import (
    check_fingerprint,
    check_host,
    check_hours,
    check_people,
    check_port,
    check_price,
    check_rate,
    check_timezone,
    clean_name,
    name_key,
)
from .lines import check_upstream
from .locations import locations_of
from .model import DayHours, Link, People, Reflector, School, SchoolCount, SchoolHours
from .networks import listed_subnets

EVER = date(EARLIEST_YEAR, 1, 1)
"""Counts from this day on hold for every result there can be."""

_ALL_REFLECTORS = select(
    tables.reflector, tables.access_key.c.reflector_id.is_not(None).label("has_access_key")
).outerjoin(tables.access_key)
_REFLECTORS = _ALL_REFLECTORS.where(tables.reflector.c.removed_at.is_(None))


def add_school(
    c: Connection,
    *,
    name: str,
    timezone: str,
    hours: SchoolHours | None = None,
    students: int | None = None,
    staff: int = 0,
    concurrent_users: int | None = None,
    since: date = EVER,
    simulated: bool = False,
) -> School:
    """Add a school; with `students`, its people from `since` on. A `simulated` one is made up."""
    school_id = new_id()
    row = {"id": school_id, "district_id": _district_id(c), "timezone": check_timezone(timezone)}
    row |= _naming(name, "The school's name") | _hours_row(hours or SchoolHours())
    row["simulated"] = simulated
    with _name_taken(c, f"There is already a school named {row['name']!r}."):
        c.execute(insert(tables.school).values(row))
    if students is not None:
        counts = People(
            since=since, students=students, staff=staff, concurrent_users=concurrent_users
        )
        set_people(c, school_id, counts)
    return get_school(c, school_id)


def get_school(c: Connection, school_id: UUID) -> School:
    """One school by its id."""
    found = _schools(c, (school_id,))
    if not found:
        raise NotFound(f"There is no school with the id {school_id}.")
    return found[0]


def find_school(c: Connection, name_or_id: str) -> School:
    """One school by its name (in any case) or id. NotFound names the nearest ones."""
    school_id = _id_of(c, tables.school, name_or_id)
    if school_id is None:
        raise NotFound(f"There is no school named {name_or_id!r}{_near_schools(c, name_or_id)}")
    return get_school(c, school_id)


def list_schools(c: Connection) -> tuple[School, ...]:
    """Every school, by name."""
    return _schools(c, None)


def count_schools(c: Connection) -> SchoolCount:
    """How many there are, and how many are made up."""
    made_up = func.count().filter(tables.school.c.simulated)
    total, simulated = c.execute(select(func.count(), made_up).select_from(tables.school)).one()
    return SchoolCount(total, simulated)


def set_people(c: Connection, school_id: UUID, people: People) -> School:
    """Set a school's counts from `people.since` on; the same date again replaces them."""
    check_people(people)
    school = get_school(c, school_id)
    counts = {
        "students": people.students,
        "staff": people.staff,
        "concurrent_users": people.concurrent_users,
    }
    table = tables.people
    if any(known.since == people.since for known in school.people):
        same = (table.c.school_id == school_id) & (table.c.since == people.since)
        c.execute(update(table).where(same).values(counts))
    else:
        c.execute(insert(table).values(school_id=school_id, since=people.since, **counts))
    return get_school(c, school_id)


def set_hours(c: Connection, school_id: UUID, hours: SchoolHours) -> School:
    """Set when students are there, in the school's local time."""
    matches = tables.school.c.id == school_id
    c.execute(update(tables.school).where(matches).values(_hours_row(hours)))
    return get_school(c, school_id)


def add_link(
    c: Connection,
    *,
    name: str,
    segment: Segment,
    school_ids: Iterable[UUID],
    contracted_bits_per_second: float | None = None,
    upstream_id: UUID | None = None,
    price_per_month: float | None = None,
    contract_ends: date | None = None,
) -> Link:
    """Add a line, the schools that depend on it, and the line that it hangs on."""
    link = Link(
        id=new_id(),
        name=name,
        segment=segment,
        school_ids=tuple(dict.fromkeys(school_ids)),
        contracted_bits_per_second=contracted_bits_per_second,
        upstream_id=upstream_id,
        price_per_month=price_per_month,
        contract_ends=contract_ends,
    )
    row = _link_row(c, link) | {"id": link.id}
    if upstream_id is not None:
        _check_upstream(c, link)
    with _name_taken(c, f"There is already a line named {row['name']!r}."):
        c.execute(insert(tables.link).values(row))
    return _put_in_place(c, link)


def update_link(c: Connection, changed: Link) -> Link:
    """Set everything about a line but its segment."""
    changed = replace(changed, school_ids=tuple(dict.fromkeys(changed.school_ids)))
    row = _link_row(c, changed)
    _check_upstream(c, changed)
    with _name_taken(c, f"There is already a line named {row['name']!r}."):
        c.execute(update(tables.link).where(tables.link.c.id == changed.id).values(row))
    for table in (tables.link_school, tables.link_upstream):
        c.execute(delete(table).where(table.c.link_id == changed.id))
    return _put_in_place(c, changed)


def _link_row(c: Connection, link: Link) -> dict[str, Any]:
    """Its own columns, once all that is said of it was found to be possible."""
    if not link.school_ids:
        raise Invalid(
            "A line needs at least one school behind it: name those that depend on it. They are "
            "listed by: broadgauge schools"
        )
    for school_id in link.school_ids:
        get_school(c, school_id)
    return _naming(link.name, "The line's name") | {
        "segment": link.segment,
        "contracted_bits_per_second": check_rate(link.contracted_bits_per_second, "The rate"),
        "price_per_month": check_price(link.price_per_month),
        "contract_ends": link.contract_ends,
    }


def _check_upstream(c: Connection, link: Link) -> None:
    schools = c.execute(select(tables.school.c.id, tables.school.c.name))
    names = {row.id: row.name for row in schools}
    check_upstream(link, {one.id: one for one in list_links(c)} | {link.id: link}, names)


def _put_in_place(c: Connection, link: Link) -> Link:
    behind = [{"link_id": link.id, "school_id": school_id} for school_id in link.school_ids]
    c.execute(insert(tables.link_school), behind)
    if link.upstream_id is not None:
        hangs = {"link_id": link.id, "upstream_id": link.upstream_id}
        c.execute(insert(tables.link_upstream).values(hangs))
    return get_link(c, link.id)


def get_link(c: Connection, link_id: UUID) -> Link:
    """One line by its id."""
    found = _links(c, link_id)
    if not found:
        raise NotFound(f"There is no line with the id {link_id}.")
    return found[0]


def find_link(c: Connection, name_or_id: str) -> Link:
    """One line by its name (in any case) or id."""
    link_id = _id_of(c, tables.link, name_or_id)
    if link_id is None:
        raise NotFound(f"There is no line named {name_or_id!r}. See: broadgauge links list")
    return get_link(c, link_id)


def list_links(c: Connection) -> tuple[Link, ...]:
    """Every line, by name."""
    return _links(c, None)


def add_reflector(
    c: Connection,
    *,
    name: str,
    host: str,
    port: int,
    segment: Segment,
    link_id: UUID | None = None,
    tls: bool = False,
    fingerprint: str | None = None,
) -> Reflector:
    """Register a test server; with `link_id`, it ends that line, which must be of its segment.

    With the fingerprint of its certificate it is spoken to over TLS.
    """
    if link_id is not None and (link := get_link(c, link_id)).segment != segment:
        raise Invalid(f"The line {link.name!r} is {link.segment}, the test server {segment}.")
    reflector_id = new_id()
    row: dict[str, Any] = {"id": reflector_id, "segment": segment, "link_id": link_id}
    row |= _naming(name, "The test server's name")
    row |= {"host": check_host(host), "port": check_port(port)} | _security(tls, fingerprint)
    with _name_taken(c, f"There is already a test server named {row['name']!r}."):
        c.execute(insert(tables.reflector).values(row))
    return get_reflector(c, reflector_id)


def update_reflector(c: Connection, changed: Reflector) -> Reflector:
    """Set where a test server listens, and how it shows that it is the one; the rest stays."""
    matches = tables.reflector.c.id == changed.id
    row = {"host": check_host(changed.host), "port": check_port(changed.port)}
    row |= _security(changed.tls, changed.fingerprint)
    c.execute(update(tables.reflector).where(matches).values(row))
    return get_reflector(c, changed.id)


def remove_reflector(c: Connection, reflector_id: UUID, now: datetime) -> None:
    """Tell agents of this test server no more. Tests made to it stay what they were evidence of."""
    get_reflector(c, reflector_id)
    matches = tables.reflector.c.id == reflector_id
    gone = {"removed_at": now, "name_key": str(reflector_id)}  # which frees its name
    c.execute(update(tables.reflector).where(matches).values(gone))
    c.execute(delete(tables.access_key).where(tables.access_key.c.reflector_id == reflector_id))


def get_reflector(c: Connection, reflector_id: UUID) -> Reflector:
    """One test server by its id."""
    query = _REFLECTORS.where(tables.reflector.c.id == reflector_id)
    row = c.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"There is no test server with the id {reflector_id}.")
    return _reflector(row)


def find_reflector(c: Connection, name_or_id: str) -> Reflector:
    """One test server by its name (in any case) or id."""
    for reflector in list_reflectors(c):
        if name_key(name_or_id) in {name_key(reflector.name), str(reflector.id)}:
            return reflector
    raise NotFound(f"There is no test server named {name_or_id!r}. See: broadgauge reflectors list")


def list_reflectors(c: Connection, *, removed: bool = False) -> tuple[Reflector, ...]:
    """Every test server, by name; on demand with those removed, which older tests were made to."""
    query = _ALL_REFLECTORS if removed else _REFLECTORS
    rows = c.execute(query.order_by(tables.reflector.c.name_key))
    return tuple(_reflector(row) for row in rows)


def settings_for(c: Connection, school_id: UUID) -> Settings:
    """What agents of a school are told: test servers of its own lines first, then common ones;
    on which networks to measure, and how."""
    behind = select(tables.link_school.c.link_id).where(tables.link_school.c.school_id == school_id)
    link_id = tables.reflector.c.link_id
    query = _REFLECTORS.where(link_id.is_(None) | link_id.in_(behind))
    usable = [_reflector(row) for row in c.execute(query.order_by(tables.reflector.c.name_key))]
    usable.sort(key=lambda r: r.link_id is None)
    return Settings(
        reflectors=tuple(_on_the_wire(r) for r in usable),
        school_networks=listed_subnets(c),
        locations=locations_of(c, school_id),
        configuration=configuration_for(c, school_id),
    )


def _id_of(c: Connection, named: Table, name_or_id: str) -> UUID | None:
    """What has this name, in any case; an id as it is, whether there is one or not."""
    try:
        return UUID(name_or_id)
    except ValueError:
        query = select(named.c.id).where(named.c.name_key == name_key(name_or_id))
        found: UUID | None = c.execute(query).scalar_one_or_none()
        return found


def _links(c: Connection, only: UUID | None) -> tuple[Link, ...]:
    above = tables.link_upstream
    lines = select(tables.link, above.c.upstream_id).outerjoin(
        above, above.c.link_id == tables.link.c.id
    )
    lines = lines.order_by(tables.link.c.name_key)
    schools = select(tables.link_school, tables.school.c.simulated).join(tables.school)
    if only is not None:
        lines = lines.where(tables.link.c.id == only)
        schools = schools.where(tables.link_school.c.link_id == only)
    behind: dict[UUID, dict[UUID, bool]] = defaultdict(dict)
    for row in c.execute(schools.order_by(tables.link_school.c.school_id)):
        behind[row.link_id][row.school_id] = row.simulated
    return tuple(
        Link(
            id=row.id,
            name=row.name,
            segment=row.segment,
            school_ids=tuple(behind[row.id]),
            contracted_bits_per_second=row.contracted_bits_per_second,
            simulated=bool(behind[row.id]) and all(behind[row.id].values()),
            upstream_id=row.upstream_id,
            price_per_month=row.price_per_month,
            contract_ends=row.contract_ends,
        )
        for row in c.execute(lines)
    )


def _schools(c: Connection, only: tuple[UUID, ...] | None) -> tuple[School, ...]:
    schools = select(tables.school).order_by(tables.school.c.name_key)
    counts = select(tables.people).order_by(tables.people.c.since)
    if only is not None:
        schools = schools.where(tables.school.c.id.in_(only))
        counts = counts.where(tables.people.c.school_id.in_(only))
    people: dict[UUID, list[People]] = defaultdict(list)
    for row in c.execute(counts):
        people[row.school_id].append(_people(row))
    return tuple(_school(row, people[row.id]) for row in c.execute(schools))


def _school(row: Row[tuple[object, ...]], people: list[People]) -> School:
    hours = SchoolHours(
        opens=row.opens,
        closes=row.closes,
        weekdays=tuple(int(day) for day in row.weekdays),
        by_weekday=msgspec.json.decode(row.by_weekday or "[]", type=tuple[DayHours, ...]),
    )
    chosen = row.least_used_hours
    return School(
        id=row.id,
        name=row.name,
        timezone=row.timezone,
        hours=hours,
        people=tuple(people),
        simulated=row.simulated,
        least_used_hours=tuple(int(h) for h in chosen.split(",")) if chosen else None,
    )


def _people(row: Row[tuple[object, ...]]) -> People:
    return People(
        since=row.since,
        students=row.students,
        staff=row.staff,
        concurrent_users=row.concurrent_users,
    )


def _reflector(row: Row[tuple[object, ...]]) -> Reflector:
    return Reflector(
        id=row.id,
        name=row.name,
        host=row.host,
        port=row.port,
        segment=row.segment,
        link_id=row.link_id,
        tls=row.tls,
        fingerprint=row.fingerprint,
        has_access_key=row.has_access_key,
    )


def _security(tls: bool, fingerprint: str | None) -> dict[str, Any]:
    kept = None if fingerprint is None else check_fingerprint(fingerprint)
    return {"tls": tls or kept is not None, "fingerprint": kept}


def _on_the_wire(r: Reflector) -> WireReflector:
    return WireReflector(
        id=r.id,
        name=r.name,
        host=r.host,
        port=r.port,
        segment=r.segment,
        tls=r.tls,
        fingerprint=r.fingerprint,
    )


def _district_id(c: Connection) -> UUID:
    found: UUID | None = c.execute(select(tables.district.c.id)).scalar()
    if found is not None:
        return found
    made = new_id()
    c.execute(insert(tables.district).values(id=made, name="This district"))
    return made


def _naming(name: str, what: str) -> dict[str, Any]:
    cleaned = clean_name(name, what)
    return {"name": cleaned, "name_key": name_key(cleaned)}


def _hours_row(hours: SchoolHours) -> dict[str, Any]:
    check_hours(hours)
    weekdays = "".join(str(day) for day in sorted(hours.weekdays))
    days = sorted(hours.by_weekday, key=lambda h: (h.weekday, h.opens))
    by_weekday = msgspec.json.encode(days).decode() if days else None
    usual = {"opens": hours.opens, "closes": hours.closes, "weekdays": weekdays}
    return usual | {"by_weekday": by_weekday}


@contextmanager
def _name_taken(c: Connection, sentence: str) -> Iterator[None]:
    try:
        with c.begin_nested():  # without which PostgreSQL would take nothing more from `c`
            yield
    except IntegrityError as error:
        raise Conflict(f"{sentence} Choose another name.") from error


def _near_schools(c: Connection, name: str) -> str:
    names = {row.name_key: row.name for row in c.execute(select(tables.school))}
    near = difflib.get_close_matches(name_key(name), names, n=3)
    return (
        f": did you mean {' or '.join(names[key] for key in near)}?"
        if near
        else ". They are listed by: broadgauge schools"
    )
