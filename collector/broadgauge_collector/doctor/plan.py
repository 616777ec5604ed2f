"""Which server is looked at, and how it would start."""

from pathlib import Path

from msgspec import Struct

from ..config import ADDRESS


class Plan(Struct, frozen=True, kw_only=True):
    """A server's data directory, and the settings that it would start with.

    `fault` is what is wrong with those.
    """

    data: Path
    certificate: Path | None = None
    key: Path | None = None
    control_url: str | None = None
    results_url: str | None = None
    fault: str | None = None

    def url(self) -> str | None:
        """The address that the server last had; None if it never ran or that can't be read."""
        try:
            return (self.data / ADDRESS).read_text().strip().rstrip("/") or None
        except OSError:
            return None
