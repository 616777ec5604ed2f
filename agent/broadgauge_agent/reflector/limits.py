"""What one reflector lets anybody use. A reflector answers strangers, so everything has a limit."""

from msgspec import Struct

from broadgauge_agent.ndt7.spec import MAX_TEST_SECONDS, TEST_SECONDS


class Limits(Struct, frozen=True, kw_only=True):
    """Each limit with its reason."""

    connections: int = 64
    """At most this many tests and pages at once: more would only measure each other. Where there is
    an access key, half of them are kept for those who show a token."""

    connections_per_address: int = 32
    """A test has up to 16 streams, while those of the last one may still be closing; a school
    behind one address has a browser or two as well. Nobody may take all. Here and below, IPv6
    addresses of one /64 network are one address."""

    bytes_per_connection: int = 2**36
    """64 GiB, in one test or in many: ten seconds inside one machine (40 Gbit/s) fit, an endless
    flood does not."""

    handshake_seconds: float = 7.0
    """A client on the worst path connects within this; a client that says nothing is let go."""

    send_seconds: float = TEST_SECONDS
    """How long a download is sent."""

    receive_seconds: float = 13.0
    """How long an upload is received: its sender stops at ten, and the protocol grants three."""

    total_seconds: float = MAX_TEST_SECONDS
    """When whatever has not ended by itself is cut off."""

    close_seconds: float = 2.0
    """How long a peer may take to answer a close."""

    http_seconds: float = 60.0
    """How long one connection may be used for plain HTTP: clients test for 15 seconds a direction,
    and some keep a connection for all of their tests."""

    keep_alive_seconds: float = 5.0
    """How long it may stay unused between two requests. It takes a place meanwhile."""

    stall_seconds: float = 10.0
    """A client that neither sends nor takes a byte for this long is let go."""

    header_bytes: int = 2**14
    """Of one request's head: the longest query string and token, and a browser's headers."""

    echoes_per_second: float = 200.0
    """UDP echoes per address: ten agents of ten a second behind one address, twice over."""

    echo_burst: int = 400
    """Echoes an address may save up."""

    echo_addresses: int = 4096
    """Addresses remembered for the rate; the longest silent is forgotten first."""

    open_bytes_per_address: int = 10 * 10**9
    """In an hour, without an access token: four tests of a gigabit line both ways, or a dozen of
    good Wi-Fi, so a browser carried from room to room gets through."""

    open_bytes_per_hour: int = 40 * 10**9
    """In an hour, all addresses without a token: a tenth of what a gigabit line carries."""

    open_testers: int = 4
    """Addresses that test without a token at once: more would only measure each other."""

    open_addresses: int = 4096
    """Addresses whose bytes are remembered; beyond it, those of all still count."""
