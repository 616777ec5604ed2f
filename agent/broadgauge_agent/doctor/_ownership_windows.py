"""Whose a private file is, on Windows, where a file has its directory's permissions."""

from pathlib import Path


def ownership_fault(file: Path) -> tuple[str, str] | None:
    """Nothing to say: the state directory's own permissions protect the file."""
    del file
    return None
