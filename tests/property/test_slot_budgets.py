"""Whatever agents ask, use, hide or forget: no budget is exceeded."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from broadgauge_collector.access.agents import get_agent
from broadgauge_collector.access.join import create_join_token, join
from broadgauge_collector.errors import BudgetUsedUp
from broadgauge_collector.plan.slots import end_slot, give_slot
from broadgauge_collector.schools.agent_settings import set_agent_setting
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.schools.repository import add_school
from broadgauge_collector.store import ControlStore
from broadgauge_wire import JoinRequest, SlotEnd, SlotRequest, new_id

BEGAN = datetime(2026, 3, 30, 9, tzinfo=UTC)
MB = 10**6
LIMITS = {
    "max_bytes_per_day": 60 * MB,
    "max_bytes_per_month": 150 * MB,
    "school_max_bytes_per_day": 90 * MB,
    "school_max_bytes_per_month": 250 * MB,
}
AGENTS = 2


class Test(Struct, frozen=True):
    """What becomes of one test."""

    __test__ = False
    agent: int
    hours_later: float
    expected: int
    at_most: int
    used_share: float
    is_told: bool
    collector_dies: bool


tests = st.builds(
    Test,
    st.integers(0, AGENTS - 1),
    st.floats(0.02, 12),
    st.integers(0, 40 * MB),
    st.integers(1, 80 * MB),
    st.floats(0, 1),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=8, deadline=None)
@given(st.lists(tests, min_size=1, max_size=25))
def test_no_day_or_month_costs_a_school_or_an_agent_more_than_it_may(sequence: list[Test]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "control.sqlite"
        store = ControlStore.open(file)
        agents = _district(store)
        now, spent = BEGAN, Counter[tuple[str, UUID, str]]()
        for test in sequence:
            now += timedelta(hours=test.hours_later)
            agent = agents[test.agent]
            used = _run(store, agent, test, now)
            for period in (f"{now:%Y-%m-%d}", f"{now:%Y-%m}"):
                spent["agent", agent.id, period] += used
                spent["school", agent.school_id, period] += used
            if test.collector_dies:
                store.close()
                store = ControlStore.open(file)
        store.close()
        for (whose, _, period), num_bytes in spent.items():
            key = "max_bytes_per_" + ("day" if len(period) > 7 else "month")
            assert num_bytes <= LIMITS[key if whose == "agent" else f"school_{key}"]


def _run(store: ControlStore, agent: Agent, test: Test, now: datetime) -> int:
    """What the test used, told of or not."""
    wish = SlotRequest(
        id=new_id(),
        directions=("download",),
        bytes_expected=test.expected,
        bytes_at_most=test.at_most,
        seconds=30.0,
        waits_seconds=0.0,
    )
    try:
        with store.begin() as c:
            slot = give_slot(c, agent, wish, now)
    except BudgetUsedUp:
        return 0
    used = int(slot.bytes_at_most * test.used_share)
    if test.is_told:
        with store.begin() as c:
            ended = now + timedelta(seconds=5)
            end_slot(c, agent, slot.slot_id, SlotEnd(bytes_used=used), ended)
    return used


def _district(store: ControlStore) -> list[Agent]:
    with store.begin() as c:
        school = add_school(c, name="Hill", timezone="UTC")
        for key, value in LIMITS.items():
            set_agent_setting(c, key=f"probes.throughput.{key}", value=float(value))
        token = create_join_token(
            c, school_id=school.id, lifetime=timedelta(hours=1), uses=AGENTS, now=BEGAN
        )
        wish = JoinRequest(token=token, agent_version="test")
        return [get_agent(c, join(c, wish, BEGAN).agent_id) for _ in range(AGENTS)]
