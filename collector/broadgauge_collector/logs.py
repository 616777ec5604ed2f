"""The server's log: one line an event, on standard error, key=value, safe for hostile text."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog


def configure(*, verbose: bool) -> None:
    """Log everything from INFO on; for `up`, warnings and worse only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("level=%(levelname)s logger=%(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _printable_values,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.INFO if verbose else logging.WARNING
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class OneLine(logging.Formatter):
    """What libraries log, tracebacks included, with no way to begin a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one printable line."""
        return printable(super().format(record))


def printable(text: str) -> str:
    """The text with line breaks and control characters written as escapes (ASVS 5.0, 16.4.1)."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _printable_values(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {k: printable(value) if isinstance(value, str) else value for k, value in event.items()}
