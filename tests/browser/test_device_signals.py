"""A battery that was changed, in a real browser: noticed, looked at, noted as a repair."""

from uuid import UUID

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from broadgauge_collector.fleet.device_rows import Devices, text_of
from broadgauge_collector.fleet.merging import AGENT, Precedence
from broadgauge_collector.fleet.signals import note_changes, signals
from broadgauge_collector.imports.model import DeviceRecord
from tests.browser.axe import axe_faults
from tests.browser.conftest import Open
from tests.browser.serving import Board

WORN = DeviceRecord(
    key="a", serial="5CD1", make="HP", model="ProBook", place="Lincoln Elementary", batteries=1,
    battery_health_ratio=0.6, battery_cycles=480, battery_design_watt_hours=45.0,
)  # fmt: skip
FRESH = replace(WORN, battery_health_ratio=1.0, battery_cycles=1)


@pytest.fixture
def device(fresh: Board) -> UUID:
    fresh.school("Lincoln Elementary")
    now = fresh.services.now()
    with fresh.services.stores.control.begin() as c:
        for record in (WORN, FRESH):
            Devices(c, AGENT, Precedence()).put([record], now)
        note_changes(c, {"a": text_of(WORN)}, [FRESH], now)
        (signal,) = signals(c)
        return signal.device_id


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (390, "dark")], ids=["desk", "phone"]
)
def test_a_changed_battery_is_found_and_noted_as_a_repair(
    fresh: Board, device: UUID, open_page: Open, width: int, scheme: str
) -> None:
    size = {"width": width, "height": 900}
    page = open_page(fresh, "/devices", viewport=size, color_scheme=scheme)
    changed = page.get_by_role("heading", name="Parts that were changed")
    expect(changed).to_be_visible()
    assert axe_faults(page) == []
    page.locator("section", has=changed).get_by_role("link", name="5CD1").click()
    expect(page.get_by_text("45 Wh when new, holds 60%, 480 cycles")).to_be_visible()
    expect(page.get_by_role("heading", name="HP ProBook")).to_be_visible()
    assert axe_faults(page) == []
    page.get_by_role("button", name="A repair: battery").click()
    expect(page.get_by_text("Noted as a repair.")).to_be_visible()
    expect(page.get_by_role("cell", name="Battery replaced")).to_be_visible()
    expect(page.get_by_role("heading", name="Parts that were changed")).to_have_count(0)
    assert axe_faults(page) == []
    page.goto(f"{fresh.url}/devices")
    expect(page.get_by_role("heading", name="1 device")).to_be_visible()
    expect(changed).to_have_count(0)
