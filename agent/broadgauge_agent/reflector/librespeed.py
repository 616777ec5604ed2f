"""The backend that LibreSpeed's clients ask (librespeed/speedtest, doc.md and backend/*.php)."""

from urllib.parse import parse_qs

import msgspec

from .answers import UNSHARED, Answer, Asked, Route, noise

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
    """The caller's own address, which it has a right to, and a page that it opened has not. Of its
    provider nothing is known here."""
    return Answer(
        content_type="application/json; charset=utf-8",
        headers=UNSHARED,
        body=msgspec.json.encode({"processedString": asked.address, "rawIspInfo": ""}),
    )


FILES = {
    "garbage.php": Route(answer=garbage),
    "empty.php": Route(answer=empty, takes_upload=True),
    "getIP.php": Route(answer=own_address),
}
ROUTES = {f"{folder}/{name}": route for folder in ("", "/backend") for name, route in FILES.items()}
"""Pages look for them in a folder of this name; command line clients in what they are given."""
