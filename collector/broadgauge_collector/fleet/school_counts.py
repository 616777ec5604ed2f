"""What other systems say of the schools' people, beside what was entered here."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from broadgauge_wire.fields import about

from ..schools.model import School
from ..schools.repository import list_schools
from ..store.tables import school_source
from .places import read_places


class SchoolCounts(Struct, frozen=True, kw_only=True):
    """How many people a source says a school has. What was entered here stays as it is."""

    source: Annotated[str, about("Source")]
    name: Annotated[str, about("School, in the source's words")]
    school: Annotated[str | None, about("The school here; null: none is known by this name")]
    identifier: Annotated[str | None, about("The school's number with the state or NCES")]
    students: Annotated[int | None, about("Number of students, by the source")]
    staff: Annotated[float | None, about("Number of staff, by the source")]
    by_grade: Annotated[dict[str, int], about("Students by grade, by the source")]
    entered_students: Annotated[int | None, about("Number of students, as entered here")]
    entered_staff: Annotated[int | None, about("Number of staff, as entered here")]
    said_at: Annotated[datetime, about("When the source said so")]


def school_counts(c: Connection, today: date) -> tuple[SchoolCounts, ...]:
    """By source and name."""
    table = school_source.c
    rows = c.execute(
        select(table.source, table.facts, table.said_at).order_by(table.source, table.key)
    )
    places = read_places(c)
    schools = {school.id: school for school in list_schools(c)}
    found = []
    for source, text, said_at in rows:
        facts: dict[str, Any] = msgspec.json.decode(text)
        name = facts.get("place") or facts["name"]
        id_ = places.school(name)
        found.append(_beside(source, facts, said_at, schools[id_] if id_ else None, today))
    return tuple(found)


def _beside(
    source: str, facts: dict[str, Any], said_at: datetime, ours: School | None, today: date
) -> SchoolCounts:
    people = ours.people_on(today) if ours else None
    return SchoolCounts(
        source=source,
        name=facts.get("place") or facts["name"],
        school=ours.name if ours else None,
        identifier=facts.get("identifier") or facts.get("nces_id"),
        students=facts.get("students"),
        staff=facts.get("staff"),
        by_grade=facts.get("by_grade", {}),
        entered_students=people.students if people else None,
        entered_staff=people.staff if people else None,
        said_at=said_at,
    )
