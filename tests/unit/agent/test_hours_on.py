"""A machine's hours are those it ran on a school network, by its own days, restarts included."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from broadgauge_agent.hours_on import FACT, KEEP_SECONDS, RunningTime, complete_days
from broadgauge_agent.spool import Spool
from broadgauge_wire import HoursOn

HOUR, DAY = 3600.0, 86400.0
LOOK_SECONDS = 5.0
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "broadgauge_agent.hours_on.local", lambda seconds: datetime.fromtimestamp(seconds, UTC)
    )


class Machine:
    """Runs, sleeps and moves as it is told, with an agent on it."""

    def __init__(self, spool: Spool, unix: float = MONDAY) -> None:
        self.spool, self.unix, self.monotonic, self.at_school = spool, unix, 0.0, True
        self.start()

    def start(self) -> None:
        self.running = RunningTime(
            self.spool, lambda: self.at_school, lambda: self.monotonic, lambda: self.unix
        )

    def runs(self, seconds: float) -> None:
        for _ in range(round(seconds / LOOK_SECONDS)):
            self.unix += LOOK_SECONDS
            self.monotonic += LOOK_SECONDS
            self.running.look()

    def sleeps(self, seconds: float, *, clock_goes_on: bool) -> None:
        self.unix += seconds
        self.monotonic += seconds if clock_goes_on else 0.0

    def stops(self) -> None:
        self.running.keep()

    def told(self) -> dict[date, float]:
        days = complete_days(self.spool.fact(FACT), self.unix)
        return {one.day: one.hours for one in days}


@pytest.fixture
def machine(spool: Spool) -> Machine:
    """One that the agent came to yesterday."""
    made = Machine(spool, MONDAY - DAY)
    made.runs(HOUR)
    made.stops()
    made.unix = MONDAY
    made.start()
    return made


def test_a_day_has_the_hours_that_the_machine_ran(machine: Machine) -> None:
    machine.runs(6.5 * HOUR)
    machine.stops()
    machine.unix = MONDAY + DAY
    assert machine.told() == {date(2026, 3, 2): pytest.approx(6.5, abs=0.01)}


def test_a_day_is_told_only_when_it_is_over(machine: Machine) -> None:
    machine.runs(2 * HOUR)
    machine.stops()
    assert machine.told() == {}


def test_the_day_on_which_the_counting_began_is_not_told(spool: Spool) -> None:
    machine = Machine(spool)
    machine.runs(3 * HOUR)
    machine.stops()
    machine.unix += DAY
    assert machine.told() == {}


def test_a_restart_loses_nothing_and_counts_nothing_twice(machine: Machine) -> None:
    for _ in range(2):
        machine.runs(HOUR)
        machine.stops()
        machine.start()
    machine.unix = MONDAY + DAY
    assert machine.told() == {date(2026, 3, 2): pytest.approx(2.0, abs=0.01)}


def test_a_pulled_plug_costs_no_more_than_what_was_not_yet_kept(machine: Machine) -> None:
    machine.runs(2 * HOUR)
    machine.start()
    machine.unix = MONDAY + DAY
    assert 2 * HOUR - KEEP_SECONDS <= machine.told()[date(2026, 3, 2)] * HOUR <= 2 * HOUR


@pytest.mark.parametrize("clock_goes_on", [True, False])
def test_a_machine_that_sleeps_does_not_run(machine: Machine, clock_goes_on: bool) -> None:
    machine.runs(HOUR)
    machine.sleeps(5 * HOUR, clock_goes_on=clock_goes_on)
    machine.runs(HOUR)
    machine.stops()
    machine.unix = MONDAY + DAY
    assert machine.told() == {date(2026, 3, 2): pytest.approx(2.0, abs=0.02)}


def test_hours_over_midnight_are_each_day_s_own(machine: Machine) -> None:
    machine.unix = MONDAY + 14 * HOUR
    machine.runs(3 * HOUR)
    machine.stops()
    machine.unix = MONDAY + 2 * DAY
    assert machine.told() == {
        date(2026, 3, 2): pytest.approx(2.0, abs=0.01),
        date(2026, 3, 3): pytest.approx(1.0, abs=0.01),
    }


def test_away_from_school_networks_nothing_is_counted(machine: Machine) -> None:
    before = machine.spool.fact(FACT)
    machine.at_school = False
    machine.runs(4 * HOUR)
    machine.stops()
    assert machine.spool.fact(FACT) == before


def test_time_before_it_was_found_that_it_had_left_is_not_counted(machine: Machine) -> None:
    before = machine.spool.fact(FACT)
    machine.runs(KEEP_SECONDS / 2)
    machine.at_school = False
    machine.runs(LOOK_SECONDS)
    machine.stops()
    assert machine.spool.fact(FACT) == before


def test_days_are_kept_for_two_weeks(machine: Machine) -> None:
    for day in range(20):
        machine.unix = MONDAY + day * DAY
        machine.runs(HOUR)
        machine.stops()
    machine.unix = MONDAY + 20 * DAY
    assert list(machine.told()) == [date(2026, 3, day) for day in range(8, 22)]


def test_a_day_on_which_it_was_off_is_left_out(machine: Machine) -> None:
    machine.runs(HOUR)
    machine.unix = MONDAY + 2 * DAY
    machine.runs(HOUR)
    machine.stops()
    machine.unix = MONDAY + 3 * DAY
    assert list(machine.told()) == [date(2026, 3, 2), date(2026, 3, 4)]


def test_an_idle_machine_s_disk_is_written_to_every_ten_minutes_at_most(machine: Machine) -> None:
    written = noting(machine.spool)
    machine.runs(HOUR)
    assert written() <= HOUR / KEEP_SECONDS


def noting(spool: Spool) -> Callable[[], int]:
    calls: list[str] = []
    note = spool.note

    def counted(key: str, value: object) -> None:
        calls.append(key)
        note(key, value)

    spool.note = counted  # type: ignore[method-assign]
    return lambda: len(calls)


@pytest.mark.parametrize(
    "fact", [None, [], "words", {}, {"since": 7}, {"since": "2026-03-01", "seconds": 3}]
)
def test_a_note_that_is_nonsense_tells_nothing(fact: object) -> None:
    assert complete_days(fact, MONDAY) == ()


def test_a_day_has_no_more_than_a_day_s_hours() -> None:
    fact = {"since": "2026-02-20", "seconds": {"2026-03-01": 1e9}}
    assert complete_days(fact, MONDAY) == (HoursOn(day=date(2026, 3, 1), hours=25.0),)
