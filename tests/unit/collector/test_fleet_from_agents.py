"""A machine that an agent runs on is a device like others."""

from datetime import date
from typing import Any

from broadgauge_collector.fleet.device_rows import Devices
from broadgauge_collector.fleet.from_agents import take_from_agents
from broadgauge_collector.fleet.merging import Precedence
from broadgauge_collector.fleet.other_rows import KEPT, OtherRows
from broadgauge_collector.fleet.questions import Asked, devices, whole_device
from broadgauge_collector.imports.model import DeviceRecord, TicketRecord
from broadgauge_wire import Battery, Disk, HoursOn, InventoryResult, new_id
from tests.api_client import Api
from tests.collecting import batch


def inventory(api: Api, **facts: Any) -> InventoryResult:
    return InventoryResult(
        id=new_id(), started_at=api.services.now(), duration_seconds=0.1, agent_version="1",
        trigger="planned", **facts,
    )  # fmt: skip


def taken(api: Api) -> tuple[Any, ...]:
    now = api.services.now()
    take_from_agents(api.services.stores, now)
    with api.services.stores.control.connect() as c:
        found = devices(c, Asked(), "serial", descending=False, start=0, limit=10)
        return tuple(whole_device(c, device.id) for device in found.devices)


def test_an_agents_machine_is_a_device_at_its_school(api: Api) -> None:
    agent, headers = api.agent(api.school())
    said = inventory(
        api, serial="5cd1", make="HP", model="ProBook", memory_bytes=8 * 2**30,
        disks=(Disk(name="sda", size_bytes=256, health="good"),),
        batteries=(Battery(design_capacity_watt_hours=50.0, full_capacity_watt_hours=40.0),),
        hours_on_a_day=(
            HoursOn(day=date(2026, 11, 2), hours=6.0), HoursOn(day=date(2026, 11, 3), hours=2.0),
        ),
    )  # fmt: skip
    assert api.send(batch(agent, said), headers).status_code == 200
    (found,) = taken(api)
    assert (found.device.serial, found.device.school) == ("5CD1", "Lincoln Elementary")
    assert (found.device.battery_health_ratio, found.device.hours_a_week) == (0.8, 28.0)
    assert (found.facts["disk_bytes"], found.facts["disk_health"]) == (256, "good")
    assert take_from_agents(api.services.stores, api.services.now()) == 0


def test_what_an_agent_cant_say_is_unknown_and_never_nothing(api: Api) -> None:
    agent, headers = api.agent(api.school())
    said = inventory(api, serial="To be filled by O.E.M.", disks=(Disk(name="sda"),), batteries=())
    api.send(batch(agent, said), headers)
    (found,) = taken(api)
    assert (found.device.serial, found.device.battery_health_ratio) == (None, None)
    assert "disk_bytes" not in found.facts


def test_it_is_the_device_that_the_asset_system_knows(api: Api) -> None:
    agent, headers = api.agent(api.school())
    with api.services.stores.control.begin() as c:
        Devices(c, "snipe-it", Precedence()).put(
            [DeviceRecord(key="7", serial="5CD1", asset_tag="T-7")], api.services.now()
        )
    api.send(batch(agent, inventory(api, serial="5CD1")), headers)
    (found,) = taken(api)
    assert (found.device.asset_tag, found.device.sources) == ("T-7", "agent, snipe-it")


def test_a_ticket_that_was_there_first_is_the_machines(api: Api) -> None:
    agent, headers = api.agent(api.school())
    with api.services.stores.control.begin() as c:
        earlier = TicketRecord(key="1042", serial="5CD1")
        OtherRows(c, "tickets", KEPT[TicketRecord]).put([earlier], api.services.now())
    api.send(batch(agent, inventory(api, serial="5CD1")), headers)
    (found,) = taken(api)
    assert [ticket.key for ticket in found.tickets] == ["1042"]


def test_a_removed_agents_machine_has_vanished_from_this_source(api: Api) -> None:
    agent, headers = api.agent(api.school())
    api.send(batch(agent, inventory(api, serial="5CD1")), headers)
    taken(api)
    path = f"/api/v1/agents/{agent.id}/revoke"
    assert api.http.post(path, headers=api.admin).is_success
    (found,) = taken(api)
    assert found.device.vanished
