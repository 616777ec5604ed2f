"""A LibreSpeed server's scripts, asked over connections of our own.

https://github.com/librespeed/speedtest: garbage.php gives data; empty.php takes it, and says
nothing.
"""

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from msgspec import Struct

from broadgauge_agent.errors import OtherServerError
from broadgauge_agent.probes.other_servers import Place
from broadgauge_agent.trust import described_at
from broadgauge_agent.version import agent_version
from broadgauge_host.addresses import Address

SILENCE_SECONDS = 5.0
DATA = "garbage.php"
NOTHING = "empty.php"
SCRIPTS_ELSEWHERE = (
    "Name the folder of its scripts, garbage.php and empty.php; it is often called backend"
)


class Server(Struct, frozen=True):
    """Where the scripts are, at an address that was looked up once."""

    place: Place
    address: Address
    tls: ssl.SSLContext | None


class Connection:
    """One connection, kept open as long as the server lets it; then opened anew."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._http = http.client.HTTPConnection(server.place.host, server.place.port)

    def open(self) -> None:
        """Connect, if it isn't. OtherServerError says why not."""
        if self._http.sock is None:
            self._http.sock = _connected(self._server)

    def get(self, script: str, **query: str | int) -> http.client.HTTPResponse:
        """The answer's head has come, and is as it should be. OSError if the connection broke."""
        return self._ask("GET", f"{script}?{urlencode(query)}", script)

    def ping(self) -> None:
        """Ask for nothing, and get it."""
        _expect_nothing(self.get(NOTHING))

    def post(self, size: int, parts: Iterable[bytes]) -> None:
        """Send so many bytes, and hear that they were taken."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        _expect_nothing(self._ask("POST", NOTHING, NOTHING, parts, headers))

    def cut(self) -> None:
        """Whatever another thread does with it fails from now on."""
        if opened := self._http.sock:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """It isn't used any more."""
        self._http.close()

    def _ask(
        self,
        method: str,
        path: str,
        script: str,
        body: Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        self.open()
        named = {"User-Agent": f"broadgauge-agent/{agent_version()}"}
        with _speaking_http(script):
            self._http.request(
                method, self._server.place.folder + path, body, named | (headers or {})
            )
            answer = self._http.getresponse()
        if fault := _fault(answer, script):
            raise OtherServerError(f"{script} {fault}. {SCRIPTS_ELSEWHERE}")
        return answer


def check(server: Server) -> None:
    """OtherServerError if the two scripts aren't there, or do something else."""
    connection = Connection(server)
    try:
        connection.ping()
        connection.get(DATA, ckSize=1)
    except OSError as error:
        raise OtherServerError(f"the server broke off: {error.strerror or error}") from error
    finally:
        connection.close()


@contextlib.contextmanager
def _speaking_http(script: str) -> Iterator[None]:
    """Name an answer that isn't HTTP, and keep none of it: whoever gave it may have put in what
    it knows of this machine."""
    try:
        yield
    except http.client.RemoteDisconnected:
        raise  # an OSError, in Python's own words
    except http.client.HTTPException as error:
        kind = type(error).__name__
        raise OtherServerError(f"{script} doesn't answer as HTTP does ({kind})") from error


def _fault(answer: http.client.HTTPResponse, script: str) -> str | None:
    """In our words: a login page's address may name whoever sits at this machine."""
    if answer.status // 100 == 3:
        return f"redirects to another address (HTTP {answer.status})"
    if answer.status != http.HTTPStatus.OK:
        return f"answers {answer.status}"
    is_page = answer.getheader("content-type", "").startswith("text/")
    return "gives a web page instead of data" if script == DATA and is_page else None


def _expect_nothing(answer: http.client.HTTPResponse) -> None:
    with _speaking_http(NOTHING):
        if answer.read(1):
            raise OtherServerError(f"{NOTHING} answers something. {SCRIPTS_ELSEWHERE}")


def _connected(server: Server) -> socket.socket:
    place = server.place
    opened = socket.socket(server.address.family, socket.SOCK_STREAM)
    opened.settimeout(SILENCE_SECONDS)
    try:
        opened.connect(server.address.sockaddr)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server.tls.wrap_socket(opened, server_hostname=place.host) if server.tls else opened
    except ssl.SSLCertVerificationError as error:
        opened.close()
        shown = described_at(place.host, place.port) or "not shown again"
        raise OtherServerError(
            f"the server's certificate is not trusted here ({shown}: {error.verify_message}). If a "
            "filter opens TLS, add its authority to this system"
        ) from error
    except OSError as error:
        opened.close()
        raise OtherServerError(
            f"no connection to the server: {error.strerror or error}. Check its address"
        ) from error
