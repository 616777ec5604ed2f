"""Installed applications are told where it is set, and nothing from a user's own folder."""

import json

import pytest

from broadgauge_agent.config import Config
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.probes.inventory import _linux_applications, applications
from broadgauge_agent.probes.inventory._darwin_applications import applications_in as mac_in
from broadgauge_agent.probes.inventory._darwin_report import report_in
from broadgauge_agent.probes.inventory._windows_applications import PLACES, QUERY
from broadgauge_agent.probes.inventory._windows_applications import applications_in as windows_in
from broadgauge_agent.probes.inventory.applications import MAX_APPLICATIONS, listed
from broadgauge_agent.runner import probe_request
from broadgauge_wire import Application, InventoryResult, decode_result, encode
from broadgauge_wire.settings import InventoryConfig, ProbesConfig

FOUND = [("gimp", "2.10.34-1"), ("firefox", None)]


def inventory(request: ProbeRequest) -> InventoryResult:
    (result,) = load_probe("inventory").run(request)
    assert isinstance(result, InventoryResult)
    return result


def test_nothing_is_asked_unless_somebody_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "installed", lambda: pytest.fail("it was asked"))
    request = probe_request(Config(), "inventory", None, None)
    assert inventory(request).applications is None


def test_where_it_is_set_they_are_told_and_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "installed", lambda: FOUND)
    config = Config(probes=ProbesConfig(inventory=InventoryConfig(applications=True)))
    result = inventory(probe_request(config, "inventory", None, None))
    assert result.applications == (
        Application(name="firefox"),
        Application(name="gimp", version="2.10.34-1"),
    )
    assert decode_result(encode(result)) == result


def test_where_no_source_answers_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "installed", lambda: None)
    assert inventory(ProbeRequest(applications=True)).applications is None


def test_names_versions_and_their_number_are_bounded() -> None:
    many = listed([("ab" * 150, "98" * 150), *((f"app {n}", "1") for n in range(1000))])
    assert len(many) == MAX_APPLICATIONS
    assert max(len(one.name) for one in many) == 100
    assert max(len(one.version or "") for one in many) == 50


def test_an_application_is_told_once_a_version_and_placeholders_never() -> None:
    twice = [("gimp", "1"), ("gimp", "1"), ("gimp", "2"), ("", "1"), ("  ", None), ("0", "1")]
    assert listed(twice) == (
        Application(name="gimp", version="1"),
        Application(name="gimp", version="2"),
    )


def test_a_name_with_somebody_s_address_in_it_is_left_out() -> None:
    assert listed([("Licensed to m.planck@example.org", "1")]) == ()


OWNERS = b"""gimp: /usr/share/applications/gimp.desktop
diversion by dash from: /usr/share/applications/odd.desktop
wine64:amd64, wine32:i386: /usr/share/applications/wine.desktop
vim-common: /usr/share/applications/vim.desktop
"""
VERSIONS = b"gimp\t2.10.34-1\nbash\t5.2\nwine32\t8.0\nwine64\t8.0\nvim-common\t2:9.0\n"


def on_linux(
    monkeypatch: pytest.MonkeyPatch, **answers: bytes
) -> list[tuple[str, str | None]] | None:
    def answer(command: tuple[str, ...], limit_seconds: float) -> bytes | None:
        key = "versions" if "--show" in command else command[0].partition("-")[0]
        return answers.get(key)

    monkeypatch.setattr(_linux_applications, "ask", answer)
    return _linux_applications.installed()


def test_debian_packages_with_an_entry_in_the_menu_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert on_linux(monkeypatch, dpkg=OWNERS, versions=VERSIONS) == [
        ("gimp", "2.10.34-1"),
        ("wine32", "8.0"),
        ("wine64", "8.0"),
        ("vim-common", "2:9.0"),
    ]


def test_rpm_packages_and_flatpaks_for_everybody_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = on_linux(
        monkeypatch, rpm=b"firefox\t140.0\n", flatpak=b"org.inkscape.Inkscape\t1.4\nno.version\t\n"
    )
    assert told == [("firefox", "140.0"), ("org.inkscape.Inkscape", "1.4"), ("no.version", None)]
    assert "--system" in _linux_applications.FLATPAK


def test_without_any_of_these_it_is_unknown_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_linux(monkeypatch) is None


def test_windows_is_asked_for_the_machine_s_part_of_the_registry_alone() -> None:
    assert all(place.startswith("HKLM:/") for place in PLACES)
    assert "HKCU" not in QUERY and "HKEY_USERS" not in QUERY and "HKU" not in QUERY
    assert '"' not in QUERY  # it is one argument of a command line


def test_windows_updates_and_hidden_parts_are_left_out() -> None:
    rows = [
        {"DisplayName": "GIMP 2.10", "DisplayVersion": "2.10.34"},
        {"DisplayName": "7-Zip", "DisplayVersion": None, "SystemComponent": 0},
        {"DisplayName": "a runtime", "DisplayVersion": "1", "SystemComponent": 1},
        {"DisplayName": "an update", "DisplayVersion": "1", "ParentKeyName": "Office"},
        {"DisplayName": None, "DisplayVersion": "1"},
    ]
    told = windows_in(b"\xef\xbb\xbf" + json.dumps({"applications": rows}).encode())
    assert told == [("GIMP 2.10", "2.10.34"), ("7-Zip", None)]


@pytest.mark.parametrize("said", [None, b"", b"null", b"{}", b'{"applications": []}', b"["])
def test_what_windows_does_not_say_is_unknown(said: bytes | None) -> None:
    assert windows_in(said) is None


def test_a_mac_s_users_own_folders_and_its_system_are_passed_over() -> None:
    said = [
        {"_name": "GIMP", "version": "2.10", "path": "/Applications/GIMP.app"},
        {"_name": "App Store", "version": "3.0", "path": "/System/Applications/App Store.app"},
        {"_name": "Game", "version": "1", "path": "/Users/planck/Applications/Game.app"},
        {"_name": "Tool", "path": "/Applications/Utilities/Tool.app"},
        {"_name": "nowhere"},
    ]
    told = mac_in(report_in(json.dumps({"SPApplicationsDataType": said}).encode()))
    assert told == [("GIMP", "2.10"), ("Tool", None)]


def test_what_a_mac_does_not_say_is_unknown() -> None:
    assert mac_in({}) is None
