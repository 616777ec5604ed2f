"""What a result is as a point, and what stays here."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from influxdb_client import Point as LinePoint

from broadgauge_collector.sinks.points import DERIVED, FIELDS, TAGS, Point
from broadgauge_wire.catalogue import fields_of
from broadgauge_wire.results import RESULT_KINDS
from tests.collecting import latency, skipped, throughput
from tests.sinking import District, district, inventory

AT = datetime(2026, 3, 2, 15, 0, 0, 123456, tzinfo=UTC)

STAYS_HERE = {
    "throughput": {
        "server": "an address",
        "reflector_id": "the tag link says where it went",
        "congestion_control": "of no use in a chart",
        "network_link": "names an interface",
        "rates_bits_per_second": "a chart of its own; see the page of the test",
        "rate_interval_seconds": "of those rates",
        "measured_from_seconds": "of those rates",
        "measured_to_seconds": "of those rates",
        "burst_test_id": "of use on this server only",
        "middleboxes": "a list",
        "certificate_issuer": "may name the maker of a filter",
        "target_bits_per_second": "of use on this server only",
        "pace_bits_per_second": "of use on this server only",
        "swarm_seconds": "of use on this server only",
        "swarm_stages": "a list; see the page of the test",
        "swarm_parts": "a list; see the page of the test",
    },
    "latency": {"server": "an address", "reflector_id": "as above", "network_link": "as above"},
    "inventory": {
        "serial": "tells one machine from all others",
        "cpu_model": "of no use in a chart",
        "disks": "names of disks",
        "batteries": "as battery_health_ratio",
        "architecture": "of no use in a chart",
        "interfaces": "names of interfaces",
        "os_build": "of no use in a chart",
        "os_edition": "of no use in a chart",
        "manufactured_year": "in the list of devices",
        "screen_inches": "in the list of devices",
        "screen_width_pixels": "in the list of devices",
        "screen_height_pixels": "in the list of devices",
        "has_keyboard": "in the list of devices",
        "wifi_standard": "in the list of devices",
        "hours_on_a_day": "a list; when a machine runs is its school's business",
        "applications": "a list; what is installed is its school's business",
    },
    "skipped": {"reason": "a sentence, which may quote anything"},
}
"""Fields of results that are not sent on, each with why."""

STAYS_HERE_ALWAYS = {
    "started_at": "the point's time, corrected",
    "clock_offset_seconds": "corrects it",
    "trigger": "judging is done here",
    "slot_id": "of use on this server only",
    "swarm_id": "of use on this server only",
    "clock_corrected": "the moment is corrected either way",
    "agent_version": "in the list of agents",
    "error": "a sentence, which may quote an address; `failed` says that there is one",
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[District]:
    with district(tmp_path) as opened:
        yield opened


def only_point(made: District) -> Point:
    (point,) = made.points()
    return point


@pytest.mark.parametrize("kind", RESULT_KINDS)
def test_each_field_of_a_result_is_sent_or_has_a_reason_to_stay(kind: str) -> None:
    decided = {*FIELDS[kind], *TAGS, *STAYS_HERE[kind], *STAYS_HERE_ALWAYS}
    assert {field.name for field in fields_of(kind)} <= decided


@pytest.mark.parametrize("kind", RESULT_KINDS)
def test_what_is_sent_is_a_field_of_the_result_or_worked_out(kind: str) -> None:
    known = {field.name for field in fields_of(kind)} | DERIVED.keys()
    assert set(FIELDS[kind]) <= known
    assert not set(FIELDS[kind]) & {*STAYS_HERE[kind], *STAYS_HERE_ALWAYS}


def test_a_throughput_test_has_its_place_in_the_tags(made: District) -> None:
    made.commit(throughput(segment="internet", location="Room 12"))
    assert only_point(made).tags == {
        "district": "This district",
        "school": "Lincoln, Elementary",
        "link": "Internet = all",
        "agent": "Library desk",
        "agent_id": str(made.agent.id),
        "location": "Room 12",
        "kind": "throughput",
        "segment": "internet",
        "direction": "download",
        "method": "ndt7",
        "path_kind": "network",
        "client": "agent",
        "public_server": "false",
        "simulated": "false",
    }


def test_every_tag_there_is_is_one_of_the_documented(made: District) -> None:
    made.measure(8)
    assert {tag for point in made.points() for tag in point.tags} == set(TAGS)


def test_a_made_up_result_says_so(made: District) -> None:
    made.commit(throughput(simulated=True))
    assert only_point(made).tags["simulated"] == "true"


def test_a_moment_is_by_the_collectors_clock_to_the_microsecond(made: District) -> None:
    result = throughput(started_at=AT, clock_offset_seconds=-3600.25)
    made.commit(result)
    at = AT - timedelta(seconds=3600.25)
    micros = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert only_point(made).time_ns // 1000 == micros


def test_two_results_of_one_moment_stay_two(made: District) -> None:
    at = datetime.now(UTC)
    made.commit(*(latency(started_at=at) for _ in range(3)))
    assert len({point.time_ns for point in made.points()}) == 3


def test_a_result_always_makes_the_same_point(made: District) -> None:
    made.measure(20)
    assert made.points() == made.points()


def test_what_is_unknown_is_left_out_and_what_failed_has_no_rate(made: District) -> None:
    made.commit(
        throughput(
            error="no answer from 10.1.0.2",
            throughput_bits_per_second=None,
            line_bits_per_second=None,
            bound=None,
        )
    )
    fields = only_point(made).fields
    assert fields["failed"] is True
    assert "line_bits_per_second" not in fields
    assert "idle_rtt_seconds" not in fields


def test_a_worn_battery_is_a_share_of_the_new_one(made: District) -> None:
    made.commit(inventory())
    assert only_point(made).fields["battery_health_ratio"] == 0.75


def test_nothing_that_tells_a_machine_or_quotes_anybody_is_sent(made: District) -> None:
    made.commit(
        inventory(),
        throughput(server="SERVER-CANARY", certificate_issuer="ISSUER-CANARY"),
        latency(
            server="SERVER-CANARY",
            lost=100,
            rtt_p50_seconds=None,
            rtt_min_seconds=None,
            rtt_p90_seconds=None,
            rtt_p99_seconds=None,
            rtt_max_seconds=None,
        ),
        throughput(
            error="ERROR-CANARY",
            throughput_bits_per_second=None,
            line_bits_per_second=None,
            bound=None,
        ),
        skipped(reason="REASON-CANARY"),
    )
    points = made.points()
    assert len(points) == 5
    assert "CANARY" not in str([(point.tags, point.fields) for point in points])


def test_names_that_look_like_syntax_stay_names() -> None:
    line = LinePoint("m").tag("location", "a,b=c d\\\nx y=1 2").field("v", 1).time(1)
    assert "\n" not in str(line.to_line_protocol())
