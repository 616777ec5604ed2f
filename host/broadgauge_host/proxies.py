"""Which requests go by a proxy. Which proxy that is, the libraries find out."""

from urllib.parse import urlsplit
from urllib.request import proxy_bypass

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Never through a proxy, whatever the environment says."""


def goes_direct(url: str) -> bool:
    """Whether requests to this address take no proxy, even if the environment names one."""
    host = urlsplit(url).hostname or ""
    return host in LOOPBACK or bool(proxy_bypass(host))
