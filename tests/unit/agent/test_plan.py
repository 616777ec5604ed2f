"""A plan is kept and followed until it ends; an agent's own settings, hours and file win."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broadgauge_agent.client import client_of
from broadgauge_agent.hours import local
from broadgauge_agent.intensity import Intensity
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.plan import PlanHeard, PlanInForce, in_force
from broadgauge_agent.presence import Presence
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.runner import Runner
from broadgauge_agent.schedule import Rhythm, Schedule
from broadgauge_agent.spool import Spool
from broadgauge_wire import Plan, PlanSpan, PlanTarget, Settings, encode
from tests.scripted_collector import (
    Request,
    ScriptedCollector,
    make_identity,
    make_reflector,
)

BEGINS = datetime(2026, 3, 16, 5, tzinfo=UTC)
HOUR = 3600.0
INTERVAL = "probes.throughput.interval_seconds"


def span(begins: float, ends: float, per_hour: float, **more: bool) -> PlanSpan:
    """Hours after the plan's beginning."""
    return PlanSpan(
        begins=BEGINS + timedelta(hours=begins),
        ends=BEGINS + timedelta(hours=ends),
        tests_per_hour=per_hour,
        **more,
    )


def plan(*spans: PlanSpan, **more: object) -> Plan:
    ends = spans[-1].ends if spans else BEGINS + timedelta(days=7)
    return Plan(made_at=BEGINS, valid_until=ends, spans=spans, **more)  # type: ignore[arg-type]


NIGHT_AND_DAY = plan(span(0, 8, 0.25), span(8, 16, 0.5, light=True), span(16, 24, 0.25))


def at(hours: float) -> float:
    return BEGINS.timestamp() + hours * HOUR


def followed(*, of: Plan = NIGHT_AND_DAY, mean: float = 4 * HOUR, hours: str = "any") -> Intensity:
    found = in_force(of, None).intensity(mean, hours)
    assert found is not None
    return found


def says(body: bytes, status: int = 200) -> object:
    def answer(request: Request) -> None:
        request.answer(status, body)

    return answer


@pytest.fixture
def collector() -> Iterator[ScriptedCollector]:
    with ScriptedCollector() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def heard(spool: Spool, collector: ScriptedCollector, *answers: object) -> PlanHeard:
    collector.planning = list(answers)  # type: ignore[arg-type]
    made = PlanHeard(spool, random.Random(1))
    with client_of(make_identity(collector.url)) as client:
        for _ in answers:
            made._due = 0.0
            made.refresh(client)
    return made


def test_a_plan_is_kept_for_a_start_without_the_collector(
    spool: Spool, collector: ScriptedCollector
) -> None:
    found = heard(spool, collector, says(encode(NIGHT_AND_DAY)))
    assert found.latest == NIGHT_AND_DAY
    assert 3000 < found.due_seconds() < 4200
    assert PlanHeard(spool, random.Random(1)).latest == NIGHT_AND_DAY


@pytest.mark.parametrize("answer", [(b"", 404), (b"<html>", 200), (b"", 500)])
def test_no_plan_and_nonsense_leave_the_one_that_was_heard(
    spool: Spool, collector: ScriptedCollector, answer: tuple[bytes, int]
) -> None:
    found = heard(spool, collector, says(encode(NIGHT_AND_DAY)), says(*answer))
    assert found.latest == NIGHT_AND_DAY
    assert heard(spool, collector, says(*answer)).latest == NIGHT_AND_DAY


def test_an_earlier_collector_plans_nothing_and_the_rhythm_stays(
    spool: Spool, collector: ScriptedCollector
) -> None:
    assert heard(spool, collector, says(b"", 404)).latest is None
    assert in_force(None, None).intensity(4 * HOUR, "any") is None
    assert in_force(plan(), None).intensity(4 * HOUR, "any") is None


def test_gaps_are_reached_through_the_rates_of_the_hours_in_between() -> None:
    rates = followed()
    assert rates.expected(at(0), at(24)) == pytest.approx(8)
    assert rates.reached(at(0), 3) == pytest.approx(at(10))
    assert rates.reached(at(7), 0.25 + 4 + 0.5) == pytest.approx(at(18))
    assert rates.reached(at(3), 0) == at(3)


def test_when_the_plan_has_ended_a_run_is_due_once_in_the_mean_time() -> None:
    rates = followed(mean=10 * HOUR)
    assert rates.reached(at(24), 1) == pytest.approx(at(34))
    assert rates.reached(at(20), 2) == pytest.approx(at(34))
    assert rates.expected(at(-10), at(0)) == pytest.approx(1)


def test_hours_of_this_machine_bind_the_plan() -> None:
    opens, closes = local(at(10)), local(at(14))
    hours = f"{opens:%H:%M}-{closes:%H:%M}"
    rates = followed(hours=hours)
    assert rates.expected(at(0), at(24)) == pytest.approx(2)
    assert rates.at(at(9.9)) == 0
    assert rates.at(at(12)) > 0


def test_a_wrong_clock_shifts_the_plan_and_not_what_it_means() -> None:
    offset = 5 * HOUR
    rates = in_force(NIGHT_AND_DAY, offset).intensity(4 * HOUR, "any")
    assert rates is not None
    assert rates.at(at(8) - offset) == pytest.approx(0.5 / HOUR)
    assert rates.at(at(8) - offset - 1) == pytest.approx(0.25 / HOUR)


def test_in_a_blackout_nothing_is_due_whatever_interval_was_set() -> None:
    testing = plan(span(0, 8, 0.25), span(8, 10, 0.0, blackout=True), span(10, 24, 0.25))
    for rates in (followed(of=testing), in_force(testing, None).blackouts(60.0, "any")):
        assert rates is not None
        assert rates.at(at(9)) == 0
        assert rates.reached(at(8.5), 0.1) > at(10)


def test_in_school_hours_tests_are_light_and_never_more_than_was_asked_for() -> None:
    light = PlanInForce(NIGHT_AND_DAY).fitted(ProbeRequest(), at(9))
    assert (light.max_seconds, light.max_bytes) == (5.0, 3e8)
    small = ProbeRequest(max_seconds=2.0, max_bytes=1e6)
    assert PlanInForce(NIGHT_AND_DAY).fitted(small, at(9)) == small
    assert PlanInForce(NIGHT_AND_DAY).fitted(small, at(3)) == small
    assert PlanInForce(NIGHT_AND_DAY).fitted(small, at(300)) == small


def test_a_light_test_inside_one_machine_is_short_but_free_to_move_what_it_takes() -> None:
    asked = ProbeRequest(reflector=make_reflector(8485))
    light = PlanInForce(NIGHT_AND_DAY).fitted(asked, at(9))
    assert (light.max_seconds, light.max_bytes) == (5.0, asked.max_bytes)


def test_a_routine_check_asks_only_about_the_need_of_its_own_line() -> None:
    server = make_reflector(8485)
    other = make_reflector(8486)
    known = PlanTarget(reflector_id=server.id, line_bits_per_second=5e8)
    force = PlanInForce(plan(span(0, 8, 0.25, routine=True), targets=(known,)))
    asked = [force.fitted(ProbeRequest(reflector=one), at(1)) for one in (server, other)]
    assert [one.target_bits_per_second for one in asked] == [5e8, None]


def test_a_plan_that_changes_keeps_what_is_left_of_the_gap() -> None:
    now, mean = at(0), 4 * HOUR
    schedule = Schedule(random.Random(3), unix_now=lambda: now)
    schedule.follow(
        {"throughput": Rhythm(mean, planned=followed())}, now, wait_first=["throughput"]
    )
    before = schedule.next()
    assert before is not None
    left = followed().expected(now, before[1])
    denser = plan(span(0, 24, 2.0))
    schedule.follow({"throughput": Rhythm(mean, planned=followed(of=denser))}, now)
    after = schedule.next()
    assert after is not None
    assert followed(of=denser).expected(now, after[1]) == pytest.approx(left)
    assert after[1] < before[1]


def runner(state: Path, spool: Spool, live: LiveConfig) -> Runner:
    return Runner(
        live,
        spool,
        Presence(make_identity("http://127.0.0.1:1"), spool),
        location=None,
        settings=Settings,
        plan=lambda: NIGHT_AND_DAY,
        clock_offset_seconds=lambda: None,
        spooled=lambda: None,
        stop=threading.Event(),
    )


def test_the_plan_holds_unless_somebody_set_an_interval_or_switched_tests_off(
    tmp_path: Path, spool: Spool
) -> None:
    live = LiveConfig(tmp_path / "agent.toml", {}, {})
    made, schedule = runner(tmp_path, spool, live), Schedule(random.Random(1))
    made._follow(schedule)
    throughput = load_probe("throughput")
    assert made._rhythm(live.current(), throughput).planned == followed()
    assert made._rhythm(live.current(), load_probe("latency")).planned is None
    live.from_collector({INTERVAL: 600.0})
    made._follow(schedule)
    assert made._rhythm(live.current(), throughput).planned is None
    live.from_collector({"probes.throughput.enabled": False})
    made._follow(schedule)
    assert "throughput" not in schedule._due
