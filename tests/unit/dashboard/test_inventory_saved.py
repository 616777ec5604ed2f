"""What is said of a device on its page is kept, and what was said elsewhere stays."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dash.exceptions import PreventUpdate

from broadgauge_collector.access.permissions import Permission, Principal, current_principal
from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.by_hand import HandSaid, say_by_hand
from broadgauge_collector.fleet.device_rows import Devices
from broadgauge_collector.fleet.merging import Precedence
from broadgauge_collector.fleet.model import WholeDevice
from broadgauge_collector.fleet.questions import Asked, devices, whole_device
from broadgauge_collector.imports import runs
from broadgauge_collector.imports.listing import find_format
from broadgauge_collector.imports.model import DeviceRecord
from broadgauge_dashboard.pages.device import save
from broadgauge_dashboard.pages.imports import show_one
from broadgauge_dashboard.views.device import AS_SAID
from tests.reporting import TestDistrict, district
from tests.unit.dashboard.seeing import texts, walk

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Kept:
    """Of the services, what these pages take: questions, a transaction and the time."""

    def __init__(self, town: TestDistrict) -> None:
        self._town = town

    def now(self) -> datetime:
        return NOW

    async def look_up(self, function: Callable[..., Any], *given: Any) -> Any:
        with self._town.stores.control.connect() as c:
            return function(c, *given)

    async def write(self, function: Callable[..., Any], *given: Any) -> Any:
        with self._town.stores.control.begin() as c:
            return function(c, *given)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


@pytest.fixture
def device(town: TestDistrict) -> UUID:
    with town.stores.control.begin() as c:
        Devices(c, "google", Precedence()).put([DeviceRecord(key="1", serial="5CD1")], NOW)
        page = devices(c, Asked(), "serial", descending=False, start=0, limit=9)
    return page.devices[0].id


@contextmanager
def asked_by(*permissions: Permission) -> Iterator[None]:
    principal = Principal(kind="user", permissions=frozenset(permissions))
    token = current_principal.set(principal)
    try:
        yield
    finally:
        current_principal.reset(token)


def buttons(town: TestDistrict, import_id: UUID) -> list[str]:
    services: Any = Kept(town)

    async def ask() -> Any:
        return await show_one(services, str(import_id))

    found = (getattr(each, "data-request", None) for each in walk(asyncio.run(ask())))
    return [each for each in found if each]


def saved(town: TestDistrict, device: UUID, *form: Any, clicks: int | None = 1) -> Any:
    services: Any = Kept(town)

    async def send() -> Any:
        return await save(services, clicks, *form, str(device))

    return asyncio.run(send())


def known(town: TestDistrict, device: UUID) -> WholeDevice:
    with town.stores.control.connect() as c:
        return whole_device(c, device)


def test_what_is_said_holds(town: TestDistrict, device: UUID) -> None:
    school = town.school()
    said = saved(town, device, school.name, "stolen", " 2026-10-30 ", " T-9 ")
    assert "Saved" in texts(said)
    found = known(town, device).device
    assert (found.school, found.state, found.asset_tag) == (school.name, "stolen", "T-9")
    assert found.state_since == date(2026, 10, 30)


def test_what_was_said_by_hand_elsewhere_stays(town: TestDistrict, device: UUID) -> None:
    with town.stores.control.begin() as c:
        said = HandSaid(model="HP 11", purchase_cost_cents=28_900, funding_source="ESSER")
        say_by_hand(c, device, said, NOW)
    saved(town, device, AS_SAID, "lost", "", "")
    facts = known(town, device).facts
    assert (facts["model"], facts["purchase_cost_cents"]) == ("HP 11", 28_900)
    assert (facts["funding_source"], facts["state"]) == ("ESSER", "lost")


def test_what_is_left_to_the_sources_is_taken_back(town: TestDistrict, device: UUID) -> None:
    saved(town, device, AS_SAID, "lost", "", "T-9")
    saved(town, device, AS_SAID, AS_SAID, "", "")
    assert [said.source for said in known(town, device).sources] == ["google"]


def test_a_day_that_is_none_is_refused_and_nothing_is_kept(
    town: TestDistrict, device: UUID
) -> None:
    with pytest.raises(Invalid, match="2026-11-02"):
        saved(town, device, AS_SAID, "lost", "10/30/26", "")
    assert known(town, device).device.state is None


def test_nothing_happens_before_somebody_presses(town: TestDistrict, device: UUID) -> None:
    with pytest.raises(PreventUpdate):
        saved(town, device, AS_SAID, "lost", "", "", clicks=None)


def test_who_may_only_look_is_offered_nothing_that_changes_an_import(town: TestDistrict) -> None:
    with town.stores.control.begin() as c:
        found = runs.begin(c, find_format("google-admin"), "Ann", NOW)
        runs.note(c, found.id, state="ready")
    with asked_by(Permission.READ):
        assert buttons(town, found.id) == []
    with asked_by(Permission.READ, Permission.MANAGE):
        assert len(buttons(town, found.id)) == 2
