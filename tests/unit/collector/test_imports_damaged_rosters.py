"""Damaged OneRoster exports: who is in a row that can be read is counted where the row says, and
nobody else. What is said of the others names nobody.

BROADGAUGE_FUZZ_FILES says how many files of each version are tried.
"""

import csv
import os
import re
from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from random import Random
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
import pytest
from msgspec import Struct

from broadgauge_collector.errors import TooLarge, Unreadable
from broadgauge_collector.imports.model import PeopleRecord, Refused, Taken
from broadgauge_collector.imports.oneroster import headcounts
from tests.unit.collector.rosters import (
    CANARY,
    ORG_COLUMNS,
    ORGS,
    ROLE_COLUMNS,
    TODAY,
    USER_COLUMNS,
    USER_COLUMNS_12,
    Row,
    has_role,
    manifest,
    table,
    user,
)

FILES = int(os.environ.get("BROADGAUGE_FUZZ_FILES", "40"))
USERS = 14
SCHOOLS = ("n", "s")
BAD_ROLES = ("", "pupil", "Teacher!", "x y", f"{CANARY} name")
BAD_DAYS = ("2026-02-30", "13/13/2026", "yesterday", "99999999", "1/2/3/4")


class Roster(Struct):
    """Rows of the table that says who is where, as they stand, and which of them can be read."""

    version: str
    users: list[Row]
    roles: list[Row]
    raw: dict[int, str] = {}
    """What stands in place of some rows of that table."""

    separator: str = ","
    line_end: str = "\r\n"
    encoding: str = "utf-8"
    bom_before: int | None = None
    order_seed: int = 0
    folder: str = ""
    cut_zip: float = 1.0

    def who(self) -> list[Row]:
        return self.users if self.version == "1.1" else self.roles

    def data(self) -> bytes:
        target = BytesIO()
        columns = USER_COLUMNS if self.version == "1.1" else USER_COLUMNS_12
        with ZipFile(target, "w", ZIP_DEFLATED) as archive:
            said = {} if self.version == "1.1" else {"roles": "bulk"}
            archive.writestr(f"{self.folder}manifest.csv", manifest(**said))
            archive.writestr(f"{self.folder}orgs.csv", table(ORG_COLUMNS, ORGS))
            is_last = self.version == "1.1"
            archive.writestr(f"{self.folder}users.csv", self._table(columns, self.users, is_last))
            if not is_last:
                archive.writestr(
                    f"{self.folder}roles.csv", self._table(ROLE_COLUMNS, self.roles, True)
                )
        data = target.getvalue()
        return data[: int(len(data) * self.cut_zip)]

    def _table(self, columns: str, rows: list[Row], is_last: bool) -> bytes:
        names = columns.split(",")
        if is_last:
            Random(self.order_seed).shuffle(names)
        said = [self._line(names)]
        for n, row in enumerate(rows):
            cells = [row.get(name, "") for name in names]
            line = self.raw.get(n) if is_last else None
            bom = "\ufeff" * (is_last and n == self.bom_before)
            said.append(bom + (self._line(cells) if line is None else line + self.line_end))
        return "".join(said).encode(self.encoding)

    def _line(self, cells: Iterable[str]) -> str:
        target = StringIO()
        csv.writer(target, delimiter=self.separator).writerow(cells)
        return target.getvalue().removesuffix("\r\n") + self.line_end

    def counted(self, refused: set[int]) -> dict[str, int]:
        """Distinct students of the rows that weren't refused, whose status lets them count."""
        active = {u["sourcedId"] for u in self.users if self._may_count(u)}
        found: dict[str, set[str]] = {school: set() for school in (*SCHOOLS, "district")}
        for line, row in self._lines():
            if line in refused or not self._may_count(row) or row.get("role") != "student":
                continue
            who = row["sourcedId"] if self.version == "1.1" else row["userSourcedId"]
            if self.version == "1.2" and who not in active:
                continue
            found["district"].add(who)
            orgs = row["orgSourcedIds"] if self.version == "1.1" else row["orgSourcedId"]
            for school in set(orgs.split(",")) & set(SCHOOLS):
                found[school].add(who)
        return {school: len(people) for school, people in found.items()}

    def _lines(self) -> Iterable[tuple[int, Row]]:
        at = 2
        for n, row in enumerate(self.who()):
            yield at, row
            at += 1 + "".join(row.values()).count("\n") * (n not in self.raw)

    @staticmethod
    def _may_count(row: Row) -> bool:
        return row.get("status", "") in ("", "active")


def made(version: str, random: Random) -> Roster:
    ids = [f"u{random.randrange(USERS)}" for _ in range(USERS)]
    if version == "1.1":
        orgs = [random.choice(("n", "s", "n,s", "gone")) for _ in ids]
        return Roster("1.1", [user(i, orgs=o) for i, o in zip(ids, orgs, strict=True)], [])
    users = [user(f"u{n}") for n in range(USERS)]
    return Roster("1.2", users, [has_role(i, org=random.choice(("n", "s"))) for i in ids])


Damage = Callable[[Roster, Random], None]


def _other_columns_first(roster: Roster, random: Random) -> None:
    roster.order_seed = random.randrange(1, 1000)


def _delete_some(roster: Roster, random: Random) -> None:
    for row in random.sample(roster.who(), 3):
        row["status"] = random.choice(("tobedeleted", "active", "", "gone"))


def _spoil_roles(roster: Roster, random: Random) -> None:
    for row in random.sample(roster.who(), 2):
        row["role"] = random.choice(BAD_ROLES)


def _spoil_days(roster: Roster, random: Random) -> None:
    for row in random.sample(roster.who(), 2):
        row["beginDate"] = random.choice(BAD_DAYS)


def _lose_ids(roster: Roster, random: Random) -> None:
    row = random.choice(roster.who())
    row["sourcedId" if roster.version == "1.1" else "userSourcedId"] = ""


def _shorten_ids(roster: Roster, random: Random) -> None:
    row = random.choice(roster.who())
    row["sourcedId" if roster.version == "1.1" else "userSourcedId"] = "1.2E+11"


def _break_lines(roster: Roster, random: Random) -> None:
    for row in random.sample(roster.who(), 2):
        row["phone" if roster.version == "1.1" else "roleType"] = f"{CANARY}\nand more"


def _paste_a_book(roster: Roster, random: Random) -> None:
    random.choice(roster.who())["email"] = f"{CANARY} " * 20_000


def _break_quotes(roster: Roster, random: Random) -> None:
    roster.raw[random.randrange(USERS)] = f'u1,"{CANARY} open,student,n'


def _lose_cells(roster: Roster, random: Random) -> None:
    roster.raw[random.randrange(USERS)] = f"u1,{CANARY},student,n"


def _write_otherwise(roster: Roster, random: Random) -> None:
    roster.encoding = random.choice(("utf-8-sig", "utf-16", "cp1252", "utf-8"))
    roster.line_end = random.choice(("\n", "\r\n"))
    roster.separator = random.choice((",", ";", "\t"))


def _join_files(roster: Roster, random: Random) -> None:
    roster.bom_before = None if roster.encoding == "cp1252" else random.randrange(USERS)


def _put_into_a_folder(roster: Roster, random: Random) -> None:
    roster.folder = f"{CANARY} {random.randrange(9)}/"


def _cut_off(roster: Roster, random: Random) -> None:
    roster.cut_zip = random.random()


DAMAGES: tuple[Damage, ...] = (
    _other_columns_first, _delete_some, _spoil_roles, _spoil_days, _lose_ids, _shorten_ids,
    _break_lines, _paste_a_book, _break_quotes, _lose_cells, _write_otherwise, _join_files,
    _put_into_a_folder, _cut_off,
)  # fmt: skip


def damaged(version: str, seed: int) -> Roster:
    random = Random(f"{version} {seed}")
    roster = made(version, random)
    for damage in sorted(random.sample(DAMAGES, random.randint(1, 4)), key=DAMAGES.index):
        damage(roster, random)
    return roster


def outcome(roster: Roster) -> list[Taken | Refused] | None:
    """None if the file can't be read at all. Anything else is a fault."""
    try:
        return list(headcounts(BytesIO(roster.data()), TODAY))
    except (Unreadable, TooLarge):
        return None


@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_who_is_in_a_row_that_can_be_read_is_counted_and_nobody_else(version: str) -> None:
    read = 0
    for seed in range(FILES):
        roster = damaged(version, seed)
        found = outcome(roster)
        if found is None:
            continue
        read += 1
        text = msgspec.json.encode([row for row in found if isinstance(row, Refused)])
        assert CANARY.encode() not in text, seed
        assert counts(found) == {
            key: value or None if not any(counts(found).values()) else value
            for key, value in roster.counted(refused_lines(found, version)).items()
        }, seed
    assert read > FILES // 2, "too few were read for this to say anything"


def refused_lines(found: list[Taken | Refused], version: str) -> set[int]:
    table_ = "users.csv" if version == "1.1" else "roles.csv"
    return {
        row.line
        for row in found
        if isinstance(row, Refused) and re.match(rf"{table_}: ", row.reason) and not row.cells
    }


def counts(found: list[Taken | Refused]) -> dict[str, int | None]:
    records = [row.record for row in found if isinstance(row, Taken)]
    people = [each for each in records if isinstance(each, PeopleRecord)]
    return {each.key: each.students for each in people}
