"""Reading the small files of /sys and /proc. What cannot be read is None."""

from pathlib import Path


def text(file: Path) -> str | None:
    """The file's text, or None."""
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return None


def number(file: Path) -> int | None:
    """The whole number the file holds, or None."""
    try:
        return int(text(file) or "")
    except ValueError:
        return None


def children(folder: Path) -> list[Path]:
    """What the folder holds, by name; nothing if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
