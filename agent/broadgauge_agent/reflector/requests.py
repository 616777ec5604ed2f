"""Which requests the reflector takes, decided from the HTTP request alone."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from websockets.http11 import Request

from broadgauge_agent.ndt7.spec import (
    DOWNLOAD_PATH,
    MAX_QUERY_BYTES,
    SUBPROTOCOL,
    UPLOAD_PATH,
)

Answer = tuple[HTTPStatus, str]

PAGES = {
    "/": "broadgauge test server: ndt7 at /ndt/v7/download and /ndt/v7/upload, UDP echo.\n",
    "/healthz": "ok\n",
}
TESTS = (DOWNLOAD_PATH, UPLOAD_PATH)


def plain_answer(request: Request) -> Answer | None:
    """The answer to a request that is no ndt7 test, or to a faulty one; None to go on."""
    path, _, query = request.path.partition("?")
    if path in PAGES:
        return HTTPStatus.OK, PAGES[path]
    if path not in TESTS:
        return HTTPStatus.NOT_FOUND, "There is nothing here. Tests are at /ndt/v7/.\n"
    if "Upgrade" not in request.headers:
        return None  # websockets answers 426 with the header that belongs to it
    fault = _subprotocol_fault(request) or query_fault(query)
    return (HTTPStatus.BAD_REQUEST, f"{fault}\n") if fault else None


def query_fault(query: str) -> str | None:
    """What is wrong with a test's query string, if anything."""
    if len(query) > MAX_QUERY_BYTES:
        return f"The query string is longer than {MAX_QUERY_BYTES} bytes."
    try:
        keys = (
            [key for key, _ in parse_qsl(query, keep_blank_values=True, strict_parsing=True)]
            if query
            else []
        )
    except ValueError:
        return "The query string is not made of key=value pairs."
    if "" in keys:
        return "The query string has an empty key."
    if len(keys) != len(set(keys)):
        return "The query string has a key twice."
    return None


def _subprotocol_fault(request: Request) -> str | None:
    offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    if SUBPROTOCOL in (name.strip() for name in offered.split(",")):
        return None
    return f"Sec-WebSocket-Protocol must offer {SUBPROTOCOL}."
