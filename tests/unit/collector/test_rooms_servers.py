"""The test server that a page in a browser is given."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from broadgauge_collector.rooms.servers import PageServer, server_for_page
from broadgauge_collector.schools.model import School
from broadgauge_collector.schools.repository import add_link, add_reflector, add_school
from broadgauge_collector.store import ControlStore

FINGERPRINT = "ab" * 32


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Connection]:
    with closing(ControlStore.open(tmp_path / "control.sqlite")) as store, store.begin() as c:
        yield c


@pytest.fixture
def school(control: Connection) -> School:
    return add_school(control, name="Lincoln Elementary", timezone="America/Chicago")


def add(c: Connection, name: str, segment: Any = "lan", **more: Any) -> None:
    add_reflector(
        c, name=name, host=more.pop("host", "10.1.0.2"), port=8485, segment=segment, **more
    )


def chosen(c: Connection, school: School | None, *, secure: bool = False) -> str:
    found = server_for_page(c, school.id if school else None, secure=secure)
    return found.reflector.name if isinstance(found, PageServer) else found


def test_the_nearest_one_is_chosen(control: Connection, school: School) -> None:
    add(control, "Cloud", "internet")
    assert chosen(control, school) == "Cloud"
    add(control, "Core", "wan")
    assert chosen(control, school) == "Core"
    add(control, "Closet", "lan")
    assert chosen(control, school) == "Closet"


def test_one_of_the_schools_own_line_goes_before_a_common_one(
    control: Connection, school: School
) -> None:
    own = add_link(control, name="Lincoln LAN", segment="lan", school_ids=[school.id])
    add(control, "A common one", "lan")
    add(control, "Closet", "lan", link_id=own.id)
    assert chosen(control, school) == "Closet"


def test_another_schools_test_server_is_never_chosen(control: Connection, school: School) -> None:
    other = add_school(control, name="Grant High", timezone="America/Chicago")
    theirs = add_link(control, name="Grant LAN", segment="lan", school_ids=[other.id])
    add(control, "Grant closet", "lan", link_id=theirs.id)
    assert chosen(control, school) == "none"
    assert chosen(control, other) == "Grant closet"


def test_a_secure_page_is_given_none_that_speaks_in_the_clear(
    control: Connection, school: School
) -> None:
    assert chosen(control, school, secure=True) == "none"
    add(control, "Closet", "lan")
    assert chosen(control, school, secure=True) == "not_secure"
    add(control, "Cloud", "internet", tls=True)
    assert chosen(control, school, secure=True) == "Cloud"


def test_one_that_browsers_trust_goes_before_a_nearer_one_with_its_own_certificate(
    control: Connection, school: School
) -> None:
    add(control, "Closet", "lan", fingerprint=FINGERPRINT)
    assert chosen(control, school, secure=True) == "Closet"
    add(control, "Core", "wan", tls=True)
    assert chosen(control, school, secure=True) == "Core"


def test_without_a_room_it_is_that_of_the_only_school_or_a_common_one(
    control: Connection, school: School
) -> None:
    own = add_link(control, name="Lincoln LAN", segment="lan", school_ids=[school.id])
    add(control, "Closet", "lan", link_id=own.id)
    assert chosen(control, None) == "Closet"
    add_school(control, name="Grant High", timezone="America/Chicago")
    assert chosen(control, None) == "none"
    add(control, "Core", "wan")
    assert chosen(control, None) == "Core"


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
    control: Connection, school: School, host: str, address: str, sources: str
) -> None:
    add(control, "Closet", "lan", tls=True, host=host)
    found = server_for_page(control, school.id, secure=True)
    assert isinstance(found, PageServer)
    assert (found.address, found.policy_sources) == (address, sources)
