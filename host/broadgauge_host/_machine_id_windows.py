"""MachineGuid: made when Windows was installed, or prepared anew by sysprep."""

import re
import subprocess

KEY = r"HKLM\SOFTWARE\Microsoft\Cryptography"
COMMAND = ("reg.exe", "query", KEY, "/v", "MachineGuid", "/reg:64")
LIMIT_SECONDS = 10.0
NO_WINDOW = 0x08000000
"""CREATE_NO_WINDOW: nobody at the machine shall see a window flash up."""

GUID = re.compile(r"MachineGuid\s+REG_SZ\s+([0-9a-fA-F-]{36})\s")


def read_machine_id() -> str | None:
    """None if the registry isn't to be read."""
    try:
        done = subprocess.run(
            COMMAND,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=True,
            creationflags=NO_WINDOW,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return guid_in(done.stdout.decode(errors="replace"))


def guid_in(said: str) -> str | None:
    """The id in what `reg query` printed."""
    found = GUID.search(said)
    return found[1] if found else None
