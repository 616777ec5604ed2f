"""A made-up district's roster, as the importer counts it."""

from datetime import date
from io import BytesIO

from msgspec.structs import replace

from broadgauge_collector.imports.model import PeopleRecord, Taken
from broadgauge_collector.imports.oneroster import headcounts, looks_like
from broadgauge_collector.simulate.roster import roster_of
from broadgauge_collector.simulate.world import World

DISTRICT = World(
    seed=1, scale="district", schools=40, agents_per_school=2, since=date(2025, 11, 23), days=365
)
TODAY = date(2026, 11, 23)


def counted() -> dict[str, PeopleRecord]:
    rows = list(headcounts(BytesIO(roster_of(DISTRICT)), TODAY))
    assert all(isinstance(row, Taken) for row in rows), rows[:3]
    records = [row.record for row in rows if isinstance(row, Taken)]
    return {record.place: record for record in records if isinstance(record, PeopleRecord)}


def test_every_school_is_counted_near_what_was_entered_for_it() -> None:
    found = counted()
    schools = DISTRICT.district(0).schools
    for school in schools:
        students, entered = found[school.name].students, school.students_in(2026)
        assert students is not None
        assert abs(students - entered) <= 2 + 0.08 * entered
        assert found[school.name].staff
    assert len(found) == len(schools) + 1
    assert any(found[s.name].students != s.students_in(2026) for s in schools)


def test_students_are_in_the_grades_of_their_school() -> None:
    for name, record in counted().items():
        if "Elementary" in name:
            assert record.by_grade.keys() <= {"KG", "01", "02", "03", "04", "05"}
        if "High" in name:
            assert "12" in record.by_grade


def test_it_is_the_same_zip_for_the_same_seed_and_has_nobodys_name() -> None:
    assert roster_of(DISTRICT) == roster_of(replace(DISTRICT))
    assert roster_of(DISTRICT) != roster_of(replace(DISTRICT, seed=2))
    assert looks_like(BytesIO(roster_of(DISTRICT)))
