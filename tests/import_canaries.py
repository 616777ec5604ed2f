"""Exports full of made-up people, each of whom can be told from every other word there is, and a
search for what is left of them."""

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import xlsxwriter
from msgspec import Struct

from broadgauge_collector.imports.formats import all_formats
from tests.unit.collector import rosters
from tests.unit.collector.example_exports import EXAMPLES, NAME, PEOPLE, Cells, Example
from tests.unit.collector.test_imports_formats_glpi import machine

MARK = "qvzjk"
"""In every word of a person, and in no other."""

PHONE = "9997351"
ADDRESS = "02c0ffee5a"
"""With which every hardware address begins."""

AT_LEAST = 500
ROWS = 48

MORE_COLUMNS = (
    "annotatedUser", "mostRecentUser", "recentUsers", "recentUsers.0.email", "annotatedLocation",
    "annotatedNotes", "Checked Out To: Username", "Checked Out To: First Name",
    "Checked Out To: Last Name", "Checked Out To", "lastloggeduser", "givenName", "familyName",
    "email", "password", "sms", "phone", "username", "User", "Assigned To", "Subject",
    "Description", "Notes",
)  # fmt: skip


def _room(n: int) -> Cells:
    return (
        "Lincoln Elementary", f"Room {n}", "2026-09-14", "28", "8", "2", "20", "1", "30", "4", "1",
        NAME, NAME,
    )  # fmt: skip


ROOMS = Example(
    ("School", "Room", "Surveyed On", "Seats", "Outlets", "Circuits", "Amperes per Circuit",
     "Charging Carts", "Cart Slots", "Network Drops", "Access Points", "Teacher", "Surveyed By"),
    _room,
    ("School", "Room"),
)  # fmt: skip
FILLED = EXAMPLES | {"rooms": ROOMS}


class Planted(Struct):
    """A file of a format, and how many canaries are in it."""

    format: str
    name: str
    data: bytes
    canaries: int


class People:
    """Makes up one person after the other."""

    def __init__(self) -> None:
        self._numbers = count()
        self.made = 0

    def word(self) -> str:
        self.made += 1
        letters = "abcdefghilmnoprstuw"
        n, word = next(self._numbers), ""
        for _ in range(4):
            n, letter = divmod(n, len(letters))
            word += letters[letter]
        return f"{MARK.capitalize()}{word}"

    def name(self) -> str:
        return f"{self.word()} {self.word()}"

    def of_column(self, heading: str) -> str:
        plain = heading.casefold()
        if any(word in plain for word in ("mail", "recentuser", "annotateduser", "principal")):
            return f"{self.word()}.{self.word()}@pupils.example".lower()
        if "password" in plain:
            return f"{self.word()}!9"
        if "phone" in plain or "sms" in plain:
            self.made += 1
            return f"{PHONE}{next(self._numbers) % 10_000:04}"
        if any(word in plain for word in ("notes", "subject", "description", "title")):
            return f"{self.name()} dropped it. Call {self.word()}, please"
        if any(word in plain for word in ("username", "lastlogged", "user")):
            return f"{self.word()}31".lower()
        return self.name()

    def address(self, n: int) -> str:
        self.made += 1
        digits = f"{ADDRESS}{n % 256:02x}"
        return digits if n % 2 else ":".join(digits[i : i + 2] for i in range(0, 12, 2)).upper()


Row = dict[str, str]
Spoil = Callable[[Row, str, People], None]


def files() -> Iterator[Planted]:
    """One of each format at least, every one with more than 500 canaries."""
    for key in FILLED:
        yield table(key)
    yield as_workbook(table("google-admin"))
    yield inventories()
    yield roster("1.1")
    yield roster("1.2")
    yield from schools()


def table(key: str) -> Planted:
    """Good rows, and rows with people where they shouldn't be, or that can't be read."""
    people, example = People(), FILLED[key]
    header = (*example.header, *(c for c in MORE_COLUMNS if c not in example.header))
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(header)
    for n, cells in enumerate(example.rows(ROWS)):
        row = dict.fromkeys(header, "") | dict(zip(example.header, cells, strict=True))
        for heading, cell in row.items():
            row[heading] = _with_person(heading, cell, n, people)
        writer.writerow(_spoilt(row, key, n, people))
    return Planted(key, _name(people, "csv"), target.getvalue().encode(), people.made)


def _with_person(heading: str, cell: str, n: int, people: People) -> str:
    if heading in MORE_COLUMNS or any(person in cell for person in PEOPLE):
        return people.of_column(heading)
    if "mac" in heading.casefold() and "date" not in heading.casefold():
        return people.address(n)
    return cell


def _spoilt(row: Row, key: str, n: int, people: People) -> list[str]:
    """Of some rows the cells shifted, with more of them, with fewer, or with people in others."""
    cells = list(row.values())
    if n % 8 == 3:
        return [*cells[: n % len(cells)], people.name(), *cells[n % len(cells) :]]
    if n % 8 == 4:
        return cells[1:]
    if n % 8 == 5:  # as many as there should be, and each in its neighbour's place
        at = n % len(cells)
        return [*cells[:at], *cells[at + 1 :], ""]
    if n % 8 in (6, 7):
        SPOILS[(n // 8 * 2 + n % 2) % len(SPOILS)](row, key, people)
    return list(row.values())


def _headings(row: Row, key: str, *fields: str) -> list[str]:
    columns = [c for c in all_formats()[key].columns if c.field in fields]
    names = {"".join(filter(str.isalnum, n.casefold())) for c in columns for n in c.names}
    return [h for h in row if "".join(filter(str.isalnum, h.casefold())) in names]


def _put(row: Row, headings: list[str], said: Callable[[], str]) -> None:
    for heading in headings:
        row[heading] = said()


def _bad_date(row: Row, key: str, people: People) -> None:
    _put(row, [h for h in row if "date" in h.casefold()][:1], lambda: "2024-02-30")


def _name_for_date(row: Row, key: str, people: People) -> None:
    _put(row, [h for h in row if "date" in h.casefold()][:1], people.name)


def _name_for_place(row: Row, key: str, people: People) -> None:
    places = _headings(row, key, "place", "school", "building", "location")
    _put(row, places, lambda: f"{people.word()}, {people.word()}")


def _name_for_place_and_bad_date(row: Row, key: str, people: People) -> None:
    _put(row, _headings(row, key, "place", "school", "building", "location"), people.name)
    _bad_date(row, key, people)


def _account_for_place(row: Row, key: str, people: People) -> None:
    places = _headings(row, key, "place", "school", "building", "location")
    _put(row, places, lambda: f"/Students/Lincoln Elementary/{people.name()}")


def _name_for_tag(row: Row, key: str, people: People) -> None:
    _put(row, _headings(row, key, "asset_tag", "order_number"), people.name)


def _name_for_serial(row: Row, key: str, people: People) -> None:
    _put(row, _headings(row, key, "serial"), people.name)


def _name_for_key(row: Row, key: str, people: People) -> None:
    _put(row, _headings(row, key, "key"), lambda: f"{people.word()}-{people.word()}-Chromebook")


def _name_for_room(row: Row, key: str, people: People) -> None:
    _put(row, _headings(row, key, "room"), lambda: f"Ms. {people.word()}'s room")


def _mail_for_model(row: Row, key: str, people: People) -> None:
    fields = ("model", "issue", "category_said", "part_name", "kind")
    _put(row, _headings(row, key, *fields), lambda: people.of_column("email"))


def _words_for_labels(row: Row, key: str, people: People) -> None:
    fields = ("supplier", "funding_source", "issue", "category_said", "status")
    labels = _headings(row, key, *fields)
    if key not in {"google-admin", "gam"}:
        _put(row, labels, lambda: f"Mr. {people.word()} gave it to {people.name()}")


SPOILS: tuple[Spoil, ...] = (
    _bad_date, _name_for_date, _name_for_place, _name_for_place_and_bad_date, _account_for_place,
    _name_for_tag, _name_for_serial, _name_for_key, _mail_for_model, _words_for_labels,
    _name_for_room,
)  # fmt: skip


def as_workbook(planted: Planted) -> Planted:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        book.set_properties({"author": f"{MARK} Office", "title": f"{MARK} list"})
        sheet = book.add_worksheet(f"{MARK} sheet")
        for n, row in enumerate(csv.reader(io.StringIO(planted.data.decode()))):
            sheet.write_row(n, 0, row)
    return Planted(planted.format, f"{MARK}.xlsx", target.getvalue(), planted.canaries)


def inventories() -> Planted:
    people, target = People(), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for n in range(60):
            said = machine(n)
            said["deviceid"] = f"{people.word()}-laptop-2026"
            _plant(said["content"], n, people)
            text = json.dumps(said)
            packed.writestr(f"{people.word()}.json", text[: len(text) - (n % 6 == 4) * 50])
    return Planted("glpi", _name(people, "zip"), target.getvalue(), people.made)


def _plant(content: dict[str, Any], n: int, people: People) -> None:
    content["users"] = [{"login": people.of_column("username"), "domain": people.word()}]
    content["accesslog"]["userid"] = people.of_column("email")
    content["hardware"] |= {
        "lastloggeduser": people.of_column("username"), "name": f"{people.word()}-PC",
        "winowner": people.name(), "description": people.name(),
    }  # fmt: skip
    content["operatingsystem"]["fqdn"] = f"{people.word()}.school.example"
    content["networks"][0] |= {"mac": people.address(n), "wifi_ssid": f"{people.name()}'s phone"}
    content["softwares"] = [{"name": f"Notes of {people.name()}"}]
    if n % 6 == 1:
        content["bios"]["assettag"] = people.name()
    if n % 6 == 2:
        content["bios"]["smodel"] = people.of_column("email")
    if n % 6 == 3:
        content["hardware"]["uuid"] = people.name()


def roster(version: str) -> Planted:
    people = People()
    users = [_user(n, people) for n in range(80)]
    roles = [rosters.has_role(f"{MARK}-{n}") for n in range(80)]
    made = rosters.of_11(users) if version == "1.1" else rosters.of_12(users, roles)
    made["users.csv"] += f"{people.name()},{people.name()}\n"
    made["users.csv"] += f'"{people.name()},active\n'
    made["demographics.csv"] = f"sourcedId,name\n1,{people.name()}\n"
    packed = rosters.packed(made, folder=f"{people.word()}/")
    return Planted("oneroster", _name(people, "zip"), packed.getvalue(), people.made)


def _user(n: int, people: People) -> dict[str, str]:
    more = {c: people.of_column(c) for c in sorted(rosters.PERSONAL)}
    row = rosters.user(f"{MARK}-{n}", **more)
    if n % 10 == 7:
        row["role"] = people.name()
    if n % 10 == 8:
        row["status"] = people.name()
    if n % 10 == 9:
        row["grades"] = people.name()
    return row


def schools() -> Iterator[Planted]:
    """Public lists, with a principal and whoever works there beside each school."""
    names = ("Principal", "Email", "phone", "Notes", "username", "password", "Secretary")
    heads = {
        "nces": ("NCESSCH", "SCH_NAME", "LEVEL", "LCITY", "LSTATE", "MEMBER", "FTE"),
        "nces-elsi": (
            "School Name", "School ID (12-digit) - NCES Assigned [Public School] 2023-24",
            "Location City [Public School] 2023-24",
        ),
    }  # fmt: skip
    for key, header in heads.items():
        people, target = People(), io.StringIO()
        writer = csv.writer(target)
        writer.writerow((*header, *names))
        for n in range(80):
            who = [people.of_column(name) for name in names]
            id_, name = f"01000050{n:04}", f"Elm {n} School"
            said = (name, id_, "Elm") if key == "nces-elsi" else (id_, name, "Middle", "Elm", "AL")
            cells = [*said, *("12", "3.5")[: len(header) - len(said)], *who]
            if n % 8 == 3:
                cells[header.index("LCITY") if key == "nces" else 2] = people.of_column("email")
            if n % 8 == 4:
                cells[header.index("MEMBER") if key == "nces" else 1] = people.name()
            writer.writerow(cells[1:] if n % 8 == 5 else cells)
        yield Planted(key, _name(people, "csv"), target.getvalue().encode(), people.made)


def _name(people: People, ending: str) -> str:
    return f"{people.name()}.{ending}"


def is_in(content: bytes | str) -> bool:
    """Whether something of a person, or a hardware address, is in it, in any encoding of text."""
    raw = content.encode() if isinstance(content, str) else content
    folded = raw.lower()
    return any(needle in folded for needle in NEEDLES) or bytes.fromhex(ADDRESS) in raw


def around(content: bytes | str) -> str:
    """What stands around the first that is found, for whoever has to find out why."""
    raw = content.encode() if isinstance(content, str) else content
    at = min((at for n in NEEDLES if (at := raw.lower().find(n)) >= 0), default=0)
    return raw[max(0, at - 90) : at + 40].decode(errors="replace")


def _spellings() -> Iterator[str]:
    yield from (MARK, PHONE, ADDRESS)
    pairs = [ADDRESS[i : i + 2] for i in range(0, len(ADDRESS), 2)]
    yield from (between.join(pairs) for between in ":-. ")
    yield f"{ADDRESS[:4]}.{ADDRESS[4:8]}"


NEEDLES = tuple(
    spelling.encode(encoding)
    for spelling in _spellings()
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")
)


def unpacked(content: bytes) -> Iterator[bytes]:
    """What a blob is, and what it is unpacked."""
    yield content
    with suppress(zlib.error):
        yield zlib.decompress(content)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def files_with_people(folder: Path) -> list[str]:
    """Files below a folder with something of a person in their bytes or their names."""
    found = [f for f in folder.rglob("*") if is_in(str(f.relative_to(folder)))]
    found += [f for f in folder.rglob("*") if f.is_file() and is_in(f.read_bytes())]
    return [str(f) for f in found]
