"""Talking to a running server: where it is, with which token, and what its refusals mean."""

import os
import ssl
from pathlib import Path
from typing import IO, Any, TypeVar

import httpx2
import msgspec
from msgspec import Struct

from broadgauge_host.certificates import (
    WrongCertificateError,
    parse_fingerprint,
    pinned_context,
)
from broadgauge_host.proxies import goes_direct
from broadgauge_wire import Problem
from broadgauge_wire.spec import API_PREFIX

from ..config import ADDRESS, ADMIN_TOKEN, FINGERPRINT
from ..errors import CannotStart, CollectorError, MayNotStart, ServerAway, ServerRefused

Answer = TypeVar("Answer")
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 120.0


class Where(Struct, frozen=True, kw_only=True):
    """A server, the token to use with it, and what vouches for it if the system doesn't."""

    url: str
    token: str
    fingerprint: str | None = None
    ca: str | None = None
    """A file of certificates, PEM."""


def find_server(url: str | None, token: str | None, data: Path) -> Where:
    """What was given, else what the data directory of `up` or `serve` says.

    CannotStart if neither knows, MayNotStart if the token file isn't readable by this user.
    """
    ca, fingerprint = os.environ.get("BROADGAUGE_CA"), os.environ.get("BROADGAUGE_FINGERPRINT")
    is_elsewhere = bool(url and token)
    if not (ca or fingerprint or is_elsewhere):
        fingerprint = _own_fingerprint(data)
    return Where(
        url=(url or _read(data / ADDRESS, "BROADGAUGE_URL")).rstrip("/"),
        token=token or _read(data / ADMIN_TOKEN, "BROADGAUGE_TOKEN"),
        fingerprint=fingerprint or None,
        ca=ca or None,
    )


class ServerClient:
    """The API of one server. ServerAway if it doesn't answer, ServerRefused if it says no."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self._http = _client(where)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def get(self, path: str, kind: type[Answer], **parameters: Any) -> Answer:
        """A JSON answer as the type it should be."""
        return _decode(self.raw("GET", path, parameters=parameters).content, kind)

    def send(
        self, method: str, path: str, kind: type[Answer], body: Any = None, **parameters: Any
    ) -> Answer:
        """Send a JSON body, and return the answer as the type it should be."""
        return _decode(self.raw(method, path, parameters=parameters, body=body).content, kind)

    def raw(
        self, method: str, path: str, *, parameters: dict[str, Any] | None = None, body: Any = None
    ) -> httpx2.Response:
        """One request; the whole answer if it is a good one."""
        given = {key: value for key, value in (parameters or {}).items() if value is not None}
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"content-type": "application/json"}
        response = self.exchange(method, API_PREFIX + path, content, headers, given)
        if response.is_success:
            return response
        raise _refusal(response)

    def upload(
        self, path: str, body: bytes | IO[bytes], headers: dict[str, str], **parameters: Any
    ) -> bytes:
        """Send a file as it is, a piece at a time; what is answered, if that is good."""
        given = {key: value for key, value in parameters.items() if value is not None}
        response = self.exchange("POST", API_PREFIX + path, body, headers, given)
        if response.is_success:
            return response.content
        raise _refusal(response)

    def exchange(
        self,
        method: str,
        path: str,
        content: bytes | IO[bytes] | None,
        headers: dict[str, str],
        parameters: dict[str, Any] | None = None,
    ) -> httpx2.Response:
        """One request, with other headers than the administrator's where they are given; whatever
        is answered. From any thread. ServerAway if nothing is."""
        try:
            return self._http.request(
                method, path, params=parameters, content=content, headers=headers
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _away(self.where, error) from error


def _client(where: Where) -> httpx2.Client:
    trust = _trust(where)
    try:
        return httpx2.Client(
            base_url=where.url,
            headers={"authorization": f"Bearer {where.token}"},
            verify=trust,
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            transport=httpx2.HTTPTransport(verify=trust) if goes_direct(where.url) else None,
        )
    except (ImportError, ValueError, httpx2.InvalidURL) as error:  # ImportError is for SOCKS
        raise CannotStart(
            f"The server can't be asked at {where.url}. Check that address. If it is right, the "
            "proxy that the environment or this system names can't be used: only http:// and "
            "https:// proxies can. Name one of those, or name the server in NO_PROXY."
        ) from error


def _own_fingerprint(data: Path) -> str | None:
    file = data / FINGERPRINT
    return _read(file, "BROADGAUGE_FINGERPRINT") if file.exists() else None


def _trust(where: Where) -> ssl.SSLContext | bool:
    try:
        if where.fingerprint is not None:
            return pinned_context(parse_fingerprint(where.fingerprint))
        return ssl.create_default_context(cafile=where.ca) if where.ca else True
    except (OSError, ValueError) as error:  # OSError is ssl.SSLError, too
        raise CannotStart(
            f"What should vouch for the server can't be used ({error}). Set "
            "BROADGAUGE_FINGERPRINT to what the server says at its start, or BROADGAUGE_CA to a "
            "file of certificates, PEM."
        ) from error


def _away(where: Where, error: Exception) -> ServerAway:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, WrongCertificateError):
            return ServerAway(
                f"{where.url} shows another certificate than the one with the fingerprint "
                f"{where.fingerprint}. Nothing was sent. Is this the right server, and is no "
                "filter that opens TLS in between? Its own fingerprint is said at its start."
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ServerAway(
                f"{where.url} shows a certificate that this system doesn't trust "
                f"({cause.verify_message}). Nothing was sent. Set BROADGAUGE_FINGERPRINT to what "
                "the server says at its start, or BROADGAUGE_CA to a file of certificates, PEM."
            )
        cause = cause.__cause__ or cause.__context__
    return ServerAway(
        f"No server answers at {where.url} ({error}). Is it running? "
        "Start it with 'broadgauge up', or set BROADGAUGE_URL."
    )


def _refusal(response: httpx2.Response) -> CollectorError:
    try:
        said = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        return ServerAway(
            f"{response.url} answered {response.status_code}, but not as broadgauge does. "
            "Check the address."
        )
    return ServerRefused(said.detail or said.title, response.status_code)


def _decode(body: bytes, kind: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise ServerAway(
            f"The server's answer can't be read ({error}). Is it the same version?"
        ) from error


def _read(file: Path, variable: str) -> str:
    try:
        return file.read_text().strip()
    except PermissionError as error:
        raise MayNotStart(
            f"This user may not read {file}. Run as the server's user, or set {variable}."
        ) from error
    except OSError as error:
        raise CannotStart(
            f"There is no {file.absolute()}. Give the server's data directory with --data, "
            f"or set {variable}."
        ) from error
