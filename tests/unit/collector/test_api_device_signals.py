"""Parts that changed, from an agent's inventory to a repair, or to nothing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from broadgauge_collector.fleet.erasing import forget_agents
from broadgauge_collector.fleet.from_agents import take_from_agents
from broadgauge_collector.store.tables import device_signal
from broadgauge_wire import Battery, Disk, InventoryResult, new_id
from tests.api_client import Api, Headers
from tests.collecting import batch

GIB = 2**30
OLD, NEW = Disk(name="sda", model="KIOXIA", size_bytes=256 * 10**9), Disk(name="sda", model="WDC")
WORN = Battery(design_capacity_watt_hours=50.0, full_capacity_watt_hours=31.0, cycles=500)
FRESH = Battery(design_capacity_watt_hours=50.0, full_capacity_watt_hours=50.0, cycles=1)

Tell = Callable[..., None]


@pytest.fixture
def admin(api: Api) -> Headers:
    return api.admin


@pytest.fixture
def tell(api: Api) -> Tell:
    """One machine's inventories, each taken in at once."""
    agent, headers = api.agent(api.school())
    numbers = iter(range(1, 100))

    def said(**facts: Any) -> None:
        usual: dict[str, Any] = {"serial": "5CD1", "model": "ProBook", "memory_bytes": 8 * GIB}
        told = usual | {"disks": (OLD,), "batteries": (WORN,)} | facts
        made = InventoryResult(
            id=new_id(), started_at=api.services.now(), duration_seconds=0.1, agent_version="1",
            trigger="planned", **told,
        )  # fmt: skip
        answer = api.send(batch(agent, made, sequence=next(numbers)), headers)
        assert answer.status_code == 200, answer.text
        take_from_agents(api.services.stores, api.services.now())

    return said


def signals(api: Api, admin: Headers, **asked: str) -> list[Any]:
    answer = api.http.get("/api/v1/device-signals", params=asked, headers=admin)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()
    return found


def decide(api: Api, admin: Headers, signal: Any, what: str) -> Any:
    return api.http.post(f"/api/v1/device-signals/{signal['id']}/{what}", headers=admin)


def test_each_part_that_changed_is_signalled_once(api: Api, admin: Headers, tell: Tell) -> None:
    tell()
    assert signals(api, admin) == []
    for _ in range(2):
        tell(disks=(NEW,), batteries=(FRESH,), memory_bytes=16 * GIB)
    found = {each["part"]: each for each in signals(api, admin)}
    assert found.keys() == {"disk", "battery", "memory"}
    assert (found["disk"]["before"], found["disk"]["after"]) == ("KIOXIA, 256 GB", "WDC")
    assert (found["memory"]["before"], found["memory"]["after"]) == ("8 GiB", "16 GiB")
    assert found["battery"]["after"] == "50 Wh when new, holds 100%, 1 cycle"
    assert {each["state"] for each in found.values()} == {"open"}
    assert found["disk"]["school"] == "Lincoln Elementary"


def test_a_confirmed_one_is_a_repair_like_those_typed_in(
    api: Api, admin: Headers, tell: Tell
) -> None:
    tell()
    tell(batteries=(FRESH,))
    (signal,) = signals(api, admin, state="open")
    answer = decide(api, admin, signal, "confirm")
    assert (answer.status_code, answer.json()["state"]) == (200, "confirmed")
    repairs = api.http.get("/api/v1/repairs", headers=admin).json()
    (repair,) = repairs["repairs"]
    assert (repair["category"], repair["issue"]) == ("failure", "Battery replaced")
    device = api.http.get(f"/api/v1/devices/{signal['device_id']}", headers=admin).json()
    (ticket,) = device["tickets"]
    assert (ticket["source"], ticket["facts"]["kind"]) == ("by hand", "Repair")
    assert ticket["opened_on"] == signal["noticed_at"][:10]
    path = f"/api/v1/repairs/by-hand/{signal['id']}"
    assert api.http.delete(path, headers=admin).status_code == 204


def test_a_dismissed_one_is_no_repair_and_not_signalled_again(
    api: Api, admin: Headers, tell: Tell
) -> None:
    tell()
    tell(memory_bytes=16 * GIB)
    (signal,) = signals(api, admin)
    assert decide(api, admin, signal, "dismiss").json()["state"] == "dismissed"
    assert api.http.get("/api/v1/repairs", headers=admin).json()["total"] == 0
    tell(memory_bytes=8 * GIB)
    tell(memory_bytes=16 * GIB)
    again = [each for each in signals(api, admin, state="open") if each["after"] == "16 GiB"]
    assert again == []


def test_what_is_decided_stays_so(api: Api, admin: Headers, tell: Tell) -> None:
    tell()
    tell(memory_bytes=16 * GIB)
    (signal,) = signals(api, admin)
    decide(api, admin, signal, "confirm")
    for what in ("confirm", "dismiss"):
        assert decide(api, admin, signal, what).status_code == 409
    assert decide(api, admin, {"id": str(new_id())}, "confirm").status_code == 404
    assert api.http.get("/api/v1/repairs", headers=admin).json()["total"] == 1


def test_a_part_that_is_back_before_anybody_decided_was_no_repair(
    api: Api, admin: Headers, tell: Tell
) -> None:
    tell()
    tell(disks=(NEW,))
    assert len(signals(api, admin)) == 1
    tell()
    assert signals(api, admin) == []


def test_a_disk_more_on_a_dock_and_cycles_that_arent_told_signal_nothing(
    api: Api, admin: Headers, tell: Tell
) -> None:
    tell()
    tell(disks=(OLD, Disk(name="sdb", model="Elements", size_bytes=10**12)))
    tell(batteries=(Battery(design_capacity_watt_hours=50.0, full_capacity_watt_hours=31.0),))
    tell()
    assert signals(api, admin) == []


def test_who_only_reads_decides_nothing(api: Api, admin: Headers, tell: Tell) -> None:
    from broadgauge_collector.access.permissions import Permission

    tell()
    tell(disks=(NEW,))
    (signal,) = signals(api, api.user(Permission.READ))
    assert decide(api, api.user(Permission.READ), signal, "confirm").status_code == 403


def test_signals_go_with_the_agent_that_noticed_them(api: Api, admin: Headers, tell: Tell) -> None:
    tell()
    tell(disks=(NEW,))
    agents = api.http.get("/api/v1/agents", headers=admin).json()
    with api.services.stores.control.begin() as c:
        forget_agents(c, [UUID(each["id"]) for each in agents])
        assert c.execute(select(func.count()).select_from(device_signal)).scalar_one() == 0
