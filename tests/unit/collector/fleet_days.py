"""Devices and tickets for tests of repairs, put where sources put them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from broadgauge_collector.fleet.device_rows import Devices
from broadgauge_collector.fleet.merging import Precedence
from broadgauge_collector.fleet.other_rows import KEPT, OtherRows
from broadgauge_collector.fleet.repairs.model import FleetData
from broadgauge_collector.fleet.repairs.reading import read_fleet
from broadgauge_collector.imports.model import DeviceRecord, PartRecord, TicketRecord
from broadgauge_collector.schools.repository import add_school
from broadgauge_collector.store.tables import import_run
from broadgauge_wire import new_id

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
TODAY = NOW.date()
SCHOOL = "Lincoln Elementary"
BOUGHT = date(2024, 8, 1)
LOG_BEGAN = date(2025, 1, 1)


def put_school(c: Connection, name: str = SCHOOL) -> None:
    add_school(c, name=name, timezone="America/Chicago")


def put_device(c: Connection, serial: str, place: str | None = SCHOOL, **facts: Any) -> None:
    """As one source has it; bought on `BOUGHT` unless something else is said of its days."""
    dated = {"purchased_on", "enrolled_on", "manufactured_on"} & facts.keys()
    facts = ({} if dated else {"purchased_on": BOUGHT}) | facts
    record = DeviceRecord(key=serial, serial=serial, place=place, **facts)
    Devices(c, "google", Precedence()).put([record], NOW)


def put_ticket(
    c: Connection, key: str, serial: str | None, opened_on: date | None = None, **said: Any
) -> None:
    """An accident, unless something else is said."""
    source = said.pop("source", "incident-iq")
    record = TicketRecord(
        key=key, serial=serial, opened_on=opened_on, **{"category": "accident"} | said
    )
    OtherRows(c, source, KEPT[TicketRecord]).put([record], NOW)


def put_part(c: Connection, key: str, ticket: str, **said: Any) -> None:
    record = PartRecord(key=key, ticket_key=ticket, **said)
    OtherRows(c, "incident-iq", KEPT[PartRecord]).put([record], NOW)


def begin_log(c: Connection, serial: str, day: date = LOG_BEGAN) -> None:
    """A ticket that is no repair: from the day after it the school's repairs are known."""
    put_ticket(c, f"first of {serial}", serial, day, category="request")


def note_import(c: Connection, day: date, state: str = "applied", format_: str = "") -> None:
    """A file of tickets that came on that day."""
    counts = dict.fromkeys(
        ("rows_read", "accepted", "refused", "added", "changed", "unchanged", "vanished",
         "chunks", "chunks_done"), 0,
    )  # fmt: skip
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    row: dict[str, Any] = {
        "id": new_id(), "format": format_ or "incident-iq-tickets", "source": "incident-iq",
        "state": state, "asked_by": "test", "asked_at": at,
    }  # fmt: skip
    c.execute(insert(import_run).values(**row, **counts))


def read(c: Connection) -> FleetData:
    """What there is, in which every ticket is one thing."""
    data = read_fleet(c, TODAY)
    counted = len(data.repairs.key) + len(data.losses.key) + sum(data.left_out.values())
    assert counted == data.tickets
    assert sum(data.outside_rates.values()) + int(data.repairs.in_rates.sum()) == len(
        data.repairs.key
    )
    assert sum(data.devices_left_out.values()) + int(data.fleet.in_rates.sum()) == len(
        data.fleet.ids
    )
    return data


@pytest.fixture
def lincoln(c: Connection) -> Connection:
    """A school with a device and a log."""
    put_school(c)
    put_device(c, "A", model="HP 11", kind="chromebook")
    begin_log(c, "A")
    return c
