"""Talking to a running server: where it is, with which token, and what its refusals mean."""

from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec
from msgspec import Struct

from broadgauge_wire import Problem
from broadgauge_wire.spec import API_PREFIX

from ..config import ADDRESS, ADMIN_TOKEN
from ..errors import CannotStart, CollectorError, MayNotStart, ServerAway, ServerRefused

Answer = TypeVar("Answer")
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 120.0
LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")
"""Never through a proxy, whatever the environment says."""


class Where(Struct, frozen=True, kw_only=True):
    """A server and the token to use with it."""

    url: str
    token: str


def find_server(url: str | None, token: str | None, data: Path) -> Where:
    """What was given, else what the data directory of `up` or `serve` says.

    CannotStart if neither knows, MayNotStart if the token file isn't readable by this user.
    """
    return Where(
        url=(url or _read(data / ADDRESS, "BROADGAUGE_URL")).rstrip("/"),
        token=token or _read(data / ADMIN_TOKEN, "BROADGAUGE_TOKEN"),
    )


class ServerClient:
    """The API of one server. ServerAway if it doesn't answer, ServerRefused if it says no."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self._http = httpx2.Client(
            base_url=where.url,
            headers={"authorization": f"Bearer {where.token}"},
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            mounts=dict.fromkeys(LOOPBACK),
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def get(self, path: str, kind: type[Answer], **parameters: Any) -> Answer:
        """A JSON answer as the type it should be."""
        return _decode(self.raw("GET", path, parameters=parameters).content, kind)

    def send(self, method: str, path: str, kind: type[Answer], body: Any = None) -> Answer:
        """Send a JSON body, and return the answer as the type it should be."""
        return _decode(self.raw(method, path, body=body).content, kind)

    def raw(
        self, method: str, path: str, *, parameters: dict[str, Any] | None = None, body: Any = None
    ) -> httpx2.Response:
        """One request; the whole answer if it is a good one."""
        given = {key: value for key, value in (parameters or {}).items() if value is not None}
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"content-type": "application/json"}
        try:
            response = self._http.request(
                method, API_PREFIX + path, params=given, content=content, headers=headers
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ServerAway(
                f"No server answers at {self.where.url} ({error}). Is it running? "
                "Start it with 'broadgauge up', or set BROADGAUGE_URL."
            ) from error
        if response.is_success:
            return response
        raise _refusal(response)


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
            f"There is no {file}. Give the server's data directory with --data, or set {variable}."
        ) from error
