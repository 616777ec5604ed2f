"""Servers that aren't the district's: found by an address that somebody wrote down or gave."""

from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from broadgauge_agent.errors import AgentError, ConfigError
from broadgauge_agent.network import canonical
from broadgauge_wire import Reflector, Segment, new_id
from broadgauge_wire.spec import MAX_TEXT

from .base import Readiness
from .far_end import FarEnd

PORTS = {"http": 80, "https": 443}


class Place(Struct, frozen=True):
    """Where a server's scripts are: `url` is the folder, with a slash at its end."""

    url: str
    host: str
    port: int
    is_tls: bool

    @property
    def folder(self) -> str:
        """The path alone."""
        return urlsplit(self.url).path


def place_of(text: str) -> Place:
    """From a URL, or a host and folder. ConfigError if it is neither."""
    wrong = f"{text!r} is not a server's address. Write https://HOST/FOLDER/"
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        raise ConfigError(wrong) from None
    if not parts.hostname or port is None or parts.username or parts.query or parts.fragment:
        raise ConfigError(wrong)
    folder, _, last = parts.path.rpartition("/")
    folder = f"{folder}/" if "." in last or not last else f"{parts.path}/"
    url = f"{parts.scheme}://{parts.netloc}{folder}"
    return Place(url, parts.hostname, port, parts.scheme == "https")


def far_end_at(host: str, port: int, *, is_tls: bool = False) -> FarEnd:
    """The way to a server that nobody registered. AgentError if there is none."""
    return FarEnd(unregistered(host, port, is_tls=is_tls))


def unregistered(host: str, port: int, *, is_tls: bool = False) -> Reflector:
    """A server as the tests take one. Its id is in no result."""
    return Reflector(
        id=new_id(), name=host[:MAX_TEXT], host=host, port=port, segment="internet", tls=is_tls
    )


def readiness_to(text: str, setting: str) -> Readiness:
    """Whether an address was given, and a way leads there."""
    if not text:
        return Readiness(False, (f"no server is named: set {setting}, or for one test --server",))
    try:
        place = place_of(text)
        link = far_end_at(place.host, place.port).link
    except AgentError as error:
        return Readiness(False, (str(error),))
    if link is None:
        return Readiness(False, ("no interface leads to the server",))
    return Readiness(True, (f"goes out on {link.name} ({link.kind})",))


def path_fields(far_end: FarEnd) -> dict[str, Any]:
    """What a result says of the way it went. It names no registered server."""
    return far_end.fields() | {"reflector_id": None, "segment": segment_of(far_end)}


def segment_of(far_end: FarEnd) -> Segment | None:
    """The Internet, if the server has an address there. Where others stand isn't known."""
    return "internet" if canonical(far_end.address.ip).is_global else None
