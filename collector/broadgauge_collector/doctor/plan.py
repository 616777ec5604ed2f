"""Which server is looked at, and how it would start."""

from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from ..config import ADDRESS

PORTS = {"http": 80, "https": 443}


class Plan(Struct, frozen=True, kw_only=True):
    """A server's data directory, and the settings that it would start with.

    `fault` is what is wrong with those.
    """

    data: Path
    certificate: Path | None = None
    key: Path | None = None
    fault: str | None = None

    def url(self) -> str | None:
        """The address that the server last had; None if it never ran or that can't be read."""
        try:
            return (self.data / ADDRESS).read_text().strip().rstrip("/") or None
        except OSError:
            return None


def endpoint(url: str) -> tuple[str, int]:
    """Host and port of an address."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme, PORTS["https"])
