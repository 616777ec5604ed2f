"""What each operating system says of a machine, and what is no answer."""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest

from broadgauge_host import _machine_id_darwin, machine_id
from broadgauge_host._machine_id_darwin import uuid_in
from broadgauge_host._machine_id_linux import read_machine_id
from broadgauge_host._machine_id_windows import read_machine_id as read_on_windows

GUID = "9f4d0f7c-3a58-4b5e-b1a7-6c0de1b7a2f4"
"""As a Windows 11 has it."""

MAC = """
+-o MacBookAir10,1  <class IOPlatformExpertDevice, id 0x100000233, registered, matched, active>
    {
      "IOPolledInterface" = "AppleARMWatchdogTimerHibernateHandler is not serializable"
      "manufacturer" = <"Apple Inc.">
      "IOPlatformSerialNumber" = "C02XXXXXXXXX"
      "IOPlatformUUID" = "564D8F2C-30B1-5D0B-9F60-2A7E1F4C7C11"
      "target-type" = <"J313">
    }
"""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("3d1219c7c4c5404aaa1f6d2a48adfda4\n", "3d1219c7c4c5404aaa1f6d2a48adfda4"),
        ("", None),
        ("uninitialized\n", None),
        ("0" * 32 + "\n", None),
    ],
)
def test_linux_has_it_in_a_file(tmp_path: Path, said: str, expected: str | None) -> None:
    file = tmp_path / "machine-id"
    file.write_text(said)
    assert read_machine_id((tmp_path / "absent", file)) == expected


def test_the_first_file_with_an_id_counts(tmp_path: Path) -> None:
    for name, said in (("empty", ""), ("first", "a" * 32), ("second", "b" * 32)):
        (tmp_path / name).write_text(said)
    files = tuple(tmp_path / name for name in ("empty", "first", "second"))
    assert read_machine_id(files) == "a" * 32


class Registry(ModuleType):
    """`winreg`, with one value in the part that 64-bit programs see."""

    HKEY_LOCAL_MACHINE, KEY_READ, KEY_WOW64_64KEY, REG_SZ = 0x80000002, 0x20019, 0x100, 1

    def __init__(self, value: object) -> None:
        super().__init__("winreg")
        self._value = value

    def OpenKey(self, root: int, key: str, _: int, access: int) -> nullcontext[str]:  # noqa: N802
        assert (root, access) == (self.HKEY_LOCAL_MACHINE, self.KEY_READ | self.KEY_WOW64_64KEY)
        return nullcontext(key)

    def QueryValueEx(self, key: str, name: str) -> tuple[object, int]:  # noqa: N802
        assert (key, name) == (r"SOFTWARE\Microsoft\Cryptography", "MachineGuid")
        if self._value is None:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return self._value, self.REG_SZ


@pytest.mark.parametrize(
    ("value", "expected"), [(GUID, GUID), (None, None), ("", None), ("none", None), (7, None)]
)
def test_windows_has_it_in_the_registry(
    value: object, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "winreg", Registry(value))
    assert read_on_windows() == expected


def test_no_program_that_only_has_the_right_name_says_which_machine_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "reg.exe"
    tool.write_text(f"#!/bin/sh\necho '    MachineGuid    REG_SZ    {GUID}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "winreg", Registry(None))
    assert read_on_windows() is None


def test_a_mac_has_it_in_its_device_tree() -> None:
    assert uuid_in(MAC) == "564D8F2C-30B1-5D0B-9F60-2A7E1F4C7C11"
    assert uuid_in("") is None


def test_a_tool_that_is_missing_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", is_missing)
    assert _machine_id_darwin.read_machine_id() is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads this system's own")
def test_it_is_the_same_each_time() -> None:
    assert machine_id.machine_id() == machine_id.machine_id()


def test_an_id_that_is_mounted_over_the_file_is_not_the_machines(tmp_path: Path) -> None:
    file, run = tmp_path / "machine-id", tmp_path / "run"
    run.mkdir()
    file.write_text("3d1219c7c4c5404aaa1f6d2a48adfda4\n")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", run], check=True)
    try:
        (run / "machine-id").write_text(file.read_text())
        subprocess.run(["mount", "--bind", run / "machine-id", file], check=True)
        try:
            assert read_machine_id((file,)) is None
        finally:
            subprocess.run(["umount", file], check=True)
    finally:
        subprocess.run(["umount", run], check=True)
    assert read_machine_id((file,)) is not None
