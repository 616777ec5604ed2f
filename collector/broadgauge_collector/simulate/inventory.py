"""A made-up district's lists of devices and tickets, brought in as people bring theirs."""

import csv
import io
import time
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from ..cli.client import ServerClient
from ..errors import CannotStart
from ..imports.runs import Import
from .agents import SimulatedAgent, agents_of
from .fleet import Owned, made_on, owned_by
from .repairs import Ticket, tells_of_repairs, tickets_of
from .roster import roster_of
from .world import World

POLL_SECONDS = 0.2
MOST_SCHOOLS = 400
"""Larger districts, and states, have no inventory: their files would be larger than any one is."""
LABOUR_SHARE = 0.3
"""Of what a repair costs."""

DEVICES = (
    "Asset Tag", "Serial Number", "Device Type", "Manufacturer", "Model", "School", "Status",
    "Retired On", "Purchase Date", "Purchase Cost", "Currency", "Funding Source", "Warranty End",
    "Auto Update Expiration", "Screen Size", "Has Keyboard", "Memory", "Storage", "Wi-Fi Standard",
    "OS", "OS Version", "Battery Health", "Hours a Week", "Enrolled", "Last Seen",
)  # fmt: skip
TICKETS = (
    "Incident #", "Asset Tag", "Serial Number", "School", "Incident Date", "Completed Date",
    "Category", "Issue Type", "Status", "Under Warranty", "Cost", "Parts Cost", "Labor Cost",
    "Currency",
)  # fmt: skip


class Lists(Struct, frozen=True):
    """Both files, as CSV, and how many rows they have."""

    devices_csv: bytes
    tickets_csv: bytes
    devices: int
    tickets: int


def has_inventory(world: World) -> bool:
    """Whether a world has devices beside those that agents run on."""
    return world.scale == "district" and world.schools <= MOST_SCHOOLS


def lists_of(world: World) -> Lists:
    """What the district owns and what was repaired, the same for the same world."""
    devices: list[Sequence[Any]] = []
    tickets: list[Sequence[Any]] = []
    today = made_on(world)
    district = world.district(0)
    for school in district.schools:
        owned = list(owned_by(world, school))
        told = tickets_of(world, school, owned) if tells_of_repairs(district, school) else []
        in_repair = {ticket.tag for ticket in told if ticket.closed_on is None}
        devices += (_row(each, each.tag in in_repair, today) for each in owned)
        tickets += map(_ticket_row, told)
    devices += map(_agents_row, agents_of(world, district))
    return Lists(
        _csv(DEVICES, devices), _csv(TICKETS, tickets), len(devices), len(tickets)
    )  # fmt: skip


def bring(client: ServerClient, world: World) -> Lists:
    """Bring both in over the API, and the roster, and wait until they are applied. CannotStart if
    they can't be."""
    lists = lists_of(world)
    _bring(client, "devices", lists.devices_csv)
    _bring(client, "tickets", lists.tickets_csv)
    _bring(client, "oneroster", roster_of(world))
    return lists


def _bring(client: ServerClient, format_key: str, body: bytes) -> None:
    headers = {"content-type": "application/octet-stream"}
    sent = client.upload(f"/imports/{format_key}", body, headers, apply="true")
    found = msgspec.json.decode(sent, type=Import)
    while found.state in ("reading", "applying"):
        time.sleep(POLL_SECONDS)
        found = client.get(f"/import-runs/{found.id}", Import)
    if found.state != "applied" or found.refused:
        why = found.trouble or f"{found.refused:,} rows were refused"
        raise CannotStart(f"The simulated list of {format_key} can't be brought in: {why}.")


def _row(device: Owned, in_repair: bool, today: date) -> tuple[Any, ...]:
    model = device.model
    state = "In repair" if in_repair and device.state == "In service" else device.state
    return (
        device.tag, device.serial, model.kind, model.make, model.name, device.school.name, state,
        device.ended_on, device.bought_on, device.cost, "USD", device.fund,
        device.warranty_ends_on, device.updates_end_on(today), model.inches,
        "yes" if model.has_keyboard else "no", f"{model.memory_gib} GB", f"{model.disk_gib} GB",
        model.wifi, *model.system, f"{device.battery_health:.0%}", device.hours_a_week,
        device.in_service_on, device.last_seen_on,
    )  # fmt: skip


def _agents_row(agent: SimulatedAgent) -> tuple[Any, ...]:
    """The machine that an agent runs on, as a list has it in which nobody wrote when it was bought.
    Real makers' names stand in no rate for that."""
    machine = agent.machine
    said: dict[str, Any] = {
        "Asset Tag": f"SA{agent.key:06d}",
        "Serial Number": machine.serial,
        "Device Type": "Laptop" if machine.is_laptop else "Desktop",
        "Manufacturer": machine.make.make,
        "Model": machine.make.model,
        "School": agent.school.name,
        "Status": "In service",
    }
    return tuple(said.get(name) for name in DEVICES)


def _ticket_row(ticket: Ticket) -> tuple[Any, ...]:
    return (
        ticket.number, ticket.tag, ticket.serial, ticket.school, ticket.opened_on,
        ticket.closed_on, ticket.issue, ticket.why, ticket.status,
        {True: "yes", False: "no", None: None}[ticket.under_warranty],
        *_costs(ticket.cost), "USD",
    )  # fmt: skip


def _costs(dollars: float | None) -> tuple[str | None, ...]:
    """A repair's, and of that parts and labour."""
    if dollars is None:
        return None, None, None
    labour = round(LABOUR_SHARE * dollars, 2)
    return tuple(f"{each:.2f}" for each in (dollars, dollars - labour, labour))


def _csv(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue().encode()
