"""The server's settings. Flags and environment variables are read by the command line."""

import ipaddress
import re
from pathlib import Path

from msgspec import Struct

DEFAULT_DATA = Path("data")
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8484
DEFAULT_DAYS = 30
MAX_DAYS = 366

ADMIN_TOKEN = "admin.token"  # noqa: S105 - a file name in the data directory
ADDRESS = "address"
"""File in the data directory with the running server's address."""

CONTROL_FILE = "control.sqlite"
"""In the data directory, unless control data is in PostgreSQL."""

FINGERPRINT = "fingerprint"
"""Beside it, the fingerprint of the certificate it made itself, if it did."""


class ServerConfig(Struct, frozen=True, kw_only=True):
    """`public_url` is the address that people and agents use; requests' Host is never trusted."""

    data: Path = DEFAULT_DATA
    public_url: str = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    fingerprint: str | None = None
    """Of the server's own certificate, for join tokens; None where an authority vouches for it."""
    store_threads: int = 8
    """Each holds a DuckDB cursor while it reads; more would only queue inside DuckDB."""
    control_url: str | None = None
    """Of the PostgreSQL database for control data; None for a file in `data`. May hold a password:
    never shown but by `without_password`."""
    results_url: str | None = None
    """Of the ClickHouse database for results, likewise; None for files in `data`."""

    @property
    def secure(self) -> bool:
        """Whether browsers reach the server over TLS."""
        return self.public_url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """The `__Host-` prefix makes browsers refuse the cookie for anything but this origin."""
        return "__Host-broadgauge_session" if self.secure else "broadgauge_session"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to this host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url_of(host: str, port: int, *, tls: bool = False) -> str:
    """The address of a server, with brackets around IPv6."""
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"


def without_password(url: str) -> str:
    """The URL of a database as it may be shown."""
    return _SECRET_PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1:***@", url))


_PASSWORD = re.compile(r"(//[^:/?#@]*):.*@")
_SECRET_PARAMETER = re.compile(r"([?&](?:ssl)?password=)[^&#]*")
