"""Which agents test a line together, and what their sum says of it."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from broadgauge_collector.plan.group_sum import GroupSum, Part, sum_up
from broadgauge_collector.plan.groups import (
    GROUP_SECONDS,
    LAST_JOIN_SECONDS,
    MAX_MEMBERS,
    Candidate,
    choose,
    connections,
    one_is_enough,
    stages,
    wanted_rate,
)
from broadgauge_wire import new_id
from tests.collecting import throughput

RATIO = 1448 / 1500
MBPS = 1e6


def candidates(*ceilings: float | None, at: list[UUID] | None = None) -> list[Candidate]:
    schools = at or [new_id() for _ in ceilings]
    return [
        Candidate(agent_id=new_id(), school_id=school, ceiling=ceiling and ceiling * MBPS)
        for ceiling, school in zip(ceilings, schools, strict=True)
    ]


def part(mbps: float, joins: float = 0.0, **changes: Any) -> Part:
    """One that carried so much, as line rate, from when it joined until the end."""
    late = changes.pop("late", 0.02)
    tail = changes.pop("tail", ())
    rates = (mbps * MBPS * RATIO,) * round((GROUP_SECONDS - joins - late) * 10 - len(tail))
    result = throughput(
        trigger="swarm",
        bound=None,
        payload_ratio=RATIO,
        ceiling_bits_per_second=250e6,
        rates_bits_per_second=(*rates, *(mbps * MBPS * RATIO * share for share in tail)),
        rate_interval_seconds=0.1,
        swarm_seconds=joins + late,
        **changes,
    )
    return Part(
        agent_id=new_id(),
        school_id=new_id(),
        result_id=result.id,
        joins_after_seconds=joins,
        result=result,
    )


def giving_way(early: float, late: float, count: int) -> list[Part]:
    """So many that carried `early` until the last one joined, and `late` from then on."""
    steps = round(LAST_JOIN_SECONDS * 10)
    parts = [part(late) for _ in range(count)]
    found = []
    for one in parts:
        assert one.result
        rates = one.result.rates_bits_per_second
        first = (early * MBPS * RATIO,) * steps
        changed = replace(one.result, rates_bits_per_second=(*first, *rates[steps:]))
        found.append(replace(one, result=changed))
    return found


def summed(parts: list[Part], caps: dict[UUID, tuple[UUID, float]] | None = None) -> GroupSum:
    found = sum_up(parts, caps or {})
    assert isinstance(found, GroupSum), found
    return found


def test_as_many_are_chosen_as_see_a_third_more_than_wanted_without_the_last() -> None:
    chosen = choose(candidates(*[250] * 9), 950 * MBPS)
    early = sum(m.ceiling or 0 for m in stages(chosen) if m.joins_after_seconds == 0)
    assert early >= 1.1 * 950 * MBPS
    assert sum(one.ceiling or 0 for one in chosen) >= 1.3 * 950 * MBPS
    assert len(chosen) == 6
    assert len(choose(candidates(*[250] * 20), 1e12)) == MAX_MEMBERS
    assert len(choose(candidates(*[250] * 9), None)) == 9


def test_schools_take_turns_and_those_unknown_come_last() -> None:
    here, there = new_id(), new_id()
    all_of_them = candidates(900, 800, 100, None, at=[here, here, there, there])
    assert [one.ceiling for one in choose(all_of_them, None)] == [900e6, 100e6, 800e6, None]


@pytest.mark.parametrize(("members", "late"), [(2, 1), (3, 1), (6, 1), (7, 2), (10, 2)])
def test_a_sixth_joins_last_and_is_neither_fastest_nor_slowest(members: int, late: int) -> None:
    staged = stages(candidates(*(100 * n for n in range(1, members + 1))))
    last = [one.ceiling for one in staged if one.joins_after_seconds == LAST_JOIN_SECONDS]
    assert len(last) == late
    assert members < 3 or not {100e6, members * 100e6} & set(last)


def test_a_group_is_of_use_where_no_machine_sees_what_is_needed_or_was_bought() -> None:
    assert wanted_rate(1000.0, None) == pytest.approx(1100)
    assert wanted_rate(1000.0, 2000.0) == 2000
    assert wanted_rate(None, None) is None
    assert one_is_enough(candidates(1000, None), 900 * MBPS)
    assert not one_is_enough(candidates(1000, 1000), 1200 * MBPS)
    assert [connections(n) for n in (2, 4, 6, 10)] == [4, 4, 2, 1]


def test_a_sum_that_stops_growing_is_exact() -> None:
    found = summed([*giving_way(188.2, 156.9, 5), part(156.9, LAST_JOIN_SECONDS)])
    assert found.line == pytest.approx(941.4 * MBPS, rel=0.001)
    assert (found.bound, found.limited_by) == ("exact", "path")
    assert [stage.agents for stage in found.stages] == [5, 6]
    assert found.ceiling == 1500e6
    assert found.payload == pytest.approx(found.line * RATIO)
    assert len(found.rates) <= 100


def test_a_sum_that_grows_with_each_agent_is_a_floor() -> None:
    found = summed([*(part(240) for _ in range(5)), part(240, LAST_JOIN_SECONDS)])
    assert found.line == pytest.approx(1440 * MBPS, rel=0.001)
    assert found.bound == "at_least"
    slow = [*(part(120) for _ in range(5)), part(120, LAST_JOIN_SECONDS)]
    assert summed(slow).bound == "at_least"


def test_a_last_one_that_carries_nothing_proves_nothing() -> None:
    found = summed([*(part(188) for _ in range(5)), part(1, LAST_JOIN_SECONDS)])
    assert found.bound == "at_least"


def test_near_what_all_machines_or_the_lines_before_them_can_see_it_is_a_floor() -> None:
    parts = [*giving_way(188.2, 156.9, 5), part(156.9, LAST_JOIN_SECONDS)]
    circuit = new_id()
    shared = {one.school_id: (circuit, 980e6) for one in parts}
    found = summed(parts, shared)
    assert (found.ceiling, found.bound, found.limited_by) == (980e6, "at_least", "nic")
    wide = {one.school_id: (new_id(), 200e6) for one in parts}
    assert summed(parts, wide).ceiling == 1200e6


@pytest.mark.parametrize("limit", ["server", "cpu"])
def test_what_holds_a_part_down_is_not_the_line(limit: str) -> None:
    parts = [*giving_way(188.2, 156.9, 5), part(156.9, LAST_JOIN_SECONDS, limited_by=limit)]
    assert summed(parts).bound == "at_least"
    assert summed(parts).limited_by == limit


@pytest.mark.parametrize("limit", ["nic", "policy", "wifi"])
def test_one_machine_at_its_own_limit_keeps_the_others_from_nothing(limit: str) -> None:
    parts = [*giving_way(188.2, 156.9, 5), part(156.9, LAST_JOIN_SECONDS, limited_by=limit)]
    assert summed(parts).bound == "exact"


def test_a_sum_that_falls_at_the_end_says_nothing() -> None:
    tail = (0.6,) * 14
    falling = [part(188, tail=tail) for _ in range(5)]
    assert summed([*falling, part(188, LAST_JOIN_SECONDS, tail=tail)]).bound is None


def test_one_that_is_missing_leaves_a_floor_unless_it_surely_moved_nothing() -> None:
    ran = [*giving_way(188.2, 156.9, 5), part(156.9, LAST_JOIN_SECONDS)]
    gone = replace(ran[0], result=None)
    assert summed([*ran, gone]).bound == "at_least"
    assert summed([*ran, replace(gone, said_no="on battery")]).bound == "exact"
    failed = throughput(
        trigger="swarm",
        error="no route",
        bytes_transferred=0,
        throughput_bits_per_second=None,
        line_bits_per_second=None,
        bound=None,
    )
    found = summed([*ran, replace(gone, result=failed)])
    assert found.bound == "exact"
    assert found.parts[-1].trouble == "no route"
    broke = replace(failed, bytes_transferred=10_000_000)
    assert summed([*ran, replace(gone, result=broke)]).bound == "at_least"


def test_one_that_came_late_or_left_early_is_not_summed() -> None:
    ran = [*giving_way(188.2, 156.9, 5), part(156.9, LAST_JOIN_SECONDS)]
    late = part(150, late=2.0)
    found = summed([*ran, late])
    assert found.parts[-1].trouble == "it began too late"
    assert found.bound == "at_least"
    assert late.result
    short = replace(late.result, rates_bits_per_second=(1e6,) * 30, swarm_seconds=0.0)
    found = summed([*ran, replace(late, result=short)])
    assert found.parts[-1].trouble == "it ended too early"


def test_fewer_than_two_that_ran_are_no_group() -> None:
    one = part(100)
    words = sum_up([one, replace(part(100), result=None)], {})
    assert words == ("Of 2 agents, one agent ran to the end: nothing was heard of it in time.")


def test_without_a_known_ceiling_of_each_the_group_has_none() -> None:
    parts = [part(100), part(100, LAST_JOIN_SECONDS)]
    assert parts[0].result
    unknown = replace(parts[0].result, ceiling_bits_per_second=None)
    assert summed([replace(parts[0], result=unknown), parts[1]]).ceiling is None
