"""Asking M-Lab which of its servers is nearest: the Locate API, version 2.

https://github.com/m-lab/locate/blob/main/USAGE.md
"""

from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from broadgauge_agent.client import Answer, collector_client, send
from broadgauge_agent.errors import ConfigError, NoCapacityError, UnreachableError
from broadgauge_agent.ndt7.spec import DOWNLOAD_PATH, UPLOAD_PATH
from broadgauge_agent.text import printable
from broadgauge_agent.version import agent_version
from broadgauge_wire import Direction
from broadgauge_wire.spec import MAX_TEXT

CLIENT_NAME = "broadgauge-agent"
NO_CONTENT = 204
BUSY = (NO_CONTENT, 429, 503)
MAX_HOST = MAX_TEXT - len("[]:65535")
"""Characters of a server's name: a result says it with its port."""

KEYS: dict[Direction, str] = {
    "download": f"wss://{DOWNLOAD_PATH}",
    "upload": f"wss://{UPLOAD_PATH}",
}


class Target(Struct, frozen=True):
    """One server: the addresses of its tests over TLS, with M-Lab's own access token in each."""

    machine: str
    urls: dict[Direction, str]


class _Found(Struct, frozen=True):
    machine: str
    urls: dict[str, str]


class _Nearest(Struct, frozen=True):
    results: tuple[_Found, ...] = ()


def nearest(locate_url: str, *, ca: str | None = None) -> tuple[Target, ...]:
    """The nearest servers, the nearest first.

    NoCapacityError if there is none just now, UnreachableError if nobody answers as M-Lab does,
    ConfigError if the address is none.
    """
    parts = urlsplit(locate_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{locate_url!r} is no address: correct probes.mlab.locate_url")
    query = urlencode({"client_name": CLIENT_NAME, "client_version": agent_version()})
    with collector_client(f"{parts.scheme}://{parts.netloc}", ca=ca) as client:
        return _targets(send(client, "GET", f"{parts.path}?{query}"))


def _targets(answer: Answer) -> tuple[Target, ...]:
    if answer.status in BUSY:
        raise NoCapacityError(_later(answer))
    try:
        found = msgspec.json.decode(answer.body, type=_Nearest).results
    except msgspec.DecodeError as error:
        raise UnreachableError(
            f"M-Lab's locate service answered {answer.status}, and not as it does: "
            f"{printable(str(error))}. "
            "A filter or a login page may answer in its place"
        ) from error
    usable = tuple(_target(one) for one in found if _is_usable(one))
    if not usable:
        raise NoCapacityError("M-Lab names no server that tests over TLS just now")
    return usable


def _is_usable(found: _Found) -> bool:
    """Whether it tests both ways, over TLS. A server's address is checked: it came from afar."""
    return all(_is_over_tls(found.urls.get(key, "")) for key in KEYS.values())


def _is_over_tls(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_host = 0 < len(parts.hostname or "") <= MAX_HOST
    is_plain = not (parts.username or parts.password or parts.fragment)
    return parts.scheme == "wss" and is_host and is_plain and port != 0


def _target(found: _Found) -> Target:
    return Target(found.machine, {direction: found.urls[key] for direction, key in KEYS.items()})


def _later(answer: Answer) -> str:
    asked = answer.retry_after_seconds(answer.received_at)
    wait = f", and asks to wait {asked / 60:.0f} minutes" if asked else ""
    return f"M-Lab has no capacity for a test just now (it answers {answer.status}{wait})"
