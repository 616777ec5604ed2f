"""The address of the Devices page finds the devices it names, and a group leads to its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.device_rows import Devices
from broadgauge_collector.fleet.merging import Precedence
from broadgauge_collector.imports.model import DeviceRecord
from broadgauge_dashboard.device_address import ANY
from broadgauge_dashboard.pages.devices import SELECTS, layout, rows, show_devices
from broadgauge_dashboard.views.devices import GROUPS
from tests.reporting import TestDistrict, district
from tests.unit.dashboard.seeing import texts, walk

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
GOOGLE = (
    DeviceRecord(key="1", serial="A", make="HP", model="11", kind="laptop", place="Lincoln"),
    DeviceRecord(key="2", serial="B", make="HP", model="14", state="lost", place="Elsewhere"),
    DeviceRecord(key="3", serial="C", os_name="ChromeOS", hours_a_week=2.5),
    DeviceRecord(key="4", serial="D", make="HP", model="11", kind="laptop", state="lost"),
)
SNIPE = (
    DeviceRecord(key="s1", serial="A", model="11 G8", purchased_on=date(2022, 8, 1)),
    DeviceRecord(key="s2", serial="B", model="14", purchased_on=date(2023, 8, 1)),
)


class Asking:
    """Of the services, what the page takes: questions and the time."""

    def __init__(self, town: TestDistrict) -> None:
        self._town = town

    def now(self) -> datetime:
        return NOW

    async def look_up(self, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with self._town.stores.control.connect() as c:
            return function(c, *given, **named)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with district(Path(tmp_path_factory.mktemp("town"))) as town:
        town.school()
        with town.stores.control.begin() as c:
            Devices(c, "google", Precedence()).put(GOOGLE, NOW)
            Devices(c, "snipe-it", Precedence()).put(SNIPE, NOW)
        yield Asking(town)


def ended(awaited: Awaitable[Any]) -> Any:
    async def run() -> Any:
        return await awaited

    return asyncio.run(run())


def body(services: Any, address: str) -> Any:
    """What stands on the page under an address, as the browser would ask for it."""
    asked = {k: v[0] for k, v in parse_qs(address, keep_blank_values=True).items()}
    stores = {c.id: c.data for c in walk(layout(**asked)) if hasattr(c, "data")}
    given = stores["devices-given"]
    values = [given["chosen"].get(name, ANY) for name in SELECTS]
    return ended(show_devices(services, given["q"], *values, stores["devices-more"]))


def serials(services: Any, address: str) -> list[str]:
    """The devices that the list under an address has."""
    page = body(services, address)
    asked = next((c.data for c in walk(page) if hasattr(c, "data")), None)
    if asked is None:
        assert "No device is like this" in texts(page)
        return []
    request = {"startRow": 0, "endRow": 100, "sortModel": [{"colId": "serial", "sort": "asc"}]}
    found = ended(rows(services, request, asked))
    assert found["rowCount"] == len(found["rowData"])
    return [row["started_text"] for row in found["rowData"]]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", "ABCD"),
        ("q=hp", "ABD"),
        ("school=Lincoln", "A"),
        ("school=not-known", "BCD"),
        ("kind=laptop&state=lost", "D"),
        ("kind=not-known", "BC"),
        ("state=not-known", "AC"),
        ("source=snipe-it", "AB"),
        ("model=14", "B"),
        ("make=", "C"),
        ("os_name=ChromeOS", "C"),
        ("year=2023", "B"),
        ("only=conflicts", "A"),
        ("only=idle", "C"),
        ("idle_below=2", ""),
        ("idle_below=3", "C"),
        ("conflicts=false", "BCD"),
    ],
)
def test_an_address_finds_what_it_names(services: Any, address: str, expected: str) -> None:
    assert serials(services, address) == list(expected)


@pytest.mark.parametrize("by", [by for by in GROUPS if by != ANY])
@pytest.mark.parametrize("also", ["", "q=hp", "only=conflicts", "source=snipe-it", "model=11"])
def test_a_group_leads_to_as_many_as_it_counts(services: Any, by: str, also: str) -> None:
    page = body(services, f"{also}&by={by}")
    links = [c for c in walk(page) if "devices?" in getattr(c, "href", "") and c.children != SHOW]
    counted = [link for link in links if str(link.children).isdigit()]
    for link in counted:
        assert len(serials(services, urlsplit(link.href).query)) == int(link.children), link.href
    assert counted or by == "year"


def test_devices_without_a_year_are_counted_and_lead_nowhere(services: Any) -> None:
    page = body(services, "by=year")
    assert "Not known 2" in texts(page)
    assert all("year=" not in c.href or "year=20" in c.href for c in _links(page))


def test_what_no_control_shows_is_said_and_can_be_taken_away(services: Any) -> None:
    page = body(services, "model=11&make=HP&kind=laptop")
    assert "Model: 11" in texts(page)
    (without,) = [c.href for c in _links(page) if getattr(c, "title", "") == "Without Model: 11"]
    assert parse_qs(urlsplit(without).query) == {"make": ["HP"], "kind": ["laptop"]}


@pytest.mark.parametrize("address", ["year=soon", "idle_below=few", "support_ends_before=June"])
def test_what_can_not_be_asked_is_refused_rather_than_left_out(services: Any, address: str) -> None:
    with pytest.raises(Invalid, match="address"):
        body(services, address)


def test_the_files_are_of_the_same_devices(services: Any) -> None:
    page = body(services, "q=hp&kind=laptop&only=conflicts&model=11")
    (csv,) = [c.href for c in _links(page) if "format=csv" in c.href]
    asked = parse_qs(urlsplit(csv).query)
    assert asked == {
        "format": ["csv"], "search": ["hp"], "kind": ["laptop"], "conflicts": ["true"],
        "model": ["11"],
    }  # fmt: skip


def _links(page: Any) -> list[Any]:
    return [c for c in walk(page) if getattr(c, "href", None)]


SHOW = "Show them"
