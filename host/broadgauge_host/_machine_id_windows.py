"""MachineGuid: made when Windows was installed, or prepared anew by sysprep."""

import re
from typing import Any

KEY = r"SOFTWARE\Microsoft\Cryptography"
VALUE = "MachineGuid"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_machine_id() -> str | None:
    """None if the registry isn't to be read."""
    try:
        import winreg
    except ImportError:
        return None
    return machine_guid(winreg)


def machine_guid(registry: Any) -> str | None:
    """What the registry has, as 64-bit programs see it: those of 32 bits see another."""
    reading = registry.KEY_READ | registry.KEY_WOW64_64KEY
    try:
        with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, KEY, 0, reading) as key:
            value, _ = registry.QueryValueEx(key, VALUE)
    except OSError:
        return None
    return value if isinstance(value, str) and GUID.fullmatch(value.strip()) else None
