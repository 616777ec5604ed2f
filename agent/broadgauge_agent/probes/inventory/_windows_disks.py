"""Fixed disks from MSFT_PhysicalDisk."""

from typing import Any

from broadgauge_wire import Disk, DiskHealth
from broadgauge_wire.spec import MAX_TEXT

from ._windows_rows import Rows, number, word
from .facts import real_text

NOT_FIXED = frozenset({7, 9, 12, 15, 16, "USB", "iSCSI", "SD", "File Backed Virtual", "Spaces"})
"""Bus types: plugged in, elsewhere, or made of other disks."""

SPINS: dict[int | str, bool] = {3: True, 4: False, "HDD": True, "SSD": False}
"""Media types."""

HEALTH: dict[int | str, DiskHealth] = {
    0: "good",
    1: "warning",
    2: "failing",
    "Healthy": "good",
    "Warning": "warning",
    "Unhealthy": "failing",
}
"""HealthStatus, which needs no rights. How far a disk is worn, only administrators are told."""

MAX_DISKS = 64


def read_disks(rows: Rows) -> tuple[Disk, ...] | None:
    """The machine's own disks; None if Windows names no disk at all."""
    if not rows:
        return None
    return tuple(_disk(row) for row in rows if word(row, "BusType") not in NOT_FIXED)[:MAX_DISKS]


def _disk(row: dict[str, Any]) -> Disk:
    model = row.get("Model")
    return Disk(
        name=f"PhysicalDrive{row.get('DeviceId')}"[:MAX_TEXT],
        model=real_text(model) if isinstance(model, str) else None,
        size_bytes=number(row.get("Size")) or None,
        rotational=SPINS.get(word(row, "MediaType")),
        health=HEALTH.get(word(row, "HealthStatus")),
    )
