"""The test server that a page in a browser is given."""

from typing import Any

import pytest
from sqlalchemy import Connection

from broadgauge_collector.rooms.servers import PageServer, server_for_page
from broadgauge_collector.schools.model import School
from broadgauge_collector.schools.repository import add_link, add_reflector, add_school

FINGERPRINT = "ab" * 32


@pytest.fixture
def school(c: Connection) -> School:
    return add_school(c, name="Lincoln Elementary", timezone="America/Chicago")


def add(c: Connection, name: str, segment: Any = "lan", **more: Any) -> None:
    add_reflector(
        c, name=name, host=more.pop("host", "10.1.0.2"), port=8485, segment=segment, **more
    )


def chosen(c: Connection, school: School | None, *, secure: bool = False) -> str:
    found = server_for_page(c, school.id if school else None, secure=secure)
    return found.reflector.name if isinstance(found, PageServer) else found


def test_the_nearest_one_is_chosen(c: Connection, school: School) -> None:
    add(c, "Cloud", "internet")
    assert chosen(c, school) == "Cloud"
    add(c, "Core", "wan")
    assert chosen(c, school) == "Core"
    add(c, "Closet", "lan")
    assert chosen(c, school) == "Closet"


def test_one_of_the_schools_own_line_goes_before_a_common_one(
    c: Connection, school: School
) -> None:
    own = add_link(c, name="Lincoln LAN", segment="lan", school_ids=[school.id])
    add(c, "A common one", "lan")
    add(c, "Closet", "lan", link_id=own.id)
    assert chosen(c, school) == "Closet"


def test_another_schools_test_server_is_never_chosen(c: Connection, school: School) -> None:
    other = add_school(c, name="Grant High", timezone="America/Chicago")
    theirs = add_link(c, name="Grant LAN", segment="lan", school_ids=[other.id])
    add(c, "Grant closet", "lan", link_id=theirs.id)
    assert chosen(c, school) == "none"
    assert chosen(c, other) == "Grant closet"


def test_a_secure_page_is_given_none_that_speaks_in_the_clear(
    c: Connection, school: School
) -> None:
    assert chosen(c, school, secure=True) == "none"
    add(c, "Closet", "lan")
    assert chosen(c, school, secure=True) == "not_secure"
    add(c, "Cloud", "internet", tls=True)
    assert chosen(c, school, secure=True) == "Cloud"


def test_one_that_browsers_trust_goes_before_a_nearer_one_with_its_own_certificate(
    c: Connection, school: School
) -> None:
    add(c, "Closet", "lan", fingerprint=FINGERPRINT)
    assert chosen(c, school, secure=True) == "Closet"
    add(c, "Core", "wan", tls=True)
    assert chosen(c, school, secure=True) == "Core"


def test_without_a_room_it_is_that_of_the_only_school_or_a_common_one(
    c: Connection, school: School
) -> None:
    own = add_link(c, name="Lincoln LAN", segment="lan", school_ids=[school.id])
    add(c, "Closet", "lan", link_id=own.id)
    assert chosen(c, None) == "Closet"
    add_school(c, name="Grant High", timezone="America/Chicago")
    assert chosen(c, None) == "none"
    add(c, "Core", "wan")
    assert chosen(c, None) == "Core"


@pytest.mark.parametrize(
    ("host", "address", "sources"),
    [
        ("tests.example.org", "wss://tests.example.org:8485",
         "wss://tests.example.org:8485 https://tests.example.org:8485"),
        ("10.1.0.2", "wss://10.1.0.2:8485", "wss://10.1.0.2:8485 https://10.1.0.2:8485"),
        ("fd00::2", "wss://[fd00::2]:8485", "wss: https:"),
        ("x;script-src", "wss://x;script-src:8485", "wss: https:"),
    ],
)  # fmt: skip
def test_the_policy_names_the_test_server_and_nothing_a_name_could_smuggle_in(
    c: Connection, school: School, host: str, address: str, sources: str
) -> None:
    add(c, "Closet", "lan", tls=True, host=host)
    found = server_for_page(c, school.id, secure=True)
    assert isinstance(found, PageServer)
    assert (found.address, found.policy_sources) == (address, sources)
