"""A group test on its page, on its parts' pages, and beside its line."""

from datetime import timedelta
from typing import Any

from broadgauge_collector.plan.group_model import GroupMember, GroupTest
from broadgauge_dashboard.views.groups import line_panel
from broadgauge_wire import GroupPart, GroupStage, new_id
from tests import made_up
from tests.unit.dashboard.seeing import NOW, texts
from tests.unit.dashboard.test_one_test import words_of


def part(**about: Any) -> GroupPart:
    fields: dict[str, Any] = {
        "result_id": new_id(),
        "agent_id": new_id(),
        "school_id": new_id(),
        "joined_after_seconds": 0.0,
        "line_bits_per_second": 190e6,
        "ceiling_bits_per_second": 250e6,
    }
    return GroupPart(**fields | about)


def group(**about: Any) -> GroupTest:
    member = GroupMember(
        agent_id=new_id(),
        agent="Library desk",
        school="Lincoln",
        state="ready",
        why_not=None,
        ceiling_bits_per_second=250e6,
        joins_after_seconds=0.0,
        result_id=new_id(),
    )
    fields: dict[str, Any] = {
        "id": new_id(),
        "link_id": new_id(),
        "line": "Internet",
        "reflector": "Cloud",
        "direction": "download",
        "state": "done",
        "reason": None,
        "called_by": "plan",
        "called_at": NOW - timedelta(hours=2),
        "wanted_at": NOW - timedelta(hours=2),
        "in_school_hours": False,
        "wanted_bits_per_second": 1e9,
        "begins_at": NOW - timedelta(hours=2),
        "line_bits_per_second": 941e6,
        "bound": "exact",
        "members": (member,) * 6,
    }
    return GroupTest(**fields | about)


def test_the_sum_says_what_it_carried_as_agents_joined_and_who_carried_what() -> None:
    own = new_id()
    parts = (part(), part(joined_after_seconds=4.0, line_bits_per_second=None, trouble="no power"))
    stages = (
        GroupStage(agents=5, line_bits_per_second=940e6, from_seconds=1.2, to_seconds=4.0),
        GroupStage(agents=6, line_bits_per_second=941e6, from_seconds=7.0, to_seconds=9.4),
    )
    result = made_up.full_reading(id=own, swarm_id=own, swarm_parts=parts, swarm_stages=stages)
    said = words_of(result, named={parts[0].agent_id: "Library desk"})
    assert "Download group test" in said
    assert "As more agents joined, the sum grew no further: the line is full." in said
    assert "1 agent tested this line at once" in said
    assert "Library desk" in said
    assert "no power" in said
    assert "after 4 s" in said


def test_a_floor_says_that_more_agents_might_carry_more() -> None:
    own = new_id()
    result = made_up.full_reading(
        id=own, swarm_id=own, swarm_parts=(part(),), bound="at_least", limited_by="nic"
    )
    said = words_of(result)
    assert "All agents together carried this, and more might have carried more" in said
    assert "put agents on more computers" in said


def test_a_part_leads_to_the_group_test() -> None:
    result = made_up.full_reading(swarm_id=new_id(), trigger="swarm", bound=None)
    assert "only the sum of all parts counts" in words_of(result)


def test_a_lines_group_tests_say_what_came_of_each() -> None:
    failed = group(state="failed", reason="Of 6 agents, none could take part.", begins_at=None)
    said = texts(line_panel([group(), failed, group(state="called", bound=None)], "UTC"))
    assert "941 Mbps, full reading" in said
    assert "none could take part" in said
    assert "Agents are called" in said
