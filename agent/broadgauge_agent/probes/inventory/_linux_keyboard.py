"""Whether a keyboard is there, from the kernel's list of input devices. No name in it is kept."""

from pathlib import Path

from broadgauge_agent._linux_files import text

KEYS = "B: KEY="
PLACE = "S: Sysfs="
MADE_UP = "/devices/virtual/input/"
"""Of programs that press keys."""

LETTERS_AND_DIGITS = 0xFFFFFFFE
"""The keys from Esc to S. Power buttons, lids and headsets have a few keys; systemd tells keyboards
by the same ones."""


def read_keyboard(root: Path) -> bool | None:
    """None if the kernel lists nothing at all."""
    blocks = (text(root / "proc/bus/input/devices") or "").split("\n\n")
    devices = [block.splitlines() for block in blocks if KEYS in block or PLACE in block]
    return any(map(_is_keyboard, devices)) if devices else None


def _is_keyboard(lines: list[str]) -> bool:
    keys = next((line.removeprefix(KEYS) for line in lines if line.startswith(KEYS)), "")
    is_made_up = any(line.startswith(PLACE + MADE_UP) for line in lines)
    try:
        lowest = int(keys.split()[-1], 16)
    except (IndexError, ValueError):
        return False
    return not is_made_up and lowest & LETTERS_AND_DIGITS == LETTERS_AND_DIGITS
