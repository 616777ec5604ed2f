"""InfluxDB 2 and what speaks its write API, such as VictoriaMetrics."""

import re
import ssl
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from math import inf
from time import time_ns
from typing import Any

import httpx2
import urllib3
from influxdb_client import InfluxDBClient
from influxdb_client import Point as LinePoint
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from .destination import PointsRefused, ServerProcess, SinkAway, TooManyPoints
from .model import Sink
from .points import MEASUREMENT, Point

CHECK = f"{MEASUREMENT}_check"
"""Measurement of the one point that says whether anything is taken."""

TIMEOUT_SECONDS = 10
MAX_REASON = 300
REFUSED = (400, 422)
TOO_MANY = 413
START = "process_start_time_seconds"
PROCESSOR = "process_cpu_seconds_total"
OUTDATED = re.compile(r"retention policy.*?\bdropped=(\d+)", re.DOTALL)
"""InfluxDB's words for points older than what a bucket keeps. The others of a lot are written."""


class InfluxDB:
    """Writes one after the other: the client's own batches wait in memory, and die with it."""

    def __init__(self, sink: Sink, token: str | None) -> None:
        trust = ssl.create_default_context()
        self._sink = sink
        self._client = InfluxDBClient(
            url=sink.url,
            token=token,
            org=sink.org,
            timeout=TIMEOUT_SECONDS * 1000,
            enable_gzip=True,
            ssl_context=trust,
        )
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)
        self._http = httpx2.Client(
            base_url=sink.url,
            headers={"authorization": f"Token {token}"} if token else {},
            timeout=TIMEOUT_SECONDS,
            transport=httpx2.HTTPTransport(verify=trust),
        )

    def write(self, points: Sequence[Point]) -> int:
        """Write points; how many of them were let go as too old."""
        try:
            self._write("\n".join(_line(point) for point in points))
        except ApiException as error:
            if outdated := OUTDATED.search(str(error.body)):
                return int(outdated[1])
            said = _said(error)
            if error.status in REFUSED:
                raise PointsRefused(said) from error
            if error.status == TOO_MANY:
                raise TooManyPoints(said) from error
            raise SinkAway(said, _retry_after(error)) from error
        return 0

    def check(self) -> None:
        """SinkAway unless a point that nobody can object to is taken now."""
        try:
            self._write(f"{CHECK} taken=true {time_ns()}")
        except ApiException as error:
            raise SinkAway(_said(error), _retry_after(error)) from error

    def process(self) -> ServerProcess | None:
        """By the metrics of the server, where it shows them."""
        answer = self._ask("/metrics")
        if not answer.is_success:
            return None
        started, processor = (_number(answer.text, name) for name in (START, PROCESSOR))
        if started is None:
            return None
        return ServerProcess(started, processor or 0.0, _answered_at(answer))

    def settle(self) -> bool:
        """By a snapshot, removed at once, where there are such: VictoriaMetrics writes everything
        out before it makes one."""
        made = self._ask("/snapshot/create")
        if not made.is_success or (name := _snapshot(made)) is None:
            return False
        self._ask("/snapshot/delete", snapshot=name)
        return True

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
        self._http.close()

    def _write(self, lines: str) -> None:
        try:
            self._write_api.write(self._sink.bucket, self._sink.org, lines.encode())
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _away(self._sink, error) from error

    def _ask(self, path: str, **parameters: str) -> httpx2.Response:
        try:
            return self._http.get(path, params=parameters)
        except httpx2.HTTPError as error:
            raise _away(self._sink, error) from error


def _line(point: Point) -> str:
    line = LinePoint(MEASUREMENT).time(point.time_ns)
    for name, tag in point.tags.items():
        line.tag(name, tag)
    for name, value in point.fields.items():
        line.field(name, value)
    return str(line.to_line_protocol())


def _away(sink: Sink, error: Exception) -> SinkAway:
    return SinkAway(f"{sink.url} doesn't answer ({_short(str(error) or type(error).__name__)}).")


def _said(error: ApiException) -> str:
    body: Any = error.body or error.reason or ""
    return f"The database answered {error.status}: {_short(str(body))}"


def _short(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= MAX_REASON else f"{plain[:MAX_REASON]}..."


def _retry_after(error: ApiException) -> int | None:
    asked = (error.headers or {}).get("Retry-After", "")
    return int(asked) if str(asked).isdigit() else None


def _answered_at(answer: httpx2.Response) -> float:
    try:
        return parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return inf


def _number(exposition: str, metric: str) -> float | None:
    found = re.search(rf"^{metric} (\S+)", exposition, re.MULTILINE)
    try:
        return float(found[1]) if found else None
    except ValueError:
        return None


def _snapshot(answer: httpx2.Response) -> str | None:
    try:
        said = answer.json()
    except ValueError:
        return None
    name = said.get("snapshot") if isinstance(said, dict) else None
    return name if isinstance(name, str) else None
