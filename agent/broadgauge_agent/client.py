"""HTTP to the collector: bounded in time and size, no redirects, the system's trust store."""

import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
from msgspec import Struct

from broadgauge_host.proxies import goes_direct
from broadgauge_wire import Problem, WireError, decode

from .errors import ConfigError, UnreachableError
from .identity import Identity
from .own_traffic import TRAFFIC
from .text import printable
from .tls_faults import hidden_tls, tls_fault
from .trust import tls_context
from .version import agent_version

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
WHOLE_ANSWER_SECONDS = 60.0
"""A server that dribbles bytes is given up on after this."""

CLOCK_SECONDS = 5.0
"""An answer that took longer says too little about the other clock."""

MAX_ANSWER_BYTES = 1024 * 1024
"""Far above any answer a collector gives."""


class Answer(Struct, frozen=True, kw_only=True):
    """What came back, read whole. Instants are Unix seconds by this machine's clock."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    sent_at: float
    received_at: float

    @property
    def problem(self) -> str | None:
        """The collector's own words, if this is a problem document."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return None
        try:
            said = decode(self.body, Problem)
        except WireError:
            return None
        return printable(said.detail or said.title)

    @property
    def words(self) -> str:
        """What the other side said, for a log line. Not where it redirects to: a login page's
        address may name whoever sits at this machine, and the machine."""
        if self.status // 100 == 3:
            return (
                f"redirected to another address (HTTP {self.status}), which is not followed; "
                "join with the right address"
            )
        return f"answered {self.status}" + (f": {self.problem}" if self.problem else "")

    @property
    def is_quick(self) -> bool:
        """Whether it came soon enough to say something of the other side's clock."""
        return self.received_at - self.sent_at <= CLOCK_SECONDS

    @property
    def date(self) -> float | None:
        """When the other side says that it answered, Unix seconds; None if it doesn't say."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except (ValueError, OverflowError):
            return None

    def retry_after_seconds(self, now: float) -> float | None:
        """Seconds until the other side wants to hear again, from `Retry-After` in either form."""
        said = self.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdigit():
            return float(said[:9])
        try:
            moment = parsedate_to_datetime(said)
        except (ValueError, OverflowError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())


def client_of(identity: Identity) -> httpx2.Client:
    """A client for the collector this agent has joined."""
    return collector_client(
        identity.collector_url,
        key=identity.key,
        ca=identity.ca,
        fingerprint=identity.fingerprint,
    )


def collector_client(
    url: str, *, key: str | None = None, ca: str | None = None, fingerprint: str | None = None
) -> httpx2.Client:
    """A client for one collector, which shows the certificate of this fingerprint, or one that
    `ca` (PEM) or the system vouches for. ConfigError if `ca` holds no certificate, or if the proxy
    to go through can't be used."""
    headers = {
        "user-agent": f"broadgauge-agent/{agent_version()}",
        "accept": "application/json",
        "accept-encoding": "identity",
    }
    if key:
        headers["authorization"] = f"Bearer {key}"
    trust = _trust(url, ca, fingerprint)
    try:
        return httpx2.Client(
            base_url=url,
            headers=headers,
            verify=trust,
            timeout=httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            transport=httpx2.HTTPTransport(verify=trust) if goes_direct(url) else None,
        )
    except (ImportError, ValueError, httpx2.InvalidURL) as error:  # ImportError is for SOCKS
        raise ConfigError(
            "The proxy that the environment or this system names can't be used: only http:// and "
            "https:// proxies can. Name one of those in HTTPS_PROXY and take ALL_PROXY away, or "
            "name the collector in NO_PROXY."
        ) from error


def send(
    client: httpx2.Client,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request and its whole answer, whatever its status. UnreachableError if none came,
    CertificateError if whoever is there isn't to be trusted."""
    kind = {"content-type": "application/json"} if body is not None else {}
    sent_at, began = time.time(), time.monotonic()
    try:
        with (
            TRAFFIC.sending(len(body or b"")),
            client.stream(method, path, content=body, headers={**kind, **(headers or {})}) as got,
        ):
            received = _read(got, began)
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        raise _explained(error, str(client.base_url).rstrip("/")) from error
    return Answer(
        status=got.status_code,
        body=received,
        headers={name.lower(): value for name, value in got.headers.items()},
        sent_at=sent_at,
        received_at=sent_at + (time.monotonic() - began),
    )


def _read(answer: httpx2.Response, began: float) -> bytes:
    parts, size = [], 0
    for part in answer.iter_raw():
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise UnreachableError(f"{answer.url} sent more than a collector would.")
        if time.monotonic() - began > WHOLE_ANSWER_SECONDS:
            raise UnreachableError(f"{answer.url} answered too slowly.")
    return b"".join(parts)


def _trust(url: str, ca: str | None, fingerprint: str | None) -> ssl.SSLContext | bool:
    """Whom to trust. Over plain http nobody is asked, and loading the system's hundred
    certificates would cost an idle agent megabytes."""
    if url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is None and fingerprint is None:
        return True
    return tls_context(ca=ca, fingerprint=fingerprint)


def _explained(error: Exception, url: str) -> UnreachableError:
    fault = tls_fault(error, url)
    broke_off = isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError)
    if fault is None and broke_off and url.startswith("http://"):
        fault = hidden_tls(url)
    return fault or UnreachableError(f"{url} {_why(error)}")


def _why(error: Exception) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return f"did not accept a connection within {CONNECT_SECONDS:g} s"
    if isinstance(error, httpx2.TimeoutException):
        return f"fell silent for {SILENCE_SECONDS:g} s"
    if isinstance(error, httpx2.RemoteProtocolError):
        return "could not be reached (what answers broke off, or speaks no HTTP)"
    if isinstance(error, httpx2.ProxyError):
        return f"could not be reached (the proxy in between answers {printable(str(error))[:3]})"
    return f"could not be reached ({_fault(error)})"


def _fault(error: BaseException) -> str:
    """The system's own words, from beneath the libraries' wrapping."""
    under = error.__cause__ or error.__context__
    if isinstance(error, OSError) and error.strerror:
        return printable(error.strerror)
    return _fault(under) if under else printable(str(error)) or type(error).__name__
