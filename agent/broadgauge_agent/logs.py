"""Log lines: time in UTC, level, part, words. To stderr, or to a file where a service has none."""

import logging
import os
import sys
import time
from pathlib import Path

LINE = "%(levelname)s %(module)s: %(message)s"
TIMED_LINE = f"%(asctime)sZ {LINE}"
LARGEST_FILE_BYTES = 1024 * 1024
OLD_FILES = 3


def start_logging(level: str, file: Path | None = None) -> None:
    """Log from `level` on. Libraries' own chatter stays out: it may quote headers."""
    handler = _to_file(file) if file else logging.StreamHandler(sys.stderr)
    timed = file is not None or not _stderr_is_the_journal()
    formatter = logging.Formatter(TIMED_LINE if timed else LINE, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger = logging.getLogger("broadgauge_agent")
    logger.handlers = [handler]
    logger.propagate = False
    set_level(level)


def set_level(level: str) -> None:
    """Log from another level on."""
    logging.getLogger("broadgauge_agent").setLevel(level.upper())


def _to_file(file: Path) -> logging.Handler:
    from logging.handlers import RotatingFileHandler  # only services without a journal need it

    return RotatingFileHandler(
        file, maxBytes=LARGEST_FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8", delay=True
    )


def _stderr_is_the_journal() -> bool:
    """The journal stamps each line itself. See JOURNAL_STREAM in systemd.exec(5)."""
    try:
        stream = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"
