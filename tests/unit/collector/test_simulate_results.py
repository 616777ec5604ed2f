"""What a made-up agent makes: believable, valid, and the same every time."""

from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from broadgauge_collector.ingest.validate import faults
from broadgauge_collector.simulate.agents import SimulatedAgent, agents_of
from broadgauge_collector.simulate.measurements import SEGMENTS, FarEnd, ended_at, results_of
from broadgauge_collector.simulate.world import Story, World
from broadgauge_wire import (
    InventoryResult,
    LatencyResult,
    Result,
    SkippedResult,
    ThroughputResult,
    decode_result,
    encode,
)

WORLD = World(
    seed=7, scale="district", schools=40, agents_per_school=2, since=date(2025, 11, 22), days=365
)
TUESDAY = date(2026, 2, 3)
SUMMER = date(2026, 7, 14)
ENDS = {segment: FarEnd(None, f"{segment}.example") for segment in SEGMENTS}
EVERY_AGENT = list(agents_of(WORLD, WORLD.district(0)))


def agent(story: Story = "ample", *, laptop: bool = False) -> SimulatedAgent:
    return next(
        a
        for a in EVERY_AGENT
        if a.school.story == story and a.machine.is_laptop == laptop and not a.core
    )


def made(who: SimulatedAgent, first: date, days: int = 1) -> list[Result]:
    each = (first + timedelta(days=n) for n in range(days))
    return [result for day in each for result in results_of(WORLD, who, day, ENDS)]


def rates(results: list[Result], segment: str, direction: str = "download") -> list[float]:
    return [
        r.line_bits_per_second
        for r in results
        if isinstance(r, ThroughputResult)
        and (r.segment, r.direction) == (segment, direction)
        and r.line_bits_per_second is not None
    ]


def hours(results: list[Result], first: int, last: int) -> list[Result]:
    zone = ZoneInfo("America/Chicago")
    return [r for r in results if first <= r.started_at.astimezone(zone).hour < last]


def everything() -> Iterator[Result]:
    for who in EVERY_AGENT:
        for day in (TUESDAY, SUMMER, date(2025, 12, 25), date(2026, 3, 8)):
            yield from results_of(WORLD, who, day, ENDS)


def test_the_same_seed_makes_the_same_bytes() -> None:
    who = agent()
    days = [b"".join(encode(r) for r in made(who, TUESDAY + timedelta(days=n))) for n in (2, 0, 1)]
    again = [b"".join(encode(r) for r in made(who, TUESDAY + timedelta(days=n))) for n in range(3)]
    assert [days[1], days[2], days[0]] == again
    other = replace(WORLD, seed=8)
    assert encode(results_of(other, who, TUESDAY, ENDS)[0]) not in again[0]


def test_a_collector_takes_every_result_and_each_says_that_it_is_made_up() -> None:
    results = list(everything())
    for result in results:
        assert decode_result(encode(result)) == result
        assert not list(faults(result)), result
        assert result.simulated
    assert {type(r) for r in results} == {
        ThroughputResult, LatencyResult, InventoryResult, SkippedResult,
    }  # fmt: skip


def test_ids_are_those_an_agent_would_have_made_at_that_moment() -> None:
    results = list(everything())
    assert len({result.id for result in results}) == len(results)
    for result in results:
        assert (result.id.version, result.id.variant) == (7, "specified in RFC 4122")
        milliseconds = result.id.int >> 80
        assert abs(milliseconds / 1000 - ended_at(result).timestamp()) < 1


def test_a_day_comes_in_the_order_it_was_made_and_stays_within_it() -> None:
    results = made(agent(), TUESDAY)
    assert [ended_at(r) for r in results] == sorted(ended_at(r) for r in results)
    zone = ZoneInfo("America/Chicago")
    assert {r.started_at.astimezone(zone).date() for r in results} == {TUESDAY}


def test_in_school_hours_a_small_line_is_full_and_slow_to_answer() -> None:
    results = made(agent("small_line"), TUESDAY, 30)
    school, night = hours(results, 9, 14), hours(results, 20, 24)
    assert median(rates(school, "wan")) < 0.8 * median(rates(night, "wan"))
    waits = [
        median(r.rtt_p90_seconds for r in part
               if isinstance(r, LatencyResult) and r.rtt_p90_seconds is not None)
        for part in (school, night)
    ]  # fmt: skip
    assert waits[0] > waits[1]


def test_nobody_is_there_in_summer() -> None:
    wired, laptop = agent("small_line"), agent(laptop=True)
    summer, winter = made(wired, SUMMER, 14), made(wired, TUESDAY, 14)
    busiest = (hours(part, 9, 14) for part in (summer, winter))
    free, full = (median(rates(part, "wan")) for part in busiest)
    assert free > 1.15 * full
    assert made(laptop, SUMMER, 14) == []
    assert made(laptop, TUESDAY, 14) != []


def test_an_upgrade_in_mid_year_is_seen_in_the_readings() -> None:
    who = agent("upgraded")
    (wan,) = [line for line in who.school.lines if line.segment == "wan"]
    assert wan.upgraded_on is not None
    before = made(who, wan.upgraded_on - timedelta(days=20), 20)
    after = made(who, wan.upgraded_on, 20)
    assert median(rates(after, "wan")) > 1.5 * median(rates(before, "wan"))
    assert who.school.starts < wan.upgraded_on < WORLD.since + timedelta(days=WORLD.days)


def test_a_fault_inside_a_school_lasts_until_it_is_repaired() -> None:
    who = agent("repaired")
    lan = who.school.lines[0]
    assert lan.fault is not None
    faulty = made(who, lan.fault[0], 15)
    assert median(rates(made(who, lan.fault[1], 15), "lan")) > 3 * median(rates(faulty, "lan"))
    bounds = {r.bound for r in faulty if isinstance(r, ThroughputResult)}
    assert bounds == {None}  # losses hold these back: they don't say what the line carries


def test_a_machine_that_is_the_limit_says_so() -> None:
    for who, limit in ((agent(laptop=True), "wifi"), (agent(), "nic")):
        tests = [r for r in made(who, TUESDAY, 20) if isinstance(r, ThroughputResult)]
        bound = {r.limited_by for r in tests if r.bound == "at_least"}
        assert bound == {limit}
        for test in tests:
            if test.bound == "at_least" and test.line_bits_per_second is not None:
                assert test.ceiling_bits_per_second is not None
                assert test.line_bits_per_second <= test.ceiling_bits_per_second


def test_when_a_line_is_out_tests_over_it_fail_and_no_echo_comes_back() -> None:
    who = agent("outages")
    results = made(who, date(2026, 1, 1), 120)
    failed = [r for r in results if isinstance(r, ThroughputResult) and r.error is not None]
    lost = [r for r in results if isinstance(r, LatencyResult) and r.lost == r.sent]
    assert failed
    assert lost
    assert all(test.throughput_bits_per_second is None for test in failed)
    assert all(window.rtt_p50_seconds is None for window in lost)


def test_a_school_that_has_only_just_begun_has_nothing_from_before() -> None:
    who = agent("newcomer")
    assert made(who, who.school.starts - timedelta(days=5), 5) == []
    assert made(who, who.school.starts, 4) != []


def test_a_cable_line_is_slow_upwards() -> None:
    results = hours(made(agent("own_line"), TUESDAY, 20), 18, 24)
    up, down = (median(rates(results, "internet", way)) for way in ("upload", "download"))
    assert up < down / 5


def inventories(who: SimulatedAgent) -> list[InventoryResult]:
    return [r for r in made(who, TUESDAY, 60) if isinstance(r, InventoryResult)]


def test_a_laptop_tells_of_its_screen_its_keyboard_and_its_wi_fi_and_a_desktop_of_no_screen() -> (
    None
):
    laptop, desktop = inventories(agent(laptop=True))[0], inventories(agent())[0]
    assert laptop.screen_inches is not None
    assert 13 < laptop.screen_inches < 15
    assert (laptop.has_keyboard, desktop.has_keyboard) == (True, True)
    assert laptop.wifi_standard in ("802.11ac", "802.11ax")
    assert (desktop.screen_inches, desktop.wifi_standard) == (None, None)


def test_disks_wear_and_say_how_they_are() -> None:
    used = [disk.life_used_ratio for r in inventories(agent()) for disk in r.disks or ()]
    known = [ratio for ratio in used if ratio is not None]
    assert len(known) == len(used) > 1
    assert known == sorted(known)
    every = [disk for who in EVERY_AGENT for r in inventories(who)[:1] for disk in r.disks or ()]
    assert {disk.health for disk in every} == {"good", "warning"}


def test_hours_are_of_the_days_of_the_last_week_on_which_it_ran() -> None:
    who = agent(laptop=True)
    for said in inventories(who):
        day = said.started_at.astimezone(ZoneInfo(who.school.timezone)).date()
        week = [day - timedelta(days=n) for n in range(7, 0, -1)]
        ran = [each for each in week if made(who, each)]
        assert [one.day for one in said.hours_on_a_day or ()] == ran
        assert all(0 < one.hours < 24 for one in said.hours_on_a_day or ())
