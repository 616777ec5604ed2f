"""What speedtest-cli reads before a test, kept short: it would take whatever a server sends."""

from collections.abc import Callable
from typing import Any

from broadgauge_agent.errors import OtherServerError

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""Several times www.speedtest.net's list of servers, the longest of what it asks for."""


class ShortAnswers:
    """Takes the place of speedtest-cli's opener of requests. `advice` goes with its error."""

    def __init__(self, open_request: Callable[[Any], Any], advice: str) -> None:
        self._open = open_request
        self._advice = advice

    def open(self, request: Any) -> Any:
        """Make one request, for an answer that isn't packed: a little of that could become much."""
        if not isinstance(request, str):
            request.remove_header("Accept-encoding")
        return _Short(self._open(request), self._advice)


class _Short:
    """An answer that ends with OtherServerError where it grows too long."""

    def __init__(self, answer: Any, advice: str) -> None:
        self._answer = answer
        self._advice = advice
        self._left = MAX_ANSWER_BYTES
        self.code = answer.code
        self.headers: dict[str, str] = {}
        """None: speedtest-cli would unpack what says it is packed."""

    def read(self, size: int | None = None) -> bytes:
        most = self._left + 1
        data: bytes = self._answer.read(most if size is None else min(size, most))
        self._left -= len(data)
        if self._left < 0:
            raise OtherServerError(
                f"what answers sent more than {MAX_ANSWER_BYTES // 2**20} MiB where a test server "
                f"has a page. {self._advice}"
            )
        return data

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self.headers.get(name, default)

    def geturl(self) -> str:
        url: str = self._answer.geturl()
        return url

    def close(self) -> None:
        self._answer.close()
