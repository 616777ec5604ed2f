"""Which requests the reflector takes, decided from the HTTP request alone."""

import re
from urllib.parse import parse_qsl

from broadgauge_agent.ndt7.spec import (
    DOWNLOAD_PATH,
    EARLY_EXIT_BYTES,
    EARLY_EXIT_PARAMETER,
    MAX_QUERY_BYTES,
    UPLOAD_PATH,
)

from . import librespeed, responsiveness, speedtest_mini
from .answers import Route, words

FIRST_PAGE = (
    "broadgauge test server: ndt7 at /ndt/v7/download and /ndt/v7/upload, UDP echo, "
    "LibreSpeed at /backend/, responsiveness at /.well-known/nq, Speedtest Mini "
    f"({speedtest_mini.MARK}).\n"
)
TESTS = (DOWNLOAD_PATH, UPLOAD_PATH)

ROUTES: dict[str, Route] = {
    "/": Route(answer=lambda _: words(FIRST_PAGE)),
    "/healthz": Route(answer=lambda _: words("ok\n")),
    **librespeed.ROUTES,
    **speedtest_mini.ROUTES,
    **responsiveness.ROUTES,
}

NOT_ENCODED = re.compile("%(?![0-9A-Fa-f]{2})")


def query_fault(query: str) -> str | None:
    """What is wrong with a test's query string, if anything.

    It describes the client, and nothing of it is kept. A key that comes twice or without a value
    is the client's fault, which the protocol asks servers to overlook.
    """
    if len(query) > MAX_QUERY_BYTES:
        return f"The query string is longer than {MAX_QUERY_BYTES} bytes."
    try:
        pairs = _pairs(query)
    except ValueError:
        return "The query string is not URL-encoded UTF-8."
    if "" in pairs:
        return "The query string has an empty key."
    early = pairs.get(EARLY_EXIT_PARAMETER)
    if early is not None and early not in EARLY_EXIT_BYTES:
        return f"{EARLY_EXIT_PARAMETER} can only be {' or '.join(EARLY_EXIT_BYTES)}."
    return None


def early_exit_bytes(query: str) -> int | None:
    """After how many bytes the client wants a download to end."""
    return EARLY_EXIT_BYTES.get(_pairs(query).get(EARLY_EXIT_PARAMETER, ""))


def _pairs(query: str) -> dict[str, str]:
    if NOT_ENCODED.search(query):
        raise ValueError
    pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    return dict(reversed(pairs))  # the first of a key counts
