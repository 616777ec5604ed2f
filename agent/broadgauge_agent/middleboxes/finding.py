"""What was recognized on the way, and what IT staff can do about it."""

from typing import NamedTuple

from broadgauge_wire import Reflector
from broadgauge_wire.fields import Middlebox


class Finding(NamedTuple):
    """One middlebox. `words` are two sentences: what was seen, then what to change."""

    middlebox: Middlebox
    words: str


def where(reflector: Reflector) -> str:
    """The test server as a filter's rules name it."""
    return f"{reflector.host} port {reflector.port}"


def finding(middlebox: Middlebox, seen: str, reflector: Reflector) -> Finding:
    """What was seen, with what to change about it."""
    return Finding(middlebox, _words(middlebox, seen, where(reflector)))


def words_for(middlebox: Middlebox, server: str) -> str:
    """The same for one that an earlier test to this server recognized."""
    return _words(middlebox, SEEN[middlebox], server)


def _words(middlebox: Middlebox, seen: str, server: str) -> str:
    return f"{seen}. {ADVICE[middlebox].format(where=server)}"


SEEN: dict[Middlebox, str] = {
    "tls_inspection": "something on the way opens TLS and shows a certificate of its own",
    "websocket_blocked": "ordinary requests get through, but WebSocket connections don't",
    "upload_buffering": (
        "a proxy on the way takes uploads into its own buffer, faster than they reach the test "
        "server"
    ),
    "captive_portal": "a sign-in or block page answers in the test server's place",
    "per_flow_shaping": (
        "each connection is held to a rate of its own: several together carry several times as much"
    ),
}

ADVICE: dict[Middlebox, str] = {
    "tls_inspection": (
        "Ask whoever runs the network's filter to let {where} through without inspection"
    ),
    "websocket_blocked": (
        "Ask whoever runs the network's filter or proxy to let WebSocket connections (HTTP "
        "Upgrade) to {where} through"
    ),
    "upload_buffering": (
        "Rates are counted at the test server and stay right, but round-trip times end at the "
        "proxy: ask whoever runs it to let {where} past it"
    ),
    "captive_portal": (
        "Sign this machine in, or ask whoever runs the network's portal or filter to let {where} "
        "through without"
    ),
    "per_flow_shaping": (
        "One download or call gets no more than one connection's share: ask whoever runs the "
        "firewall or traffic shaper whether its limit on each connection is wanted, and lift it "
        "for {where} if tests should see the line"
    ),
}
