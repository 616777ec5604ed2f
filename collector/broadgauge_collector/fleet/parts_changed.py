"""Which parts of a machine aren't those it had: another disk, another battery, other memory.

A part may be told a little differently from one inventory to the next: a driver words a model in
another way, firmware keeps some memory for graphics, a battery's gauge finds its measure again.
That is no other part. So is nothing that one of the two inventories doesn't say.
"""

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from ..imports.model import DeviceRecord, DiskPart

Part = Literal["disk", "battery", "memory"]

SIZE_DIFFERS: Final = 0.02
"""Share of a disk's size: two systems round one disk's size less differently."""

MEMORY_DIFFERS: Final = 0.2
"""Share of the memory. Graphics may take up to a fifth of what is fitted; modules come in larger
steps."""

DESIGN_DIFFERS: Final = 0.05
"""Share of what a battery was made for."""

HOLDS_MORE: Final = 0.2
"""Of what it was made for: so much more no battery holds from one inventory to the next. A gauge
that finds its measure again gains less."""

AS_GOOD: Final = 0.02
"""By so much a gauge wavers, as a share of what the battery was made for."""

LIKE_NEW: Final = 0.95
MOST_TEXT: Final = 200


class PartChange(Struct, frozen=True):
    """A part before and after, in words."""

    part: Part
    before: str
    after: str


def changed_parts(before: DeviceRecord, after: DeviceRecord) -> tuple[PartChange, ...]:
    """What differs between two inventories of one machine; nothing if they are of two machines."""
    if _is_another_machine(before, after):
        return ()
    found = (_disk(before, after), _battery(before, after), _memory(before, after))
    return tuple(change for change in found if change is not None)


def _is_another_machine(before: DeviceRecord, after: DeviceRecord) -> bool:
    """A disk that was moved takes its agent with it."""
    pairs = ((getattr(before, name), getattr(after, name)) for name in ("serial", "make", "model"))
    return any(was and now and was.casefold() != now.casefold() for was, now in pairs)


def _disk(before: DeviceRecord, after: DeviceRecord) -> PartChange | None:
    """Nothing says for certain of a disk that it is inside: one more, or one fewer, may be on a
    cable. As many as before, of which one is another, are not."""
    was, now = before.disks, after.disks
    if was is None or now is None or len(was) != len(now):
        return None
    gone, come = _unmatched(was, now)
    return PartChange("disk", _disks(gone), _disks(come)) if gone else None


def _unmatched(
    was: Iterable[DiskPart], now: Iterable[DiskPart]
) -> tuple[list[DiskPart], list[DiskPart]]:
    gone: list[DiskPart] = []
    come = list(now)
    for disk in was:
        same = next((other for other in come if _is_same(disk, other)), None)
        if same is None:
            gone.append(disk)
        else:
            come.remove(same)
    return gone, come


def _is_same(one: DiskPart, other: DiskPart) -> bool:
    sizes, models = (one.size_bytes, other.size_bytes), (_plain(one.model), _plain(other.model))
    return not _differ(*sizes, SIZE_DIFFERS) and (models[0] in models[1] or models[1] in models[0])


def _battery(before: DeviceRecord, after: DeviceRecord) -> PartChange | None:
    if before.batteries != after.batteries:
        return None  # one was taken out, or is back
    if _cycles_fell(before, after) or _is_another_make(before, after) or _gained(before, after):
        return PartChange("battery", _battery_words(before), _battery_words(after))
    return None


def _cycles_fell(before: DeviceRecord, after: DeviceRecord) -> bool:
    was, now = before.battery_cycles, after.battery_cycles
    return was is not None and now is not None and now < was and _gain(before, after) >= -AS_GOOD


def _is_another_make(before: DeviceRecord, after: DeviceRecord) -> bool:
    """Where a system works a capacity out from the voltage of the moment, what the battery was made
    for wavers; what it holds of it doesn't."""
    sizes = before.battery_design_watt_hours, after.battery_design_watt_hours
    holds = after.battery_health_ratio
    fresh = holds is None or holds >= LIKE_NEW or _gain(before, after) > AS_GOOD
    return _differ(*sizes, DESIGN_DIFFERS) and fresh


def _gained(before: DeviceRecord, after: DeviceRecord) -> bool:
    return _gain(before, after) >= HOLDS_MORE


def _gain(before: DeviceRecord, after: DeviceRecord) -> float:
    """By how much more of what it was made for it holds; 0 where that isn't known."""
    was, now = before.battery_health_ratio, after.battery_health_ratio
    return 0.0 if was is None or now is None else now - was


def _memory(before: DeviceRecord, after: DeviceRecord) -> PartChange | None:
    was, now = before.memory_bytes, after.memory_bytes
    if not _differ(was, now, MEMORY_DIFFERS):
        return None
    return PartChange("memory", _gib(was or 0), _gib(now or 0))


def _differ(was: float | None, now: float | None, share: float) -> bool:
    return bool(was and now and abs(now - was) > share * max(was, now))


def _plain(model: str | None) -> str:
    return "".join(c for c in (model or "").casefold() if c.isalnum())


def _disks(disks: Iterable[DiskPart]) -> str:
    return "; ".join(disk_words(disk) for disk in disks)[:MOST_TEXT]


def disk_words(disk: DiskPart) -> str:
    """Its model and its size, as they are sold."""
    size = f"{disk.size_bytes / 1e9:,.0f} GB" if disk.size_bytes else None
    return ", ".join(filter(None, (disk.model, size))) or "a disk"


def _battery_words(record: DeviceRecord) -> str:
    design, holds = record.battery_design_watt_hours, record.battery_health_ratio
    cycles = record.battery_cycles
    words = (
        f"{design:g} Wh when new" if design else None,
        f"holds {holds:.0%}" if holds is not None else None,
        f"{cycles:,} cycle{'' if cycles == 1 else 's'}" if cycles is not None else None,
    )
    return ", ".join(filter(None, words))


def _gib(size: int) -> str:
    return f"{size / 2**30:.3g} GiB"
