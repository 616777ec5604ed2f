"""Who runs this process, and whose files it writes, on Windows."""

import sys

if sys.platform == "win32":
    import ctypes
    from pathlib import Path

    def is_administrator() -> bool:
        """Whether this process runs elevated."""
        return bool(ctypes.windll.shell32.IsUserAnAdmin())

    def give_to_owner_of(directory: Path, descriptor: int) -> None:
        """Nothing to do: what a file's readers are, it has from its directory."""
