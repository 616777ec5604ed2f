"""How many students and staff each school has, from OneRoster 1.1 and 1.2 exports (a zip of CSVs).

Only counts come out. Of a person nothing is kept while reading but a keyed hash of the id, whose
key is forgotten afterwards, and the grade. enrollments.csv has a row a class, so that counting it
finds a student seven times or forty: it is never opened.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import BinaryIO

from ..errors import Unreadable
from .model import Refused, RowRefused, Taken
from .oneroster_count import Headcount, Org
from .oneroster_rows import (
    Cells,
    check_complete,
    each_row,
    has_columns,
    id_of,
    ids_of,
    is_active,
    value_of,
)
from .record_parts import MAX_KEY
from .values import day, text
from .zips import Archive, names_in, open_zip

ORGS, USERS, ROLES = "orgs.csv", "users.csv", "roles.csv"

ORG_TYPES = {"department", "school", "district", "local", "state", "national"}
STUDENT = {"student"}
STAFF = {
    "administrator", "aide", "counselor", "districtadministrator", "principal", "proctor",
    "siteadministrator", "systemadministrator", "teacher",
}  # fmt: skip
RELATED = {"guardian", "parent", "relative"}
"""Of students. They use no network of the school's, so they count nowhere."""


def looks_like(file: BinaryIO) -> bool:
    """Whether it is a zip with OneRoster's files."""
    return {ORGS, USERS} <= names_in(file)


def read(file: BinaryIO) -> Iterator[Taken | Refused]:
    """Each school's people as of today, then the district's."""
    return headcounts(file, datetime.now(UTC).date())


def headcounts(file: BinaryIO, today: date) -> Iterator[Taken | Refused]:
    """Each school's people on a day, then the district's; rows that can't be counted first.

    Unreadable or TooLarge if the file can't be read, or doesn't name everybody.
    """
    with open_zip(file) as archive:
        with_roles = ROLES in archive.members
        check_complete(archive, (ORGS, USERS, ROLES) if with_roles else (ORGS, USERS))
        if not with_roles and not has_columns(archive, USERS, ("role", "orgSourcedIds")):
            raise Unreadable(
                "users.csv has no columns role and orgSourcedIds (OneRoster 1.1), and there is no "
                "roles.csv (1.2). Export one or the other."
            )
        count = Headcount()
        yield from _orgs(archive, count)
        yield from _users(archive, count, counts=not with_roles)
        if with_roles:
            yield from _roles(archive, count, today)
        yield from count.notes()
        yield from count.records()


def _orgs(archive: Archive, count: Headcount) -> Iterator[Refused]:
    def take(line: int, cells: Cells) -> None:
        type_ = cells["type"].lower()
        if not is_active(cells):
            return
        if type_ not in ORG_TYPES:
            raise RowRefused("Its type is none of OneRoster's. Write school or district, say.")
        if type_ in ("school", "district"):
            count.add_org(_org(line, cells), type_)

    asked = ("sourcedId", "name", "type")
    return each_row(archive, ORGS, asked, ("status", "identifier"), take)


def _org(line: int, cells: Cells) -> Org:
    name = value_of(cells, "name", text)
    if name is None:
        raise RowRefused("It has no name. Give the school or district one.")
    identifier, key = value_of(cells, "identifier", text), id_of(cells["sourcedId"])
    if len(key) > MAX_KEY:
        raise RowRefused(f"Its sourcedId is longer than {MAX_KEY} characters. Give it another.")
    return Org(line, key, name, identifier)


def _users(archive: Archive, count: Headcount, *, counts: bool) -> Iterator[Refused]:
    """Users, who in 1.1 have a role in each of their orgs. Their enabledUser isn't asked for: false
    there is, in the specification's words, an active record whose access to systems is curtailed.
    Such a student still sits in the school."""

    def take(line: int, cells: Cells) -> None:  # noqa: ARG001 - the line is for who refuses it
        id_ = id_of(cells["sourcedId"])
        active = is_active(cells)
        user = count.add_user(id_, active=active, grades=_grades(cells["grades"]))
        if counts and active:
            _count(count, user, cells["role"], ids_of(cells["orgSourcedIds"]))

    more = ("role", "orgSourcedIds") if counts else ()
    return each_row(archive, USERS, ("sourcedId", *more), ("status", "grades"), take)


def _roles(archive: Archive, count: Headcount, today: date) -> Iterator[Refused]:
    """1.2 has a row for each of a user's roles in an org, the primary one and others alike."""

    def take(line: int, cells: Cells) -> None:  # noqa: ARG001 - as above
        user = count.known(id_of(cells["userSourcedId"]))
        org = id_of(cells["orgSourcedId"])
        if is_active(cells) and _holds(cells, today) and user is not None:
            _count(count, user, cells["role"], (org,))

    asked = ("userSourcedId", "role", "orgSourcedId")
    return each_row(archive, ROLES, asked, ("status", "beginDate", "endDate"), take)


def _holds(cells: Cells, today: date) -> bool:
    """Whether the role is held on a day. By the specification's model of a role, beginDate is its
    first day and endDate the first one after it."""
    begins, ends = value_of(cells, "beginDate", day), value_of(cells, "endDate", day)
    return (begins is None or begins <= today) and (ends is None or today < ends)


def _count(count: Headcount, user: bytes, role: str, orgs: Iterable[str]) -> None:
    said = role.lower()
    if said in STUDENT:
        count.add_student(user, orgs)
    elif said in STAFF:
        count.add_staff(user, orgs)
    elif said not in RELATED:
        raise RowRefused(
            "Its role is none of OneRoster's, so nobody knows if it is a student's or staff's. "
            "Write student or teacher, say."
        )


def _grades(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in cell.split(",") if each.strip()))
