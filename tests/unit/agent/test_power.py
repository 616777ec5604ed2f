"""Batteries and metered connections are spared, by what each system says of them."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from broadgauge_agent import _metered_darwin, _metered_linux, _metered_windows, power
from broadgauge_agent.probes import ProbeRequest
from broadgauge_wire.settings import ThroughputConfig

FIXTURES = Path(__file__).parents[2] / "fixtures"
REQUEST = ProbeRequest()
NMCLI = "GENERAL.METERED:{}\n"

EN0 = """en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500 index 11
\teflags=4120088{}<ACCEPT_RTADV,TXSTART,ARPLL,NOACKPRI,ECN_ENABLE{}>
\txflags=4<NOAUTONX{}>
\toptions=6460<TSO4,TSO6,CHANNEL_IO,PARTIAL_CSUM,ZEROINVERT_CSUM>
\tstatus: active
\ttype: Wi-Fi
"""


@pytest.fixture(autouse=True)
def _unmetered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "is_metered", lambda _: False)


def battery(monkeypatch: pytest.MonkeyPatch, percent: float, *, plugged: bool | None) -> None:
    known = SimpleNamespace(percent=percent, power_plugged=plugged)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: known, raising=False)


def test_below_the_level_on_battery_no_test_loads_the_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    battery(monkeypatch, 29, plugged=False)
    why = power.why_spared(REQUEST, ThroughputConfig())
    assert why
    assert "on battery, at 29%" in why
    assert power.why_spared(REQUEST, ThroughputConfig(min_battery_percent=20)) is None
    assert power.why_spared(REQUEST, ThroughputConfig(min_battery_percent=0)) is None


@pytest.mark.parametrize("plugged", [True, None])
def test_plugged_in_or_unknown_the_level_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, plugged: bool | None
) -> None:
    battery(monkeypatch, 3, plugged=plugged)
    assert power.why_spared(REQUEST, ThroughputConfig()) is None


def test_a_machine_without_battery_is_never_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert power.why_spared(REQUEST, ThroughputConfig()) is None


def test_linux_tells_of_a_battery_through_its_own_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    linux = pytest.importorskip("psutil._pslinux")
    for name, said in {
        "BAT0/energy_now": "9520000",
        "BAT0/energy_full": "47600000",
        "BAT0/power_now": "5100000",
        "BAT0/capacity": "20",
        "BAT0/status": "Discharging",
        "AC/online": "0",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{said}\n")
    monkeypatch.setattr(linux, "POWER_SUPPLY_PATH", str(tmp_path))
    assert "at 20%" in str(power.why_spared(REQUEST, ThroughputConfig()))
    (tmp_path / "AC/online").write_text("1\n")
    assert power.why_spared(REQUEST, ThroughputConfig()) is None


def test_a_metered_connection_is_spared_unless_a_setting_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(power, "is_metered", lambda _: True)
    monkeypatch.setattr(power, "_interfaces", lambda _: ("wlan0",))
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert "metered" in str(power.why_spared(REQUEST, ThroughputConfig()))
    assert power.why_spared(REQUEST, ThroughputConfig(skip_when_metered=False)) is None


@pytest.mark.parametrize(
    ("said", "metered"),
    [("yes", True), ("yes (guessed)", True), ("no", False), ("no (guessed)", False),
     ("unknown", False)],
)  # fmt: skip
def test_networkmanagers_word_is_taken(said: str, metered: bool) -> None:
    assert _metered_linux.is_metered_in(NMCLI.format(said)) is metered


@pytest.mark.parametrize(
    ("said", "metered"),
    [("Unrestricted False", False), ("Fixed False", True), ("Variable False", True),
     ("Unknown False", False), ("Unrestricted True", True), ("", False)],
)  # fmt: skip
def test_windows_cost_is_taken(said: str, metered: bool) -> None:
    assert _metered_windows.is_metered_in(f"{said}\r\n") is metered


def test_macos_marks_phones_and_low_data_mode_on_the_interface() -> None:
    assert not _metered_darwin.is_metered_in(EN0.format("0", "", ""))
    assert _metered_darwin.is_metered_in(EN0.format("8", ",EXPENSIVE", ""))
    assert _metered_darwin.is_metered_in(EN0.format("0", "", ",CONSTRAINED"))


def test_where_the_systems_tool_is_missing_nothing_is_held_for_metered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not _metered_linux.is_metered("eth0")
    assert not _metered_windows.is_metered("Ethernet")
    assert not _metered_darwin.is_metered("en0")


@pytest.mark.parametrize(
    ("recorded", "metered"),
    [
        ("ifconfig_v_2016.txt", False),
        ("ifconfig_v_2025.txt", False),
        ("ifconfig_v_cellular.txt", True),
        ("ifconfig_v_lte_stick.txt", False),
    ],
)
def test_what_real_macs_said_is_understood(recorded: str, metered: bool) -> None:
    said = (FIXTURES / "darwin" / recorded).read_text()
    assert _metered_darwin.is_metered_in(said) is metered
