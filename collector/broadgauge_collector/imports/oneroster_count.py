"""Distinct people by school and in the district."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from secrets import token_bytes

from msgspec import Struct, field

from ..errors import Unreadable
from .model import PeopleRecord, Refused, RowRefused, Taken

DISTRICT = "district"
"""The key of the district's own record."""

HASH_BYTES = 16

GRADES = ("IT", "PR", "PK", "TK", "KG", *(f"{n:02}" for n in range(1, 14)), "PS", "UG")
"""CEDS, Entry Grade Level, which OneRoster names as its vocabulary for grades."""

OTHER = "other"


class Org(Struct, frozen=True):
    """A school or a district, and where it stands in orgs.csv."""

    line: int
    key: str
    name: str
    identifier: str | None


class People(Struct):
    """Hashes of students' or of staff's ids."""

    everybody: set[bytes] = field(default_factory=set)
    by_school: dict[str, set[bytes]] = field(default_factory=dict)

    def add(self, user: bytes, schools: Iterable[str]) -> None:
        self.everybody.add(user)
        for key in schools:
            self.by_school.setdefault(key, set()).add(user)

    def of(self, school: str) -> set[bytes]:
        return self.by_school.get(school, set())

    def without_a_school(self) -> set[bytes]:
        return self.everybody.difference(*self.by_school.values())


class Headcount:
    """Counts as it is told of orgs, then of users, then of who is what where."""

    def __init__(self) -> None:
        self._hash_key = token_bytes(HASH_BYTES)
        self._schools: dict[str, Org] = {}
        self._districts: dict[str, Org] = {}
        self._users: dict[bytes, bool] = {}
        self._grades: dict[bytes, str] = {}
        self._students = People()
        self._staff = People()
        self._roles_of_nobody = 0

    def add_org(self, org: Org, type_: str) -> None:
        """A school or a district."""
        if org.key in self._schools or org.key in self._districts:
            raise RowRefused("Its sourcedId stands in a row above. Give each org its own.")
        if type_ == "school" and org.key == DISTRICT:
            raise RowRefused(f"Its sourcedId is {DISTRICT}, as of no school. Give it another.")
        (self._schools if type_ == "school" else self._districts)[org.key] = org

    def add_user(self, id_: str, *, active: bool, grades: tuple[str, ...]) -> bytes:
        """A user, by what stands for the id from here on."""
        user = self._hash(id_)
        self._users[user] = self._users.get(user, False) or active
        if active and grades:
            grade = grade_code(grades[0]) if len(grades) == 1 else OTHER
            same = self._grades.get(user, grade) == grade
            self._grades[user] = grade if same else OTHER
        return user

    def known(self, id_: str) -> bytes | None:
        """Who has this id; None if it isn't an active user's."""
        user = self._hash(id_)
        self._roles_of_nobody += user not in self._users
        return user if self._users.get(user) else None

    def add_student(self, user: bytes, orgs: Iterable[str]) -> None:
        self._students.add(user, self._schools_among(orgs))

    def add_staff(self, user: bytes, orgs: Iterable[str]) -> None:
        self._staff.add(user, self._schools_among(orgs))

    def notes(self) -> Iterator[Refused]:
        """What people should know of the counts, each with the file that it is about."""
        without = len(self._students.without_a_school())
        if without:
            yield _note(
                "users.csv",
                f"Students without a school: {without}. They belong to no school of orgs.csv, so "
                "they count in the district alone. Give them their school in the system.",
            )
        if self._roles_of_nobody:
            yield _note(
                "roles.csv",
                f"Roles of users whom users.csv doesn't have, or not readably: "
                f"{self._roles_of_nobody}. They weren't counted. Export both files at once.",
            )
        if len(self._districts) > 1:
            yield _note("orgs.csv", "There are several districts. The total is of all of them.")

    def records(self) -> Iterator[Taken]:
        """Each school's people, then the district's. Unreadable if there is nobody at all."""
        if not self._students.everybody and not self._staff.everybody:
            raise Unreadable(
                "No student and no staff can be counted in this file. Export with all users."
            )
        for org in self._schools.values():
            yield self._record(org, org.key, self._students.of(org.key), self._staff.of(org.key))
        yield self._record(
            self._district(), DISTRICT, self._students.everybody, self._staff.everybody
        )

    def _district(self) -> Org:
        if len(self._districts) == 1:
            return next(iter(self._districts.values()))
        return Org(line=1, key=DISTRICT, name="District", identifier=None)

    def _record(self, org: Org, key: str, students: set[bytes], staff: set[bytes]) -> Taken:
        """A file without any student is one of staff alone, so that a school's number of students
        is unknown and not 0; and the other way around."""
        record = PeopleRecord(
            key=key,
            place=org.name,
            identifier=org.identifier,
            students=len(students) if self._students.everybody else None,
            staff=len(staff) if self._staff.everybody else None,
            by_grade=self._by_grade(students),
        )
        return Taken(org.line, record)

    def _by_grade(self, students: set[bytes]) -> dict[str, int]:
        found = Counter(self._grades[each] for each in students if each in self._grades)
        return {grade: found[grade] for grade in (*GRADES, OTHER) if found[grade]}

    def _schools_among(self, orgs: Iterable[str]) -> tuple[str, ...]:
        return tuple(org for org in orgs if org in self._schools)

    def _hash(self, id_: str) -> bytes:
        return blake2b(id_.encode(), digest_size=HASH_BYTES, key=self._hash_key).digest()


def grade_code(said: str) -> str:
    """A grade's code, or "other". 0 and -1 are kindergarten in one state and not in the next."""
    code = said.upper()
    code = code.zfill(2) if code.isdecimal() else {"K": "KG"}.get(code, code)
    return code if code in GRADES else OTHER


def _note(file: str, words: str) -> Refused:
    """It stands at the file's heading. The file's name, and no person's, is its cell: a row without
    cells is one that may have named a school, so that none would count as gone."""
    return Refused(1, f"{file}: {words}", {"file": file})
