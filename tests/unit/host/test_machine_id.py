"""What each operating system says of a machine, and what is no answer."""

import subprocess
import sys
from pathlib import Path

import pytest

from broadgauge_host import _machine_id_darwin, _machine_id_windows, machine_id
from broadgauge_host._machine_id_darwin import uuid_in
from broadgauge_host._machine_id_linux import read_machine_id
from broadgauge_host._machine_id_windows import guid_in

WINDOWS = """
HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography
    MachineGuid    REG_SZ    9f4d0f7c-3a58-4b5e-b1a7-6c0de1b7a2f4

"""

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


def test_windows_has_it_in_the_registry() -> None:
    assert guid_in(WINDOWS) == "9f4d0f7c-3a58-4b5e-b1a7-6c0de1b7a2f4"
    assert guid_in("ERROR: The system was unable to find the specified registry key.") is None


def test_a_mac_has_it_in_its_device_tree() -> None:
    assert uuid_in(MAC) == "564D8F2C-30B1-5D0B-9F60-2A7E1F4C7C11"
    assert uuid_in("") is None


@pytest.mark.parametrize("system", [_machine_id_darwin, _machine_id_windows])
def test_a_tool_that_is_missing_is_no_answer(
    system: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", is_missing)
    assert system.read_machine_id() is None  # type: ignore[attr-defined]


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
