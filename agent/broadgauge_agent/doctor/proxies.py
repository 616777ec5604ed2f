"""The proxy that requests to the collector go through, if the environment or system names one."""

import socket
from urllib.parse import urlsplit
from urllib.request import getproxies

from msgspec import Struct

from broadgauge_host.proxies import goes_direct

SECONDS = 5.0
MAX_HEAD_BYTES = 16 * 1024


class Proxy(Struct, frozen=True):
    """Where it is. What it is told to let somebody in is left out."""

    host: str
    port: int


def proxy_for(url: str) -> Proxy | None:
    """The proxy that a request to this address takes. Test servers are reached without one."""
    parts = urlsplit(url)
    known = getproxies()
    named = known.get(parts.scheme) or known.get("all")
    if not named or goes_direct(url):
        return None
    proxy = urlsplit(named if "://" in named else f"//{named}")
    return Proxy(proxy.hostname or "", proxy.port or (443 if proxy.scheme == "https" else 80))


def tunnel(made: socket.socket, host: str, port: int) -> socket.socket:
    """Ask an http proxy for a way to a host (RFC 9110, section 9.3.6). OSError if it says no."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    made.settimeout(SECONDS)
    try:
        made.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode())
        status = _head(made).partition(b"\r\n")[0].decode("latin-1").split(" ")[1:2]
    except BaseException:
        made.close()
        raise
    if status != ["200"]:
        made.close()
        raise OSError(f"the proxy answers {status[0] if status else 'nothing'}")
    return made


def _head(made: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < MAX_HEAD_BYTES:
        part = made.recv(MAX_HEAD_BYTES)
        if not part:
            break
        head += part
    return head
