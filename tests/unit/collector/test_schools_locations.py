"""The rooms that a survey offers: where the school's agents are, and those with a code."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from broadgauge_collector.access.agents import add_agent, revoke_agent
from broadgauge_collector.rooms.repository import add_rooms
from broadgauge_collector.schools.locations import MAX_LOCATIONS
from broadgauge_collector.schools.model import School
from broadgauge_collector.schools.repository import add_school, settings_for
from broadgauge_wire import decode, encode
from broadgauge_wire.messages import Settings

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def lincoln(c: Connection) -> School:
    return add_school(c, name="Lincoln Elementary", timezone="America/Chicago")


def agent_in(c: Connection, school: School, location: str | None) -> None:
    add_agent(c, school_id=school.id, name="one", location=location, version="0.1.0", now=NOW)


def test_agents_rooms_and_rooms_with_a_code_are_named_once_in_their_order(
    c: Connection, lincoln: School
) -> None:
    for location in ("Room 10", "Room 9", "Library", None):
        agent_in(c, lincoln, location)
    add_rooms(c, lincoln.id, ("room 10", "Room 100", "Gym"), NOW)
    locations = settings_for(c, lincoln.id).locations
    assert [name.casefold() for name in locations] == [
        "gym", "library", "room 9", "room 10", "room 100",
    ]  # fmt: skip


def test_another_schools_rooms_are_not_named(c: Connection, lincoln: School) -> None:
    other = add_school(c, name="Roosevelt High", timezone="America/Chicago")
    agent_in(c, other, "Their room")
    add_rooms(c, other.id, ("Their lab",), NOW)
    assert settings_for(c, lincoln.id).locations == ()


def test_a_removed_agents_room_goes(c: Connection, lincoln: School) -> None:
    agent, _ = add_agent(
        c, school_id=lincoln.id, name="one", location="Shed", version="0.1.0", now=NOW
    )
    revoke_agent(c, agent.id, NOW)
    assert settings_for(c, lincoln.id).locations == ()


def test_names_of_digits_signs_and_other_scripts_have_an_order(
    c: Connection, lincoln: School
) -> None:
    names = ("12", "9", "²", "٣", "Ω", "-", "9" * 50, "B 2 a", "B 10")
    for name in names:
        agent_in(c, lincoln, name)
    locations = settings_for(c, lincoln.id).locations
    assert sorted(locations) == sorted(names)
    assert locations.index("9") < locations.index("12")
    assert locations.index("B 2 a") < locations.index("B 10")


def test_a_school_of_endless_rooms_still_has_settings(c: Connection, lincoln: School) -> None:
    for number in range(MAX_LOCATIONS + 5):
        agent_in(c, lincoln, f"Room {number}")
    settings = settings_for(c, lincoln.id)
    assert len(settings.locations) == MAX_LOCATIONS
    assert decode(encode(settings), Settings) == settings
