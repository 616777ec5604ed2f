"""What rooms have: from a sheet that was filled in to which rooms can't power a full class."""

import csv
import io
import time
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pyarrow.parquet as pq
import pytest
from msgspec import Struct

from broadgauge_collector.imports.formats.rooms import ROOMS
from broadgauge_collector.imports.model import RoomRecord, Taken
from broadgauge_collector.imports.reading import read
from broadgauge_collector.imports.room_records import is_room_name
from broadgauge_collector.rooms.repository import add_rooms
from tests.api_client import Api
from tests.unit.collector.test_api_imports import Importing, counts

HEADINGS = (
    "School,Room,Surveyed On,Seats,Outlets,Circuits,Amperes per Circuit,Charging Carts,Cart Slots,"
    "Network Drops,Access Points,Teacher"
)
LINCOLN = "Lincoln Elementary"


def sheet(*rows: str) -> bytes:
    return "\n".join((HEADINGS, *(f"{row},Zoe Quillfeather" for row in rows), "")).encode()


def room(name: str, *, school: str = LINCOLN, outlets: object = 27, circuits: object = 2) -> str:
    return f"{school},{name},2026-09-01,25,{outlets},{circuits},20,0,0,2,1"


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school()
    return Importing(api)


class Room(Struct):
    """Of a room what tests look at."""

    found: Any

    def has(self, name: str) -> Any:
        return self.found["has"][name]

    def judged(self, name: str) -> Any:
        return self.found["judgement"][name]


def rooms(importing: Importing, **asked: Any) -> dict[str, Room]:
    return {r["room"]: Room(r) for r in importing.get("/room-surveys", **asked)["rooms"]}


def put(importing: Importing, body: Any, path: str = "/room-surveys") -> Any:
    return importing.api.http.put(f"/api/v1{path}", json=body, headers=importing.admin)


def by_hand(importing: Importing, room: str, **said: Any) -> Room:
    answer = put(importing, {"school": LINCOLN, "room": room, **said})
    assert answer.status_code == 200, answer.text
    return Room(answer.json())


def test_a_sheet_says_which_rooms_cannot_power_a_full_class(importing: Importing) -> None:
    brought = importing.bring(sheet(room("Room 12"), room("Room 2", outlets=6)), "rooms")
    assert (brought["state"], counts(brought)) == ("applied", (2, 0, 2, 0, 0, 0))
    found = importing.get("/room-surveys")
    assert [r["room"] for r in found["rooms"]] == ["Room 2", "Room 12"]
    short, enough = map(Room, found["rooms"])
    assert (short.judged("power"), short.judged("missing_places")) == ("short", 21)
    assert (enough.judged("power"), enough.judged("charge_low")) == ("enough", 25)
    assert short.found["surveyed_on"] == "2026-09-01"
    (school,) = found["schools"]
    sums = ("rooms", "surveyed", "power_short", "power_enough", "power_open", "missing_places")
    assert [school[name] for name in sums] == [2, 2, 1, 1, 0, 21]
    assert list(rooms(importing, power="short")) == ["Room 2"]


def test_what_nobody_counted_stays_unknown_and_zero_is_none_there(importing: Importing) -> None:
    importing.bring(sheet(f"{LINCOLN},Gym,,30,,,,0,,,", room("Lab")), "rooms")
    gym = rooms(importing)["Gym"]
    assert (gym.has("outlets"), gym.has("carts"), gym.has("cart_slots")) == (None, 0, None)
    assert gym.judged("power") == "open"
    assert gym.judged("unknown") == [
        "outlets", "circuits", "circuit_amperes", "network_drops", "access_points",
    ]  # fmt: skip


def test_a_room_of_a_code_and_of_a_sheet_is_one_room(importing: Importing) -> None:
    school = importing.get("/schools")[0]
    with importing.api.services.stores.control.begin() as c:
        now = importing.api.services.now()
        add_rooms(c, UUID(school["id"]), ["Room 12", "Mr. Lee's corner"], now)
    importing.bring(sheet(room("ROOM  12")), "rooms")
    found = rooms(importing)
    assert list(found) == ["Mr. Lee's corner", "Room 12"]
    assert (found["Room 12"].found["has_code"], found["Room 12"].has("seats")) == (True, 25)
    assert by_hand(importing, "mr. lee's corner", seats=4).found["room"] == "Mr. Lee's corner"


def test_what_is_said_by_hand_wins_figure_by_figure_against_later_sheets(
    importing: Importing,
) -> None:
    importing.bring(sheet(room("Room 12", outlets=6)), "rooms")
    said = by_hand(importing, "room 12", outlets=30)
    assert (said.has("outlets"), said.has("seats")) == (30, 25)
    assert (said.found["by_hand"], said.judged("power")) == (["outlets"], "enough")
    importing.bring(sheet(room("Room 12", outlets=8, circuits=1)), "rooms")
    later = rooms(importing)["Room 12"]
    assert (later.has("outlets"), later.has("circuits")) == (30, 1)
    assert by_hand(importing, "Room 12").has("outlets") == 8
    assert rooms(importing)["Room 12"].found["by_hand"] == []


def test_a_room_that_only_hands_know_is_there_until_it_is_taken_back(importing: Importing) -> None:
    assert by_hand(importing, "Library", seats=40, surveyed_on="2026-09-02").has("seats") == 40
    assert list(rooms(importing, school="lincoln elementary")) == ["Library"]
    by_hand(importing, "Library")
    assert rooms(importing) == {}


def test_what_cannot_be_is_refused_by_hand(importing: Importing) -> None:
    def refused(**said: Any) -> tuple[int, str]:
        answer = put(importing, {"school": LINCOLN, "room": "Room 1", **said})
        return answer.status_code, answer.json()["detail"]

    assert refused(carts=0, cart_slots=30)[1] == (
        "It has slots in carts and no cart: correct one of the two."
    )
    tomorrow = str(importing.api.services.now().date() + timedelta(days=3))
    assert "after today" in refused(surveyed_on=tomorrow)[1]
    assert refused(seats=-1)[0] == 422
    assert refused(seats=1, outlet=3)[0] == 422
    assert "such as Room 12 or Music Room" in refused(room="Zoe Quillfeather")[1]
    assert refused(room=" ")[0] == 422
    nowhere = put(importing, {"school": "Nowhere", "room": "Room 1"})
    assert nowhere.status_code == 404
    assert rooms(importing) == {}


def test_a_sheet_is_looked_at_and_taken_back_whole(importing: Importing) -> None:
    first = importing.bring(sheet(room("Room 1"), room("Room 2")), "rooms")
    again = importing.bring(sheet(room("Room 1"), room("Room 2")), "rooms")
    assert counts(again) == (2, 0, 0, 0, 2, 0)
    newer = importing.bring(sheet(room("Room 1", outlets=3)), "rooms", apply=False)
    assert counts(newer) == (1, 0, 0, 1, 0, 1)
    (shown,) = importing.get(f"/import-runs/{newer['id']}/preview")
    assert (shown["room"], shown["outlets"], shown["place"]) == ("Room 1", 3, LINCOLN)
    assert rooms(importing)["Room 1"].has("outlets") == 27
    importing.act(newer, "apply")
    assert [(name, r.has("outlets")) for name, r in rooms(importing).items()] == [("Room 1", 3)]
    assert importing.act(newer, "undo")["state"] == "undone"
    assert [r.has("outlets") for r in rooms(importing).values()] == [27, 27]
    importing.act(again, "undo")
    importing.act(first, "undo")
    assert rooms(importing) == {}


def test_a_sheet_of_one_school_leaves_the_rooms_of_others_where_they_are(
    importing: Importing,
) -> None:
    importing.api.school("Grant High")
    importing.bring(
        sheet(room("Room 1"), room("Room 2"), room("Gym", school="Grant High")), "rooms"
    )
    of_lincoln = importing.bring(sheet(room("Room 1")), "rooms")
    assert counts(of_lincoln) == (1, 0, 0, 0, 1, 1)
    assert list(rooms(importing)) == ["Gym", "Room 1"]


def test_a_row_that_cannot_be_taken_says_why_and_keeps_no_name(importing: Importing) -> None:
    bad = (
        room("Zoe Quillfeather"),
        room("Room 3", outlets="a few"),
        room("Room 4", outlets=-2),
        f"{LINCOLN},Room 5,2026-09-01,,,,,,,,",
        f"{LINCOLN},Room 6,2026-09-01,25,6,1,20,0,30,2,1",
        ",Room 7,2026-09-01,25,6,1,20,0,0,2,1",
        room("Room 8", school="Quillfeather"),
        room("Room 1", outlets=9999),
        room("Room 9", circuits=0),
    )
    found = importing.bring(sheet(room("Room 1"), *bad), "rooms")
    assert counts(found) == (10, 9, 1, 0, 0, 0)
    refused = importing.get(f"/import-runs/{found['id']}/refused")
    said = [each["reason"] for each in refused]
    words = (
        "such as Room 12 or Music Room", "Outlets: it should be a number",
        "it should not be negative", "nothing was counted in it", "slots in carts and no cart",
        "nothing says which room this is", "Its school isn't known here", "5,000 at most",
        "it has outlets and no circuit",
    )  # fmt: skip
    assert [word for word, why in zip(words, said, strict=True) if word not in why] == []
    assert "Quillfeather" not in str(refused)


def test_rooms_of_a_school_that_is_not_known_stand_there_once_it_is(importing: Importing) -> None:
    importing.bring(sheet(room("Room 1", school="LES")), "rooms")
    (unplaced,) = rooms(importing).values()
    assert (unplaced.found["school_id"], unplaced.found["school"]) == (None, "LES")
    path, alias = "/api/v1/school-aliases", {"name": "LES", "school": LINCOLN}
    importing.api.http.put(path, json=alias, headers=importing.admin)
    (placed,) = rooms(importing, school=LINCOLN).values()
    assert placed.found["school"] == LINCOLN
    importing.api.http.delete(path, params={"name": "LES"}, headers=importing.admin)
    assert rooms(importing, school=LINCOLN) == {}
    importing.api.school("LES")
    assert list(rooms(importing, school="LES")) == ["Room 1"]


def test_a_school_by_two_names_has_each_room_once_as_the_later_row_says(
    importing: Importing,
) -> None:
    importing.api.http.put(
        "/api/v1/school-aliases", json={"name": "LES", "school": LINCOLN}, headers=importing.admin
    )
    importing.bring(sheet(room("Room 1", outlets=6)), "rooms")
    importing.bring(sheet(room("room 1", school="LES", outlets=8, circuits="")), "rooms")
    (found,) = rooms(importing).values()
    assert (found.has("outlets"), found.has("circuits")) == (8, 2)


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_the_empty_sheet_has_each_known_room_and_comes_back_filled_in(
    importing: Importing, format_: str
) -> None:
    importing.bring(sheet(room("Room 1"), room("Room 2", outlets=6)), "rooms")
    by_hand(importing, "Room 2", circuit_amperes=15.5)
    found = rooms(importing)

    empty = _sheet(importing, format_)
    assert [(r.room, r.seats) for r in _read(empty)] == []
    assert importing.bring(empty, "rooms")["refused"] == 2

    filled = _sheet(importing, format_, filled=True)
    (one, two) = _read(filled)
    assert (one.place, one.room, one.surveyed_on) == (LINCOLN, "Room 1", date(2026, 9, 1))
    assert (two.outlets, two.circuit_amperes) == (6, 15.5)
    assert importing.bring(filled, "rooms")["refused"] == 0
    assert rooms(importing) == found


def test_a_sheet_of_a_school_without_rooms_has_its_headings(importing: Importing) -> None:
    text = _sheet(importing, "csv", school=LINCOLN).decode()
    (header,) = csv.reader(io.StringIO(text))
    assert header == HEADINGS.split(",")[:-1]
    asked = importing.api.http.get(
        "/api/v1/room-survey-sheet", params={"school": "Nowhere"}, headers=importing.admin
    )
    assert asked.status_code == 404


def _sheet(importing: Importing, format_: str, **asked: Any) -> bytes:
    answer = importing.api.http.get(
        "/api/v1/room-survey-sheet", params={"format": format_, **asked}, headers=importing.admin
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith(f'survey-sheet.{format_}"')
    content: bytes = answer.content
    return content


def _read(data: bytes) -> list[RoomRecord]:
    found = [row.record for row in read(ROOMS, io.BytesIO(data)) if isinstance(row, Taken)]
    assert all(isinstance(record, RoomRecord) for record in found)
    return [record for record in found if isinstance(record, RoomRecord)]


def test_rooms_are_taken_away_as_files(importing: Importing) -> None:
    importing.bring(sheet(room("Room 1"), room("Room 2", outlets=6)), "rooms")

    def file(format_: str) -> bytes:
        asked = {"format": format_, "power": "short"}
        answer = importing.api.http.get(
            "/api/v1/room-surveys", params=asked, headers=importing.admin
        )
        assert answer.status_code == 200
        content: bytes = answer.content
        return content

    (line,) = csv.DictReader(io.StringIO(file("csv").decode()))
    assert (line["room"], line["power"], line["missing_places"]) == ("Room 2", "short", "21")
    (row,) = pq.read_table(io.BytesIO(file("parquet"))).to_pylist()
    assert (row["room"], row["outlets"], row["surveyed_on"]) == ("Room 2", 6, "2026-09-01")
    assert file("xlsx")[:2] == b"PK"


def test_a_figure_that_is_edited_judges_at_once_and_says_who_set_it(importing: Importing) -> None:
    importing.bring(sheet(room("Room 1", circuits=1)), "rooms")
    assert rooms(importing)["Room 1"].judged("power") == "open"
    rules = importing.get("/room-rules")
    assert "210.20(A)" in rules["reasons"]["continuous_share"]
    changed = put(importing, rules | {"charger_watts_high": 45.0}, "/room-rules").json()
    assert changed["reasons"]["charger_watts_high"] == "Set by the district."
    assert rooms(importing)["Room 1"].judged("power") == "enough"
    kept = put(
        importing, {"outlets_kept": 9, "reasons": {"outlets_kept": "Counted."}}, "/room-rules"
    )
    assert kept.json()["reasons"]["outlets_kept"] == "Counted."
    assert kept.json()["reasons"]["charger_watts_high"] == rules["reasons"]["charger_watts_high"]
    assert put(importing, {"charger_watts_low": 99.0}, "/room-rules").status_code == 422
    assert put(importing, {"volts": 0}, "/room-rules").status_code == 422
    assert put(importing, {"reasons": {"luck": "x"}}, "/room-rules").status_code == 422


def test_a_school_that_is_erased_takes_what_was_said_of_its_rooms_along(
    importing: Importing,
) -> None:
    importing.bring(sheet(room("Room 1")), "rooms")
    by_hand(importing, "Room 1", seats=3)
    answer = importing.api.http.post(
        "/api/v1/erasures", json={"school": LINCOLN}, headers=importing.admin
    )
    assert answer.status_code < 300, answer.text
    end = time.monotonic() + 60
    while importing.get("/schools") and time.monotonic() < end:
        time.sleep(0.05)
    assert rooms(importing) == {}


def test_names_of_rooms_are_told_from_names_of_people() -> None:
    names = ("12", "B-204", "b204", "Room 12", "Room 12/14", "Library", "Art", "Art 2", "Gym",
             "Music Hall", "STEM Lab", "Portable 3", "2nd Grade East", "Cafeteria")  # fmt: skip
    assert [name for name in names if not is_room_name(name)] == []
    people = ("Zoe Quillfeather", "Quillfeather", "Ms Quillfeather", "Zoe Quillfeather/",
              "quillfeather31", "Zoe's room", "Quillfeather, Zoe", "z.quill",
              "Mr. Lee Lab")  # fmt: skip
    assert [name for name in people if is_room_name(name)] == []
