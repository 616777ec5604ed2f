"""What runs where."""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from broadgauge_wire import InventoryResult

from ..access.copies import copies
from ..schools.model import Agent
from ..store import Stores
from .district import District, read_district
from .model import AgentRow, AgentState

SILENT_AFTER = timedelta(hours=24)
LATENCY_LOOKED_BACK = timedelta(days=7)


def agents(stores: Stores, now: datetime) -> tuple[AgentRow, ...]:
    """Every agent, revoked ones too, in the order they joined."""
    district = read_district(stores)
    with stores.results.questions() as questions:
        last = questions.last_results(now - LATENCY_LOOKED_BACK)
        inventories = questions.inventories()
    rows = (
        _row(agent, district, inventories.get(agent.id), last.get(agent.id), now)
        for agent in district.agents
    )
    names = {agent.id: agent.name for agent in district.agents}
    made = copies(district.agents)
    return tuple(
        replace(
            row,
            copy_of=names.get(row.agent.forked_from) if row.agent.forked_from else None,
            copies=len(made.get(row.agent.id, ())),
        )
        for row in rows
    )


def state(agent: Agent, now: datetime) -> AgentState:
    """`stale` after a day of silence. One that said it sleeps may be off as long as it likes."""
    if agent.revoked_at is not None:
        return "revoked"
    if agent.asleep_since is not None:
        return "asleep"
    if agent.last_seen_at is None:
        return "never"
    return "stale" if silent(agent.last_seen_at, now) else "ok"


def silent(last_heard_at: datetime | None, now: datetime) -> bool:
    """Nothing heard for longer than a day, though something once was."""
    return last_heard_at is not None and now - last_heard_at > SILENT_AFTER


def _row(
    agent: Agent,
    district: District,
    inventory: dict[str, Any] | None,
    last_result_at: datetime | None,
    now: datetime,
) -> AgentRow:
    known = inventory and {name: inventory[name] for name in _FIELDS}
    return AgentRow(
        agent=agent,
        school=district.school(agent.school_id).name,
        machine=_machine(inventory) if inventory else None,
        inventory=known or None,
        last_result_at=last_result_at,
        state=state(agent, now),
    )


def _machine(inventory: dict[str, Any]) -> str | None:
    """Make and model, the make once where the model begins with it."""
    make, model = inventory["make"] or "", inventory["model"] or ""
    repeated = model.casefold().startswith(make.casefold())
    return (model if repeated else f"{make} {model}").strip() or None


_FIELDS = tuple(InventoryResult.__struct_fields__)
