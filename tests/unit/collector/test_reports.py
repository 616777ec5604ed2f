"""From stored results to what pages, API and exports show, on real stores."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from broadgauge_collector import reports
from broadgauge_collector.access.agents import note_asleep, note_heard, revoke_agent
from broadgauge_collector.errors import NotFound
from broadgauge_collector.reports import LinkVerdict, SchoolReport, SchoolSummary
from broadgauge_collector.schools import repository
from broadgauge_collector.schools.model import Agent, People, School
from broadgauge_wire import InventoryResult, new_id
from tests import collecting
from tests.reporting import NOW, TestDistrict, at, district, full_reading, twelve_days

TARGET = "fcc-1mbps"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def overview(here: TestDistrict, days: int = 30, target: str = TARGET) -> dict[str, SchoolSummary]:
    found = reports.overview(here.stores, target, days, NOW)
    return {summary.school.name: summary for summary in found.schools}


def report(here: TestDistrict, school: School, days: int = 30) -> SchoolReport:
    return reports.school(here.stores, school.id, TARGET, days, NOW)


def said(judged: LinkVerdict | None) -> tuple[str, str | None]:
    assert judged is not None
    return judged.verdict.conclusion, judged.verdict.reason


@pytest.mark.parametrize(
    ("results", "conclusion", "reason"),
    [
        (twelve_days(600), "meets", None),
        (twelve_days(300), "below", None),
        (
            [full_reading(d, 600 if d % 2 else 400) for d in range(12)],
            "undecided",
            "about_at_target",
        ),
        (
            twelve_days(90, ceiling_bits_per_second=94e6, bound="at_least", limited_by="nic"),
            "undecided",
            "machine_limited",
        ),
        (twelve_days(20_000, path_kind="loopback"), "undecided", "loopback"),
        (twelve_days(300, trigger="manual"), "undecided", "not_enough_tests"),
        ([], "undecided", "not_enough_tests"),
    ],
)
def test_twelve_days_of_tests_turn_the_verdict(
    here: TestDistrict, results: list[Any], conclusion: str, reason: str | None
) -> None:
    lincoln = here.school()
    here.link(lincoln)
    if results:
        here.keep(here.agent(lincoln), *results)
    summary = overview(here)["Lincoln"]
    assert said(summary.deciding) == (conclusion, reason)
    assert summary.loopback_only == (reason == "loopback")
    rows = report(here, lincoln).tests
    assert summary.deciding is not None
    assert sum(row.counts for row in rows) == summary.deciding.verdict.counting_tests
    assert all(row.counts == (row.why_not is None) for row in rows)


def test_forty_schools_on_one_line_are_judged_together(here: TestDistrict) -> None:
    schools = [here.school(f"School {n:02}", students=100) for n in range(40)]
    here.link(*schools)
    here.keep(here.agent(schools[7]), *twelve_days(3000, ceiling_bits_per_second=9e9))
    found = overview(here)
    assert len(found) == 40
    assert {said(summary.deciding) for summary in found.values()} == {("below", None)}
    deciding = found["School 00"].deciding
    assert deciding is not None
    assert deciding.people == 4000
    assert deciding.verdict.need is not None
    assert deciding.verdict.need.bits_per_second == 4000e6


def test_a_schools_own_verdict_is_the_worst_of_its_lines(here: TestDistrict) -> None:
    lincoln, adams = here.school(), here.school("Adams", students=100)
    here.link(lincoln, name="Lincoln LAN", segment="lan")
    here.link(adams, name="Adams LAN", segment="lan")
    here.link(lincoln, adams)
    here.keep(here.agent(lincoln), *twelve_days(900), *twelve_days(300, segment="lan"))
    found = overview(here)
    assert said(found["Lincoln"].deciding) == ("below", None)
    assert found["Lincoln"].deciding.link.name == "Lincoln LAN"  # type: ignore[union-attr]
    assert said(found["Adams"].deciding) == ("undecided", "not_enough_tests")
    by_line = {v.link.name: said(v)[0] for v in found["Adams"].verdicts}
    assert by_line == {"Adams LAN": "undecided", "Internet": "meets"}


def test_a_test_servers_own_line_tells_two_lines_of_a_segment_apart(here: TestDistrict) -> None:
    lincoln, adams = here.school(), here.school("Adams")
    east = here.link(lincoln, name="East wing", segment="lan")
    here.link(lincoln, name="West wing", segment="lan")
    other = here.link(adams, name="Adams LAN", segment="lan")
    server, foreign = here.reflector("East closet", east), here.reflector("Adams closet", other)
    here.keep(
        here.agent(lincoln),
        *twelve_days(300, segment="lan", reflector_id=server),
        *twelve_days(900, segment="lan"),
        *twelve_days(900, segment="lan", reflector_id=foreign),
    )
    by_line = {v.link.name: v.verdict for v in overview(here)["Lincoln"].verdicts}
    assert (by_line["East wing"].conclusion, by_line["East wing"].tests) == ("below", 24)
    assert by_line["West wing"].tests == 0
    rows = report(here, lincoln).tests
    assert (
        sum(row.why_not == "It is not known which line the test went over." for row in rows) == 48
    )


@pytest.mark.parametrize(
    "theirs", [{"method": "ookla"}, {"method": "librespeed"}, {"public_server": True}]
)
def test_tests_to_other_peoples_servers_are_listed_and_touch_no_verdict_reading_or_chart(
    here: TestDistrict, theirs: dict[str, Any]
) -> None:
    lincoln = here.school()
    here.link(lincoln)
    agent = here.agent(lincoln)
    here.keep(agent, *twelve_days(900, **theirs), full_reading(0, 900, **theirs))
    alone = overview(here)["Lincoln"]
    assert alone.reading is None
    assert alone.verdicts[0].verdict.counting_tests == 0
    assert alone.verdicts[0].verdict.capacity is None
    here.keep(agent, *twelve_days(300), full_reading(0, 300))
    found = report(here, lincoln)
    assert said(found.summary.deciding) == ("below", None)
    assert found.summary.deciding.verdict.counting_tests == 24  # type: ignore[union-attr]
    assert {round(point.median) for point in found.throughput_by_day} == {300_000_000}
    assert found.summary.reading is not None
    assert found.tests_total == 50
    assert sum("never judged" in (row.why_not or "") for row in found.tests) == 25


def test_a_wan_target_judges_wan_lines_only(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    here.keep(here.agent(lincoln), *twelve_days(600))
    found = reports.overview(here.stores, "setda-2012-wan-2014", 30, NOW).schools[0]
    assert (found.verdicts, found.deciding) == ((), None)
    row = reports.school(here.stores, lincoln.id, "setda-2012-wan-2014", 30, NOW).tests[0]
    assert row.why_not == "The target is not about Internet."


def test_people_are_those_of_the_day(here: TestDistrict) -> None:
    lincoln = here.school(since=date(2026, 3, 19))
    here.link(lincoln)
    here.keep(here.agent(lincoln), *twelve_days(600))
    with here.stores.control.begin() as c:
        repository.set_people(c, lincoln.id, People(since=date(2026, 3, 20), students=5000))
    assert said(overview(here)["Lincoln"].deciding) == ("meets", None)
    tomorrow = reports.overview(here.stores, TARGET, 30, NOW + timedelta(hours=3)).schools[0]
    assert tomorrow.people is not None
    assert tomorrow.people.students == 5000
    assert said(tomorrow.deciding)[0] == "undecided"


def test_no_people_says_so_and_divides_by_nothing(here: TestDistrict) -> None:
    lincoln, empty = here.school(students=None), here.school("Empty", students=0)
    here.link(lincoln, name="One")
    here.link(empty, name="Two")
    for school in (lincoln, empty):
        here.keep(here.agent(school), *twelve_days(600))
    for summary in overview(here).values():
        assert said(summary.deciding) == ("undecided", "no_people")
        assert summary.school.name in summary.deciding.verdict.explanation  # type: ignore[union-attr]


def test_a_clock_known_to_be_wrong_is_set_right(here: TestDistrict) -> None:
    """What the agent dates 22:00 was measured at noon: in school hours, where it says nothing."""
    lincoln = here.school()
    here.link(lincoln)
    wrong = [
        full_reading(day, 300, hour=22, clock_offset_seconds=-36_000.0) for day in range(10, 15)
    ]
    here.keep(here.agent(lincoln), *wrong)
    rows = report(here, lincoln).tests
    assert {row.started_at for row in rows} == {at(day, 12) for day in range(10, 15)}
    assert sum(row.counts for row in rows) == 2  # the weekend of the five days


def test_days_and_hours_are_the_schools_also_when_the_clocks_change(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    days = (12, 11, 10)  # 7, 8 and 9 March: the 8th has 23 hours
    here.keep(here.agent(lincoln), *(full_reading(day, 500, hour=23) for day in days))
    found = report(here, lincoln)
    assert [p.group for p in found.throughput_by_day] == ["2026-03-07", "2026-03-08", "2026-03-09"]
    assert [(p.group, p.count) for p in found.throughput_by_hour] == [("23", 3)]


def test_points_are_medians_with_the_middle_80_percent(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    agent = here.agent(lincoln)
    here.keep(
        agent,
        *(full_reading(1, mbps, location="Room 12") for mbps in range(0, 101, 10)),
        full_reading(1, 40, direction="upload", location="Room 12"),
        full_reading(1, 9999, path_kind="loopback"),
        full_reading(1, 9999, segment="lan"),
        *(
            collecting.latency(
                id=new_id(),
                started_at=at(1, 9),
                segment="internet",
                location="Room 12",
                rtt_p50_seconds=rtt,
                rtt_p90_seconds=0.1,
                rtt_p99_seconds=0.1,
                rtt_max_seconds=0.1,
                lost=lost,
            )
            for rtt, lost in ((0.01, 0), (0.02, 10), (0.03, 20))
        ),
    )
    found = report(here, lincoln)
    assert found.segment == "internet"
    (down, up) = found.throughput_by_location
    assert (down.group, down.series, down.count) == ("Room 12", "download", 11)
    assert (down.p10, down.median, down.p90) == pytest.approx((10e6, 50e6, 90e6))
    assert (up.series, up.median) == ("upload", 40e6)
    (latency,) = found.latency_by_hour
    assert (latency.group, latency.count, latency.median) == ("09", 3, 0.02)
    (there,) = found.latency_by_location
    assert (there.group, there.count, there.median) == ("Room 12", 3, 0.02)
    (loss,) = found.loss_by_day
    assert (loss.group, loss.median) == ("2026-03-18", 0.1)
    assert loss.p90 == pytest.approx(0.18)


def test_loopback_is_drawn_where_there_is_nothing_else(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln, segment="lan")
    here.keep(here.agent(lincoln), full_reading(0, 20_000, segment="lan", path_kind="loopback"))
    found = report(here, lincoln)
    assert [p.median for p in found.throughput_by_day] == [20_000e6]
    assert found.summary.loopback_only
    reading = found.summary.reading
    assert reading is not None
    assert (reading.loopback, reading.line_bits_per_second) == (True, 20_000e6)


def test_the_reading_is_todays_latest_over_the_network(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    agent = here.agent(lincoln)
    here.keep(agent, full_reading(1, 100))
    assert overview(here)["Lincoln"].reading is None
    here.keep(
        agent,
        full_reading(0, 200, hour=8),
        full_reading(0, 300, hour=9, bound="at_least"),
        full_reading(0, 400, hour=10, path_kind="loopback"),
        full_reading(0, 500, hour=11, direction="upload"),
        full_reading(0, 600, hour=12, segment="lan"),
    )
    reading = overview(here)["Lincoln"].reading
    assert reading is not None
    assert (reading.line_bits_per_second, reading.bound, reading.loopback) == (
        300e6,
        "at_least",
        False,
    )
    assert reading.started_at == at(0, 9)


def test_the_list_of_tests_has_the_newest_200_and_counts_all(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    agent = here.agent(lincoln)
    many = [
        full_reading(day, 600, hour=20, started_at=at(day, 20, m))
        for day in range(6)
        for m in range(40)
    ]
    failed = collecting.throughput(
        id=new_id(), started_at=at(0, 21), segment="internet", error="The test server is gone.",
        line_bits_per_second=None, throughput_bits_per_second=None, bound=None, stop_reason="error",
    )  # fmt: skip
    skipped = collecting.skipped(id=new_id(), started_at=at(0, 21))
    here.keep(agent, *many, failed, skipped)
    found = report(here, lincoln)
    assert (len(found.tests), found.tests_total, found.failed, found.skipped) == (200, 241, 1, 1)
    assert found.tests[0].error == "The test server is gone."
    assert found.tests[0].why_not == "The test failed."
    assert (found.tests[1].started_at, found.tests[1].agent) == (at(0, 20, 39), "Library desk")


def test_a_test_of_this_week_waits_for_its_evaluation(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    here.keep(here.agent(lincoln), *twelve_days(600), full_reading(1, 100))
    found = report(here, lincoln)
    verdict = found.summary.verdicts[0].verdict
    assert (verdict.conclusion, verdict.evaluated_on) == ("meets", date(2026, 3, 15))
    assert (
        found.tests[0].why_not == "Made since the last evaluation: it counts in that of this week."
    )


def test_a_period_leaves_out_what_was_before(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    here.keep(here.agent(lincoln), *(full_reading(n, 600, h) for n in range(12) for h in (20, 21)))
    found = report(here, lincoln, days=3)
    assert found.tests_total == 6
    assert found.summary.verdicts[0].verdict.tests == 6
    assert found.summary.verdicts[0].verdict.window == (date(2026, 3, 17), date(2026, 3, 19))


def test_a_school_without_agents_lines_or_tests_is_still_a_row(here: TestDistrict) -> None:
    lincoln = here.school()
    summary = overview(here)["Lincoln"]
    assert (summary.verdicts, summary.deciding, summary.reading) == ((), None, None)
    assert (summary.agents, summary.last_heard_at, summary.loopback_only) == (0, None, False)
    found = report(here, lincoln)
    assert (found.tests, found.tests_total, found.segment) == ((), 0, None)
    assert found.latency_by_day == ()


def test_made_up_data_is_marked(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    here.keep(here.agent(lincoln), *twelve_days(600, simulated=True))
    summary = overview(here)["Lincoln"]
    assert summary.simulated
    assert summary.verdicts[0].verdict.simulated


def test_verdicts_are_given_for_every_line_and_target(here: TestDistrict) -> None:
    lincoln = here.school()
    here.link(lincoln)
    here.link(lincoln, name="WAN", segment="wan")
    found = reports.verdicts(here.stores, [TARGET, "setda-2012-wan-2014"], 30, NOW)
    assert [(v.verdict.target, v.link.name) for v in found] == [
        (TARGET, "Internet"),
        (TARGET, "WAN"),
        ("setda-2012-wan-2014", "WAN"),
    ]


def test_what_is_unknown_is_not_found(here: TestDistrict) -> None:
    with pytest.raises(NotFound):
        reports.school(here.stores, uuid4(), TARGET, 30, NOW)
    with pytest.raises(NotFound):
        reports.overview(here.stores, "fcc-1mbit", 30, NOW)


def test_agents_say_what_runs_where_and_when_it_was_last_heard(here: TestDistrict) -> None:
    lincoln = here.school()
    running, silent, new, gone, asleep = (here.agent(lincoln, name) for name in "abcde")
    with here.stores.control.begin() as c:
        note_asleep(c, asleep.id, NOW - timedelta(days=2), "0.1.0")
        note_heard(c, running.id, NOW - timedelta(minutes=1), "0.1.0", 3)
        note_heard(c, silent.id, NOW - timedelta(days=2), "0.1.0", 0)
        revoke_agent(c, gone.id, NOW)

    def inventory(days_ago: int, **facts: Any) -> InventoryResult:
        return InventoryResult(
            id=new_id(), started_at=at(days_ago), duration_seconds=1, agent_version="0.1.0", **facts
        )

    here.keep(
        running,
        inventory(9, make="Dell Inc.", model="Latitude"),
        inventory(1, make="HP", model="HP ProBook 440", memory_bytes=8_000_000_000),
        collecting.latency(id=new_id(), started_at=at(0)),
    )
    here.keep(new, inventory(3, make="Dell Inc.", model="Latitude 5400"))
    rows = {row.agent.name: row for row in reports.agents(here.stores, NOW)}
    assert {name: row.state for name, row in rows.items()} == {
        "a": "ok", "b": "stale", "c": "never", "d": "revoked", "e": "asleep"
    }  # fmt: skip
    assert (rows["a"].machine, rows["a"].last_result_at) == ("HP ProBook 440", at(0))
    assert rows["a"].inventory is not None
    assert rows["a"].inventory["memory_bytes"] == 8_000_000_000
    assert (rows["c"].machine, rows["c"].last_result_at) == ("Dell Inc. Latitude 5400", at(3))
    assert (rows["b"].machine, rows["b"].inventory, rows["b"].last_result_at) == (None, None, None)
    summary = overview(here)["Lincoln"]
    assert (summary.agents, summary.asleep, summary.silent) == (4, 1, False)
    assert summary.last_heard_at == NOW - timedelta(minutes=1)


def heard(here: TestDistrict, agent: Agent, hours_ago: float, *, asleep: bool = False) -> None:
    moment = NOW - timedelta(hours=hours_ago)
    with here.stores.control.begin() as c:
        if asleep:
            note_asleep(c, agent.id, moment, "0.1.0")
        else:
            note_heard(c, agent.id, moment, "0.1.0", 0)


@pytest.mark.parametrize(
    ("awake_heard", "asleep_heard", "silent", "all_asleep"),
    [
        ([1], [], False, False),
        ([25], [], True, False),
        ([25, 1], [], False, False),
        ([25], [1], True, False),
        ([], [25], False, True),
        ([None], [25], False, False),
        ([], [], False, False),
    ],
)
def test_a_school_is_silent_if_agents_that_should_be_heard_are_not(
    here: TestDistrict,
    awake_heard: list[float | None],
    asleep_heard: list[float],
    silent: bool,
    all_asleep: bool,
) -> None:
    lincoln = here.school()
    for hours_ago in awake_heard:
        agent = here.agent(lincoln)
        if hours_ago is not None:
            heard(here, agent, hours_ago)
    for hours_ago in asleep_heard:
        heard(here, here.agent(lincoln), hours_ago, asleep=True)
    summary = overview(here)["Lincoln"]
    assert (summary.silent, summary.all_asleep) == (silent, all_asleep)


def test_tests_to_a_test_server_that_was_removed_are_of_the_same_line_as_before(
    here: TestDistrict,
) -> None:
    lincoln = here.school()
    here.link(lincoln, name="Other")
    reflector = here.reflector("Core", here.link(lincoln, name="One"))
    here.keep(here.agent(lincoln), *twelve_days(600, reflector_id=reflector))
    with here.stores.control.begin() as c:
        repository.remove_reflector(c, reflector, NOW)
    tests = {v.link.name: v.verdict.tests for v in overview(here)["Lincoln"].verdicts}
    assert tests == {"One": 24, "Other": 0}


def test_a_server_starts_without_the_statistics_library() -> None:
    code = "import sys, broadgauge_collector.reports; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
