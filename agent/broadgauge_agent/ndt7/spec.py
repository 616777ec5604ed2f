"""Constants of the protocol, each with its reason."""

from urllib.parse import urlencode

from broadgauge_wire.spec import ACCESS_PARAMETER

SUBPROTOCOL = "net.measurementlab.ndt.v7"
DOWNLOAD_PATH = "/ndt/v7/download"
UPLOAD_PATH = "/ndt/v7/upload"

TEST_SECONDS = 10.0
"""The sender sends this long, from the completed handshake."""

MAX_TEST_SECONDS = 15.0
"""The reference implementation ends whatever has not ended by itself after this."""

MIN_MESSAGE_BYTES = 2**13
MAX_SCALED_MESSAGE_BYTES = 2**20
SCALING_FRACTION = 16
"""Messages start small and double while they are no more than 1/16 of what was sent: slow paths
get many short messages, fast ones few long ones."""

MAX_MESSAGE_BYTES = 2**24
"""Each side must accept messages up to this size, and no more."""

MAX_QUERY_BYTES = 4096
"""Longest query string a server has to take."""

EARLY_EXIT_PARAMETER = "early_exit"
EARLY_EXIT_BYTES = {"250": 250_000_000}
"""What a client may ask a download to end at. Not in the protocol's text, but in its servers: any
other value is a bad request."""

MEAN_SAMPLING_SECONDS = 0.105
MIN_SAMPLING_SECONDS = 0.050
MAX_SAMPLING_SECONDS = 0.250
"""Measurement messages come at memoryless times, so that they see time averages without bias, and
as often as the protocol lets them: ten a second on average, with these limits."""

ORIGIN_SERVER = "server"
ORIGIN_CLIENT = "client"


def next_message_bytes(message_bytes: int, sent_bytes: int) -> int:
    """Size of the next binary message, given the last one's and all that was sent."""
    at_most = min(MAX_SCALED_MESSAGE_BYTES, sent_bytes // SCALING_FRACTION)
    return (
        message_bytes
        if message_bytes >= MAX_SCALED_MESSAGE_BYTES or message_bytes > at_most
        else message_bytes * 2
    )


def message_sizes() -> tuple[int, ...]:
    """Every size a scaled binary message can have, smallest first."""
    first, last = MIN_MESSAGE_BYTES.bit_length() - 1, MAX_SCALED_MESSAGE_BYTES.bit_length() - 1
    return tuple(2**power for power in range(first, last + 1))


def test_url(
    host: str,
    port: int,
    direction: str,
    *,
    tls: bool,
    access_token: str | None = None,
    **metadata: str,
) -> str:
    """`ws[s]://host:port/ndt/v7/<direction>?metadata`; an IPv6 address gets its brackets.

    With an access token the URL is a secret: it belongs in no log, error or result.
    """
    scheme = "wss" if tls else "ws"
    name = f"[{host}]" if ":" in host else host
    path = DOWNLOAD_PATH if direction == "download" else UPLOAD_PATH
    said = metadata | ({ACCESS_PARAMETER: access_token} if access_token else {})
    query = f"?{urlencode(said)}" if said else ""
    return f"{scheme}://{name}:{port}{path}{query}"
