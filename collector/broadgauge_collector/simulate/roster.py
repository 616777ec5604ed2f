"""A made-up district's roster, as a student information system exports it: OneRoster 1.1. Nobody in
it has a name; the importer keeps counts alone."""

import io
from collections.abc import Iterator
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from .chance import Random, What, chance
from .fleet import made_on
from .school_year import school_year_of
from .world import SimulatedSchool, World

MANIFEST = (
    "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"
    "file.orgs,bulk\nfile.users,bulk\n"
)
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
USERS = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,grades\n"
GRADES = {
    "Elementary": ("KG", "01", "02", "03", "04", "05"),
    "Middle": ("06", "07", "08"),
    "High": ("09", "10", "11", "12"),
}
LEFT = 0.02
"""Of those still in the export, marked as to be deleted: they don't count."""

LATELY = 0.03
"""By so much a roster and the number that somebody entered for the year differ at most."""

DISTRICT = "sim-district"
ALWAYS = (1980, 1, 1, 0, 0, 0)
"""A zip notes when each file was changed: the same zip for the same world."""


def roster_of(world: World) -> bytes:
    """The first district's zip."""
    district = world.district(0)
    orgs = [f"{DISTRICT},active,,{district.name},district,,"]
    users: list[str] = []
    for school in district.schools:
        orgs.append(f"{_id(school)},active,,{school.name},school,,{DISTRICT}")
        users += _people(world, school)
    return _zip(
        {
            "manifest.csv": MANIFEST,
            "orgs.csv": ORGS + "\n".join(orgs) + "\n",
            "users.csv": USERS + "\n".join(users) + "\n",
        }
    )


def _people(world: World, school: SimulatedSchool) -> Iterator[str]:
    random = chance(world.seed, What.ROSTER, school.key)
    year = school_year_of(made_on(world))
    students = _about(random, school.students_in(year))
    staff = _about(random, school.staff_in(year))
    grades = random.choice(_grades(school), size=students).tolist()
    left = (random.random(students) < LEFT).tolist()
    for number, (grade, gone) in enumerate(zip(grades, left, strict=True)):
        status = "tobedeleted" if gone else "active"
        yield f"{_id(school)}-s{number},{status},,true,{_id(school)},student,{grade}"
    for number in range(staff):
        yield f"{_id(school)}-t{number},active,,true,{_id(school)},teacher,"


def _grades(school: SimulatedSchool) -> tuple[str, ...]:
    return next((grades for level, grades in GRADES.items() if level in school.name), ("UG",))


def _about(random: Random, many: int) -> int:
    return round(many * (1 + random.uniform(-LATELY, LATELY) + LEFT))


def _id(school: SimulatedSchool) -> str:
    return f"sim-{school.key + 1:05d}"


def _zip(files: dict[str, str]) -> bytes:
    body = io.BytesIO()
    with ZipFile(body, "w") as packed:
        for name, text in files.items():
            packed.writestr(ZipInfo(name, ALWAYS), text, ZIP_DEFLATED)
    return body.getvalue()
