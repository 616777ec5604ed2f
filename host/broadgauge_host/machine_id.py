"""What the operating system calls this machine: the same after a restart, another one elsewhere.

Never to be sent or kept as it is: whoever uses it hashes it with a key of their own.
"""

import sys

if sys.platform == "linux":
    from ._machine_id_linux import read_machine_id
elif sys.platform == "win32":
    from ._machine_id_windows import read_machine_id
elif sys.platform == "darwin":
    from ._machine_id_darwin import read_machine_id
else:

    def read_machine_id() -> str | None:
        return None


def machine_id() -> str | None:
    """The machine's id; None if it has none, or none that can be read."""
    found = read_machine_id()
    return found.strip().lower() or None if found else None
