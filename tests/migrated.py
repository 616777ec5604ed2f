"""A control database as migrations leave it: made once, and copied for each test that wants one.

All migrations, one after the other, take a dozen times as long as opening what they made.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from broadgauge_collector.config import CONTROL_FILE
from broadgauge_collector.store import ControlStore


def migrated(folder: Path) -> Path:
    """The file of a control database in a folder: a fresh one, unless one is there."""
    file = folder / CONTROL_FILE
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_fresh())
    return file


@cache
def _fresh() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / CONTROL_FILE
        ControlStore.open(file).close()
        return file.read_bytes()
