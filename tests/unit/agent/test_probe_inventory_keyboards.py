"""A keyboard is told where there is one, and not where buttons or programs pose as one."""

from pathlib import Path

import pytest

from broadgauge_agent.probes.inventory._darwin import hardware_facts
from broadgauge_agent.probes.inventory._linux_keyboard import read_keyboard
from broadgauge_agent.probes.inventory._windows_keyboard import read_keyboard as read_windows

MACHINES = Path(__file__).parent / "machines"
ALL_KEYS = "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe"
I8042 = "/devices/platform/i8042/serio0/input/input2"
USB = "/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/0003:046D:C31C.0001/input/input7"


def linux(tmp_path: Path, *devices: tuple[str, str]) -> bool | None:
    file = tmp_path / "proc/bus/input/devices"
    file.parent.mkdir(parents=True)
    blocks = [f'N: Name="a device"\nS: Sysfs={place}\nB: KEY={keys}\n' for place, keys in devices]
    file.write_text("\n".join(blocks) + "\n")
    return read_keyboard(tmp_path)


@pytest.mark.parametrize("place", [I8042, USB])
def test_a_built_in_and_a_plugged_in_keyboard_are_keyboards(tmp_path: Path, place: str) -> None:
    assert linux(tmp_path, (place, ALL_KEYS)) is True


def test_a_32_bit_kernel_s_words_are_read_too(tmp_path: Path) -> None:
    words = "4 2000000 3803078 f800d001 feffffdf ffefffff ffffffff fffffffe"
    assert linux(tmp_path, (I8042, words)) is True


@pytest.mark.parametrize(
    "keys",
    ["10000000000000 0", "ffff0000 0 0 0 0", "3e000b00000000 0 0 0", "1680000000000", "x", ""],
)
def test_buttons_mice_and_headsets_are_none(tmp_path: Path, keys: str) -> None:
    assert linux(tmp_path, (USB, keys)) is False


def test_a_program_that_presses_keys_is_none(tmp_path: Path) -> None:
    assert linux(tmp_path, ("/devices/virtual/input/input9", ALL_KEYS)) is False


def test_where_the_kernel_lists_nothing_it_is_unknown(tmp_path: Path) -> None:
    assert read_keyboard(tmp_path) is None
    assert linux(tmp_path) is None


@pytest.mark.parametrize(
    ("machine", "told"), [("dell_laptop", True), ("chromebook", True), ("virtual_machine", False)]
)
def test_recorded_machines(machine: str, told: bool) -> None:
    assert read_keyboard(MACHINES / machine) is told


HID = {"PNPDeviceID": "HID\\VID_046D&PID_C31C&MI_00\\7&3B4F&0&0000"}
REMOTE = {"PNPDeviceID": "TERMINPUT_BUS\\UMB\\2&26A5&0&SESSION1KEYBOARD0"}


@pytest.mark.parametrize(
    ("chassis", "keyboards", "told"),
    [
        (10, [], True),
        (31, [], True),
        (3, [HID], True),
        (13, [REMOTE, HID], True),
        (3, [REMOTE], None),
        (3, [], None),
        (30, [HID], None),
        (32, [HID], None),
        (None, [HID], None),
    ],
)
def test_windows_is_believed_where_its_chassis_bears_it_out(
    chassis: int | None, keyboards: list[object], told: bool | None
) -> None:
    answers = {"chassis": [{"Type": chassis}], "keyboards": keyboards}
    assert read_windows(answers) is told


def test_where_windows_says_nothing_it_is_unknown() -> None:
    assert read_windows({}) is None


@pytest.mark.parametrize(
    ("name", "told"),
    [("MacBook Air", True), ("MacBook Pro", True), ("Mac mini", None), ("iMac", None)],
)
def test_a_mac_that_is_a_laptop_has_one(name: str, told: bool | None) -> None:
    said = {"machine_name": name, "machine_model": "Mac14,2"}
    assert hardware_facts({"SPHardwareDataType": [said]}).has_keyboard is told
