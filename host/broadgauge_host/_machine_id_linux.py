"""machine-id(5): written when the system was installed, or first started from an image."""

import os
from pathlib import Path

FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
HEX_DIGITS = 32


def read_machine_id(files: tuple[Path, ...] = FILES) -> str | None:
    """The first that is one: an image's file may be empty, or say `uninitialized`."""
    return next((found for file in files if (found := _id_in(file))), None)


def _id_in(file: Path) -> str | None:
    if os.path.ismount(file.resolve()):  # made anew at each start, for want of one that lasts
        return None
    try:
        text = file.read_text(errors="replace").strip()
    except OSError:
        return None
    is_one = len(text) == HEX_DIGITS and all(c in "0123456789abcdefABCDEF" for c in text)
    return text if is_one and text.strip("0") else None
