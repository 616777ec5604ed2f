"""Making a renamed file's name as durable as its content."""

from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Nothing to do: NTFS keeps a journal of names, and lets no program sync a directory."""
