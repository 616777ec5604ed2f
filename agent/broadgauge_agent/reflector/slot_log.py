"""A list of tests that ran under slots: which line, from when to when, how many bytes. No address
stands in it, so it may be shown to anybody."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO
from uuid import UUID

from msgspec import Struct

from broadgauge_agent.errors import ConfigError
from broadgauge_wire import encode

from .slot_book import Transfer


class LoggedTransfer(Struct, frozen=True, kw_only=True):
    """One line of the list (JSON). Instants are by this machine's clock as it was at the start, so
    that setting it leaves them in order."""

    slot_id: UUID
    lines: tuple[UUID, ...]
    began_at: datetime
    ended_at: datetime
    num_bytes: int


def log_to(file: Path | None) -> Callable[[Transfer], None]:
    """Adds to a file from now on; does nothing without one. ConfigError if it can't be written."""
    if file is None:
        return lambda _: None
    try:
        kept = file.open("a", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"The list of tests can't be kept in {file} ({error.strerror}). Name a file that the "
            "user of the test server may write."
        ) from error
    began = time.time() - time.monotonic()
    return lambda transfer: _write(kept, transfer, began)


def _write(kept: TextIO, transfer: Transfer, began: float) -> None:
    line = LoggedTransfer(
        slot_id=transfer.slot_id,
        lines=transfer.lines,
        began_at=datetime.fromtimestamp(began + transfer.began_seconds, UTC),
        ended_at=datetime.fromtimestamp(began + transfer.ended_seconds, UTC),
        num_bytes=transfer.num_bytes,
    )
    kept.write(encode(line).decode() + "\n")
    kept.flush()
