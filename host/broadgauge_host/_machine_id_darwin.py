"""IOPlatformUUID: the Mac's own."""

import re
import subprocess

COMMAND = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
LIMIT_SECONDS = 10.0
PLATFORM = re.compile(r'"IOPlatformUUID"\s*=\s*"([0-9a-fA-F-]{36})"')


def read_machine_id() -> str | None:
    """None if ioreg isn't to be asked."""
    try:
        done = subprocess.run(
            COMMAND,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return uuid_in(done.stdout.decode(errors="replace"))


def uuid_in(said: str) -> str | None:
    """The id in what `ioreg` printed."""
    found = PLATFORM.search(said)
    return found[1] if found else None
