"""Which test server a page in a browser measures to."""

import re
from typing import Literal
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection

from broadgauge_wire import Reflector, Segment

from ..config import is_loopback
from ..schools.repository import list_schools, settings_for

Missing = Literal["none", "not_secure"]
"""No test server is registered for the place; or the page came over TLS and none speaks it."""

_NEAREST: tuple[Segment, ...] = ("lan", "wan", "internet")
_PLAIN_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class PageServer(Struct, frozen=True, kw_only=True):
    """A registered test server as a browser reaches it."""

    reflector: Reflector

    @property
    def address(self) -> str:
        """Its origin for WebSockets, such as `wss://tests.example.org:8485`."""
        return f"ws{self._security}://{self._host}:{self.reflector.port}"

    @property
    def policy_sources(self) -> str:
        """What a content policy must allow so that a page reaches it, and nobody else if possible:
        a policy can't name an IPv6 address."""
        schemes = (f"ws{self._security}:", f"http{self._security}:")
        if not _PLAIN_HOST.fullmatch(self.reflector.host):
            return " ".join(schemes)
        return " ".join(f"{scheme}//{self._host}:{self.reflector.port}" for scheme in schemes)

    @property
    def is_this_machine(self) -> bool:
        """Whether a test to it stays inside the browser's own machine."""
        return is_loopback(self.reflector.host)

    @property
    def _security(self) -> str:
        return "s" if self.reflector.tls else ""

    @property
    def _host(self) -> str:
        host = self.reflector.host
        return f"[{host}]" if ":" in host else host


def server_for_page(c: Connection, school_id: UUID | None, *, secure: bool) -> PageServer | Missing:
    """The nearest one that a browser can use: at the school before beyond it.

    Without a school: where there is only one, its; else one that every school has. `secure` is
    whether the page comes over TLS: browsers let such a page speak to nobody in the clear.
    """
    reflectors = settings_for(c, school_id or _only_school(c)).reflectors
    usable = [r for r in reflectors if r.tls or not secure]
    if not usable:
        return "not_secure" if reflectors else "none"
    return PageServer(reflector=min(usable, key=_preference))


def _preference(reflector: Reflector) -> tuple[bool, int]:
    # The one that most browsers trust as they are goes before the nearest: a device refuses a
    # certificate that no authority vouches for, unless IT has installed it there.
    return reflector.fingerprint is not None, _NEAREST.index(reflector.segment)


def _only_school(c: Connection) -> UUID:
    schools = list_schools(c)
    return schools[0].id if len(schools) == 1 else UUID(int=0)
