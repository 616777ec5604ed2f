"""Whether a test server lets those test who have an access token, asked without testing."""

import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from socket import socket
from urllib.parse import urlencode

from msgspec import Struct

from .check import Check, trouble
from .reach import SECONDS

Connect = Callable[[], socket]

PATH = "/ndt/v7/download"
NOBODYS_TOKEN = "signed-by-nobody"  # noqa: S105
"""No test server with an access key takes it, and one without a key looks at none."""

ADMITTED = 426
"""What the path of a test answers to a request that doesn't ask for a WebSocket (RFC 9110): whoever
may not test is told so before."""

REFUSED = 403
MAX_WORDS = 500

CLOCK_SECONDS = 120.0
"""More than this, and a token may end early, or not be believed to have begun."""


class Said(Struct, frozen=True):
    """A test server's answer to a token, and how far its clock is ahead of this machine's."""

    status: int
    words: str
    clock_ahead_seconds: float | None

    @property
    def what(self) -> str:
        """Its first sentence, without the stop."""
        return self.words.partition(". ")[0].rstrip(".")

    @property
    def advice(self) -> str:
        """Its other sentences."""
        return self.words.partition(". ")[2] or "See what it says."


def ask_for_test(host: str, connect: Connect, context: ssl.SSLContext | None, token: str) -> Said:
    """Show a token where tests are made, and make none. OSError if there is no HTTP answer."""
    with connect() as plain:
        made = context.wrap_socket(plain, server_hostname=host) if context else plain
        with made:
            made.settimeout(SECONDS)
            asking = http.client.HTTPConnection(host)
            asking.sock = made
            try:
                return _asked(asking, f"{PATH}?{urlencode({'access_token': token})}")
            except (http.client.HTTPException, ValueError) as error:
                raise OSError(f"no HTTP answer ({error})") from error


def check_clock(name: str, said: Said) -> Iterator[Check]:
    """Nothing is said of a clock that is right, or that isn't told."""
    ahead = said.clock_ahead_seconds
    if ahead is None or abs(ahead) <= CLOCK_SECONDS:
        return
    side = "ahead of" if ahead > 0 else "behind"
    yield trouble(
        name,
        f"its clock is {abs(ahead):.0f} s {side} this machine's",
        "Turn on network time (NTP) on the test server, or here if this clock is wrong: access "
        "tokens end by the test server's clock.",
        cause="clock",
    )


def _asked(asking: http.client.HTTPConnection, target: str) -> Said:
    sent = time.time()
    asking.request("GET", target, headers={"Connection": "close"})
    answer = asking.getresponse()
    words = " ".join(answer.read(MAX_WORDS).decode("utf-8", "replace").split())
    printable = "".join(c if c.isprintable() else "?" for c in words)
    now = (sent + time.time()) / 2
    return Said(answer.status, printable, _ahead(answer.headers.get("Date"), now))


def _ahead(date: str | None, now: float) -> float | None:
    """By whole seconds, which is enough to see a clock that is wrong."""
    try:
        return parsedate_to_datetime(date).timestamp() - now if date else None
    except ValueError:
        return None
