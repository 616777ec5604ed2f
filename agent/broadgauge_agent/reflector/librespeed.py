"""The backend that LibreSpeed's clients ask (librespeed/speedtest, doc.md and backend/*.php)."""

from ipaddress import IPv6Address, ip_address
from urllib.parse import parse_qs

import msgspec

from .answers import Answer, Asked, Route, noise

CHUNK_BYTES = 2**20
DEFAULT_CHUNKS = 4
MAX_CHUNKS = 1024


def garbage(asked: Asked) -> Answer:
    """As many chunks as asked for; what is no number of them means the default."""
    given = parse_qs(asked.query).get("ckSize", [""])[0]
    is_number = given.isascii() and given.isdigit() and len(given) <= 9
    chunks = min(int(given), MAX_CHUNKS) if is_number else 0
    return noise((chunks or DEFAULT_CHUNKS) * CHUNK_BYTES)


def empty(_asked: Asked) -> Answer:
    """Nothing: it is asked for its round trip, or for having taken an upload."""
    return Answer()


def own_address(asked: Asked) -> Answer:
    """The caller's own address, which it has a right to. Of its provider nothing is known here."""
    address = {"processedString": plain_address(asked.address), "rawIspInfo": ""}
    return Answer(content_type="application/json; charset=utf-8", body=msgspec.json.encode(address))


def plain_address(address: str) -> str:
    """The address as people write it, where an IPv6 socket has taken an IPv4 connection."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


FILES = {
    "garbage.php": Route(answer=garbage),
    "empty.php": Route(answer=empty, takes_upload=True),
    "getIP.php": Route(answer=own_address),
}
ROUTES = {f"{folder}/{name}": route for folder in ("", "/backend") for name, route in FILES.items()}
"""Pages look for them in a folder of this name; command line clients in what they are given."""
