"""Log lines on stderr: time in UTC, level, part, words."""

import logging
import sys
import time


def start_logging(level: str) -> None:
    """Log to stderr from `level` on. Libraries' own chatter stays out: it may quote headers."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(
        "%(asctime)sZ %(levelname)s %(module)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger = logging.getLogger("broadgauge_agent")
    logger.handlers = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
