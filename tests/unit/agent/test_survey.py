"""What is typed in a survey, what it says, and how far it has come."""

import time
import uuid
from pathlib import Path

import pytest
from msgspec.structs import replace

from broadgauge_agent.survey.progress import (
    FILE,
    Progress,
    Reading,
    SurveyedRoom,
    load_progress,
    save_progress,
)
from broadgauge_agent.survey.rooms import (
    Choice,
    UnusableNameError,
    next_room,
    numbered,
    rooms_of,
    understood,
)
from broadgauge_agent.survey.servers import servers_for_a_room
from broadgauge_agent.survey.testing import reading_of
from broadgauge_agent.survey.words import list_lines, room_line
from broadgauge_wire import Reflector, Segment
from tests.collecting import latency, skipped, throughput
from tests.scripted_collector import make_reflector

ROOMS = ("Room 9", "Room 10", "Library")
EMPTY = Progress(agent_id=uuid.uuid4(), started_at=0.0)
READING = Reading(
    test_server="Closet",
    segment="lan",
    interface="wifi",
    download_bits_per_second=94.14e6,
    upload_bits_per_second=40e6,
    rtt_seconds=0.0021,
    lost_ratio=0.0,
)


def surveyed(*names: str, state: str = "done") -> Progress:
    progress = EMPTY
    for name in names:
        room = SurveyedRoom(name=name, state="done", at=time.time(), readings=(READING,))
        progress = progress.with_room(room if state == "done" else replace(room, state="skipped"))
    return progress


def server(segment: Segment, port: int = 1) -> Reflector:
    return replace(make_reflector(port, f"{segment} {port}"), segment=segment)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("\n", Choice(order="next")),
        ("2\n", Choice(room="Room 10")),
        ("room 10", Choice(room="Room 10")),
        ("  ROOM   10 ", Choice(room="Room 10")),
        ("s", Choice(order="skip")),
        ("Skip", Choice(order="skip")),
        ("s 3", Choice(order="skip", room="Library")),
        ("skip library", Choice(order="skip", room="Library")),
        ("q", Choice(order="quit")),
        ("?", Choice(order="help")),
        ("l", Choice(order="list")),
        ("4", Choice(room="4", is_new=True)),
        ("Gym", Choice(room="Gym", is_new=True)),
        ("s Gym", Choice(room="s Gym", is_new=True)),
    ],
)
def test_what_is_typed_means(typed: str, meant: Choice) -> None:
    assert understood(typed, ROOMS) == meant


def test_a_room_whose_name_is_an_order_can_be_chosen() -> None:
    assert understood("q", ("Q",)) == Choice(room="Q")


def test_a_number_that_is_a_rooms_name_means_that_room() -> None:
    rooms = ("12", "2", "Gym")
    assert numbered(rooms) == [(1, "12"), (None, "2"), (3, "Gym")]
    assert understood("2", rooms) == Choice(room="2")
    assert understood("1", rooms) == Choice(room="12")


@pytest.mark.parametrize("typed", ["a\x1b[2Jb", "\ufffd\ufffd", "x" * 201])
def test_a_name_that_can_be_none_is_refused(typed: str) -> None:
    with pytest.raises(UnusableNameError):
        understood(typed, ROOMS)


def test_the_next_room_is_the_first_after_the_last_one() -> None:
    assert next_room(ROOMS, EMPTY, None) == "Room 9"
    assert next_room(ROOMS, surveyed("Room 10"), "Room 10") == "Library"
    assert next_room(ROOMS, surveyed("Library"), "Library") == "Room 9"
    assert next_room(ROOMS, surveyed("Room 9", state="skipped"), "Room 9") == "Room 10"
    assert next_room(ROOMS, surveyed(*ROOMS), "Library") is None


def test_a_room_that_could_not_be_tested_is_offered_again() -> None:
    assert next_room(ROOMS, EMPTY, "Room 10") == "Room 10"


def test_rooms_added_on_the_way_stay_on_the_list() -> None:
    assert rooms_of(ROOMS, surveyed("Gym", "Room 9")) == (*ROOMS, "Gym")


def test_a_survey_is_kept_and_found_again(tmp_path: Path) -> None:
    progress = surveyed("Room 9", "Gym")
    save_progress(tmp_path, progress)
    assert load_progress(tmp_path, progress.agent_id) == progress
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_another_agents_survey_or_a_damaged_one_is_none(tmp_path: Path) -> None:
    save_progress(tmp_path, EMPTY)
    assert load_progress(tmp_path, uuid.uuid4()) is None
    (tmp_path / FILE).write_text('{"agent_id": ')
    assert load_progress(tmp_path, EMPTY.agent_id) is None


def test_a_room_done_again_is_on_the_list_once() -> None:
    assert len(surveyed("Gym", "Gym").rooms) == 1


def test_rooms_that_are_done_have_a_tick() -> None:
    lines = list(list_lines(ROOMS, surveyed("Room 9"), encoding="utf-8"))
    assert lines[0].startswith("  1 [✓] Room 9  ")
    assert "download 94.1 Mbps, upload 40.0 Mbps, round trip 2.1 ms" in lines[0]
    assert lines[1:] == ["  2 [ ] Room 10", "  3 [ ] Library"]
    plain = list(list_lines(ROOMS, surveyed("Room 9", state="skipped"), encoding="ascii"))
    assert plain[0].startswith("  1 [-] Room 9  skipped ")
    assert next(list_lines(ROOMS, surveyed("Room 9"), encoding="ascii")).startswith("  1 [x] ")


def test_a_rooms_line_names_every_server_and_every_trouble() -> None:
    beyond = Reading(test_server="Cloud", segment="internet", trouble="no answer")
    assert room_line("Room 9", (READING, beyond)) == (
        "Room 9: download 94.1 Mbps, upload 40.0 Mbps, round trip 2.1 ms, to Closet, over Wi-Fi; "
        "nothing measured, to Cloud (trouble: no answer)"
    )


def test_a_reading_is_what_the_tests_found() -> None:
    results = (
        latency(rtt_p50_seconds=0.0021, sent=30, lost=3),
        throughput(direction="download", throughput_bits_per_second=94e6),
        throughput(direction="upload", throughput_bits_per_second=None, error="it broke"),
    )
    reading = reading_of(server("lan"), results)
    assert (reading.rtt_seconds, reading.lost_ratio) == (0.0021, 0.1)
    assert (reading.download_bits_per_second, reading.upload_bits_per_second) == (94e6, None)
    assert reading.trouble == "it broke"
    assert reading_of(server("lan"), (skipped(reason="no way"),)).trouble == "no way"


@pytest.mark.parametrize(
    ("known", "tested"),
    [
        (("internet", "wan", "lan"), ("lan", "internet")),
        (("internet", "wan"), ("wan", "internet")),
        (("wan", "lan"), ("lan", "wan")),
        (("lan",), ("lan",)),
        (("internet",), ("internet",)),
        ((), ()),
    ],
)
def test_a_room_is_tested_near_and_beyond(
    known: tuple[Segment, ...], tested: tuple[Segment, ...]
) -> None:
    chosen = servers_for_a_room([server(segment) for segment in known])
    assert tuple(one.segment for one in chosen) == tested


def test_of_several_near_servers_one_that_answers_is_taken(reflector_port: int) -> None:
    silent, answering = server("lan", 1), server("lan", reflector_port)
    assert servers_for_a_room([silent, answering]) == (answering,)
