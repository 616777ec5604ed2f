"""How checks run: side by side, each in its time, and a cause told once."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from broadgauge_host.addresses import Address
from broadgauge_host.diagnosis import Check, Look, line, once_each, side_by_side, trouble, well
from broadgauge_host.diagnosis.filters import filter_named_in
from broadgauge_host.diagnosis.reach import check_reach, reach


def test_looks_run_at_the_same_time_and_are_told_in_their_order() -> None:
    second_ran = threading.Event()

    def first() -> Iterator[Check]:
        yield well("first", "waited" if second_ran.wait(10) else "alone")

    def second() -> Iterator[Check]:
        second_ran.set()
        yield well("second", "ran")

    found = list(side_by_side([Look("first", 20, first), Look("second", 20, second)]))

    assert [(check.name, check.detail) for check in found] == [
        ("first", "waited"),
        ("second", "ran"),
    ]


def test_a_look_that_hangs_is_unknown_and_keeps_what_it_said_before() -> None:
    end = threading.Event()

    def hangs() -> Iterator[Check]:
        yield well("begun", "well")
        end.wait()

    found = list(side_by_side([Look("slow", 1.0, hangs), Look("quick", 5, list)]))
    end.set()

    assert [(each.name, each.state) for each in found] == [("begun", "ok"), ("slow", "unknown")]


def test_a_look_that_breaks_says_so_and_stops_no_other() -> None:
    def breaks() -> Iterator[Check]:
        none: dict[str, str] = {}
        yield well("one", none["gone"])

    found = list(side_by_side([Look("one", 5, breaks), Look("two", 5, lambda: [well("two", "")])]))

    assert [(check.name, check.state) for check in found] == [("one", "unknown"), ("two", "ok")]
    assert "KeyError" in found[0].detail


def test_a_cause_is_told_once() -> None:
    found = list(
        once_each(
            [
                trouble("cable", "pulled", "Plug it in.", cause="no way"),
                trouble("server", "away", "Plug it in.", cause="no way"),
                trouble("disk", "full", "Free some room."),
                trouble("spool", "full", "Free some room."),
            ]
        )
    )

    assert [check.state for check in found] == ["trouble", "unknown", "trouble", "trouble"]
    assert "'cable'" in found[1].detail


def test_a_line_says_what_to_do_beneath() -> None:
    said = line(trouble("disk", "full", "Free some room."))

    assert said == "trouble disk: full\n        -> Free some room."


def test_an_address_that_does_not_answer_beside_one_that_does_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        both = (
            Address(socket.AF_INET6, ("::1", port, 0, 0)),
            Address(socket.AF_INET, ("127.0.0.1", port)),
        )
        found = check_reach("server", port, reach(both), starts_it="")

    assert found.state == "ok"
    assert "::1 doesn't answer" in (found.advice or "")


@pytest.mark.parametrize(
    ("issuer", "product"),
    [
        ("Securly CA, Securly Inc", "Securly"),
        ("GoGuardian Root", "GoGuardian"),
        ("FortiGate CA, Fortinet", "Fortinet"),
        ("OpenDNS, Inc.", "Cisco Umbrella"),
        ("District 12 Root", None),
    ],
)
def test_filters_are_known_by_their_issuers(issuer: str, product: str | None) -> None:
    assert filter_named_in(issuer) == product
