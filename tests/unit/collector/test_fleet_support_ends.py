"""When updates of a system end, by tables; and that devices follow them."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from broadgauge_collector.fleet import support_tables
from broadgauge_collector.fleet.device_rows import Devices
from broadgauge_collector.fleet.merging import Precedence, Said, merged
from broadgauge_collector.fleet.questions import Asked, devices, whole_device
from broadgauge_collector.fleet.refresh.aging import read_aging
from broadgauge_collector.fleet.statistics.replace_rules import ReplaceRules
from broadgauge_collector.fleet.support_ends import (
    SUPPORT_ESTIMATE,
    SUPPORT_TABLE,
    SupportEnd,
    support_end,
)
from broadgauge_collector.fleet.support_follow import follow_support_tables
from broadgauge_collector.imports.model import DeviceRecord
from tests.api_client import Api

MACHINES = Path(__file__).parents[1] / "agent" / "machines"
System = tuple[str | None, ...]


def day(*system: str | None) -> date | None:
    found = support_end(*system)
    return found.day if found else None


@pytest.mark.parametrize(
    ("system", "ends"),
    [
        # as agents told them
        (("Windows 10 Pro", "10.0.18363"), date(2021, 5, 11)),
        (("Windows 11 Professionnel", "10.0.22631"), date(2025, 11, 11)),
        (("Windows 11 Pro", "10.0.22631", "22631.3447", "Professional"), date(2025, 11, 11)),
        (("Windows 11 Education", "10.0.22631", "22631.3447", "Education"), date(2026, 11, 10)),
        (("Windows 11 Entreprise", "10.0.26100", "26100.1742", "Enterprise"), date(2027, 10, 12)),
        (("Windows 11 SE", "10.0.22621", "22621.1", "CloudEdition"), date(2024, 10, 8)),
        (("Windows 11 Pro Education", "10.0.26200"), date(2027, 10, 12)),
        (("Windows 10 Enterprise LTSC", "10.0.17763", None, "EnterpriseS"), date(2029, 1, 9)),
        (("Windows 10 Enterprise LTSC", "10.0.19044", None, "EnterpriseS"), date(2027, 1, 12)),
        (("Windows 10 IoT Enterprise LTSC", "10.0.19044", None, "IoTEnterpriseS"),
         date(2032, 1, 13)),
        (("Windows 7 Professional", "6.1.7601"), date(2020, 1, 14)),
        (("Windows 8.1 Pro", "6.3.9600"), date(2023, 1, 10)),
        # as Intune and GLPI do
        (("Windows", "10.0.19045.3570"), date(2025, 10, 14)),
        (("Windows", "10.0.22631.4602", None, "Education"), date(2026, 11, 10)),
        (("Microsoft Windows 11 Education", "23H2"), date(2026, 11, 10)),
        (("Microsoft Windows 10 Professionnel", "21H2"), date(2023, 6, 13)),
        (("Debian GNU/Linux 12 (bookworm)", "12"), date(2028, 6, 30)),
        (("Ubuntu 22.04.3 LTS", "22.04.3 LTS (Jammy Jellyfish)"), date(2027, 4, 30)),
        (("Ubuntu", "20.04"), date(2025, 5, 31)),
    ],
)  # fmt: skip
def test_a_system_ends_when_its_maker_says(system: System, ends: date) -> None:
    assert support_end(*system) == SupportEnd(ends, SUPPORT_TABLE)


@pytest.mark.parametrize(
    "system",
    [
        ("Windows", "10.0.22631.4602"),  # Pro and Education end on different days
        ("Windows 10 Entreprise", "10.0.19044"),  # LTSC, perhaps
        ("Windows 11 Pro", "10.0.99999"),
        ("Windows Server 2019 Standard", "10.0.17763"),
        ("Windows 11 Pro", None),
        ("Ubuntu", "25.10"),
        ("Ubuntu", None),
        ("Debian GNU/Linux", "14"),
        ("Chrome OS", "16093.57.0"),
        ("ChromeOS", "126.0.6478.222"),
        ("macOS", "99.1"),
        ("macOS", None),
        ("iPadOS", "17.5"),
        (None, None),
        (None, "10.0.19045"),
    ],
)
def test_what_cant_be_told_has_no_end(system: System) -> None:
    assert day(*system) is None


@pytest.mark.parametrize(
    ("version", "ends"),
    [
        ("10.15.7", date(2022, 10, 24)),
        ("11.7.10", date(2023, 9, 26)),
        ("13.6", date(2025, 9, 15)),
        ("14.6.1 (23G93)", date(2026, 9, 15)),  # the third after it isn't in the table
        ("26.0", date(2028, 9, 15)),
    ],
)
def test_a_macos_ends_with_the_third_after_it_and_that_is_an_estimate(
    version: str, ends: date
) -> None:
    assert support_end("macOS", version) == SupportEnd(ends, SUPPORT_ESTIMATE)


@pytest.mark.parametrize(
    ("machine", "ends"),
    [("dell_laptop", date(2029, 4, 30)), ("chromebook", None), ("virtual_machine", None)],
)
def test_recorded_machines_end_as_their_systems_do(machine: str, ends: date | None) -> None:
    said: dict[str, Any] = json.loads((MACHINES / f"{machine}.json").read_text())
    assert day(*(said[f"os_{part}"] for part in ("name", "version", "build", "edition"))) == ends


def test_every_end_of_a_windows_is_the_day_of_a_monthly_update() -> None:
    """The second Tuesday of a month, on which Microsoft's last update of a version comes."""
    ends = [*support_tables.OLD_WINDOWS.values()]
    ends += [day for r in support_tables.WINDOWS.values() for day in r[1:] if day is not None]
    assert all(end.weekday() == 1 and 8 <= end.day <= 14 for end in ends), ends


def test_enterprise_editions_end_no_sooner_than_home_ones() -> None:
    for release in support_tables.WINDOWS.values():
        assert release.home_pro and release.enterprise
        assert release.home_pro <= release.enterprise


def said(source: str, **facts: Any) -> Said:
    return Said(source=source, record=DeviceRecord(key=source, **facts))


def test_the_table_speaks_only_where_no_source_does() -> None:
    agent = said("agent", os_name="Windows 10 Pro", os_version="10.0.19045")
    alone = merged([agent], Precedence(), {})
    assert alone.record.support_ends_on == date(2025, 10, 14)
    assert alone.origins["support_ends_on"] == SUPPORT_TABLE
    sheet = said("devices", support_ends_on=date(2028, 10, 10))
    both = merged([agent, sheet], Precedence(), {})
    assert (both.record.support_ends_on, both.origins["support_ends_on"]) == (
        date(2028, 10, 10), "devices",
    )  # fmt: skip
    assert not both.conflicts


def put(api: Api, **facts: Any) -> UUID:
    with api.services.stores.control.begin() as c:
        Devices(c, "glpi", Precedence()).put(
            [DeviceRecord(key="1", serial="S1", **facts)], api.services.now()
        )
        (found,) = devices(c, Asked(), "serial", descending=False, start=0, limit=2).devices
        return found.id


def test_devices_are_found_by_the_end_that_the_table_says(api: Api) -> None:
    put(api, os_name="Windows 10 Pro", os_version="10.0.19045")
    for before, many in ((date(2025, 10, 14), 0), (date(2025, 10, 15), 1)):
        asked = {"support_ends_before": before.isoformat()}
        answer = api.http.get("/api/v1/devices", params=asked, headers=api.admin)
        assert answer.json()["total"] == many


def test_with_other_tables_devices_end_otherwise_and_are_looked_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = put(api, os_name="Debian GNU/Linux", os_version="12")
    control = api.services.stores.control
    follow_support_tables(control)
    assert follow_support_tables(control) == 0
    support_end.cache_clear()
    monkeypatch.setitem(support_tables.DEBIAN, "12", date(2031, 1, 1))
    assert follow_support_tables(control) == 1
    with control.connect() as c:
        assert whole_device(c, id_).device.support_ends_on == date(2031, 1, 1)
    support_end.cache_clear()


def test_a_device_isnt_replaced_because_a_version_of_its_system_ends(api: Api) -> None:
    """The next version goes on the same device; a Chromebook's end, by a source, is its own."""
    put(api, os_name="Windows 11 Pro", os_version="10.0.22631")
    with api.services.stores.control.begin() as c:
        Devices(c, "google", Precedence()).put(
            [DeviceRecord(key="2", serial="S2", support_ends_on=date(2027, 6, 30))],
            api.services.now(),
        )
        found = read_aging(c, ReplaceRules(), date(2026, 11, 2))
    assert {one.support_ends_on for one in found.said} == {None, date(2027, 6, 30)}
