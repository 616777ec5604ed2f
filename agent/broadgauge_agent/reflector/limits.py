"""What one reflector lets anybody use. A reflector answers strangers, so everything has a limit."""

from msgspec import Struct

from broadgauge_agent.ndt7.spec import MAX_TEST_SECONDS, TEST_SECONDS


class Limits(Struct, frozen=True, kw_only=True):
    """Each limit with its reason."""

    connections: int = 64
    """At most this many tests and pages at once: more would only measure each other."""

    connections_per_address: int = 16
    """A school behind one address may run a few agents and a browser; nobody may take all."""

    bytes_per_connection: int = 2**36
    """64 GiB: ten seconds inside one machine (40 Gbit/s) fit, an endless flood does not."""

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

    echoes_per_second: float = 200.0
    """UDP echoes per address: ten agents of ten a second behind one address, twice over."""

    echo_burst: int = 400
    """Echoes an address may save up."""

    echo_addresses: int = 4096
    """Addresses remembered for the rate; the longest silent is forgotten first."""
