"""One connection from its first byte to its last: what it asks for, and who answers."""

import re
import ssl
from http import HTTPStatus
from typing import Final

import h11
from msgspec.structs import replace

from .admission import Admission, Door, Meter
from .answers import PREFLIGHT, Answer, Asked, Route, words
from .answers_to_tests import Refusal
from .connection import Connection
from .exchange import Exchange
from .requests import ROUTES, TESTS, query_fault
from .websocket import serve_websocket

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")

BUSY: Final = words(
    "Too many tests at once. Try again in a minute.\n", HTTPStatus.SERVICE_UNAVAILABLE
)
USED_UP: Final = words("This is the byte limit of this server.\n", HTTPStatus.TOO_MANY_REQUESTS)
NOT_FOUND: Final = words("There is nothing here. Tests are at /ndt/v7/.\n", HTTPStatus.NOT_FOUND)


class Visit:
    """Answers one connection's requests. Its peer's faults end it and nothing else."""

    def __init__(
        self,
        connection: Connection,
        admission: Admission,
        door: Door,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.connection = connection
        self.admission = admission
        self.door = door
        self.limits = admission.limits
        self.tls = tls
        self.exchange = Exchange(connection, self.limits)
        self._meter: Meter | None = None
        """Of the last request, if that was a test that might be."""

    def serve(self) -> None:
        """Until it is over. OSError if it ends in a way that needs no goodbye."""
        self.connection.send_promptly()
        if self.tls:
            with self.connection.hurrying(self.limits.handshake_seconds):
                self.connection.start_tls(self.tls)
        try:
            self._answer_requests()
        except h11.RemoteProtocolError as error:
            fault = f"This is no HTTP request for this server: {error}.\n"
            self.exchange.refuse(words(fault, HTTPStatus(error.error_status_hint)))
        count = self._meter.take if self._meter else None
        self.connection.finish(self.limits.close_seconds, count)

    def _answer_requests(self) -> None:
        while request := self.exchange.next_request():
            self._meter = None
            asked = self._asked(request)
            if self.door.knows(asked.target):
                self.admission.vouch(self.connection)
            if not self.admission.has_place(self.connection):
                return self.exchange.refuse(BUSY)
            if asked.path in TESTS:
                return self._serve_test(asked, request)
            self._answer(asked)
            if not self.exchange.may_go_on:
                return None
        return None

    def _asked(self, request: h11.Request) -> Asked:
        path, _, query = request.target.decode("ascii").partition("?")
        host = dict(request.headers).get(b"host", b"").decode("latin-1")
        return Asked(
            method=request.method.decode("ascii"),
            path=path,
            query=query,
            address=self.connection.address,
            host=host if HOST.fullmatch(host) else _own_name(self.connection),
            is_tls=self.tls is not None,
        )

    def _answer(self, asked: Asked) -> None:
        route = ROUTES.get(asked.path)
        if route is None:
            self.exchange.answer(NOT_FOUND)
        elif asked.method not in METHODS or (asked.method == "POST" and not route.takes_upload):
            self.exchange.answer(_not_allowed(route))
        elif asked.method == "OPTIONS":
            self.exchange.answer(Answer(headers=PREFLIGHT))
        elif asked.method == "POST":
            self._take_upload(asked, route)
        else:
            self._answer_get(asked, route.answer(asked))

    def _answer_get(self, asked: Asked, answer: Answer) -> None:
        if asked.method == "HEAD" or not answer.noise_bytes:
            self.exchange.answer(answer)
        elif meter := self._admit(asked):
            with meter:
                self.exchange.answer(answer)
                self.exchange.send_noise(answer.noise_bytes, meter)

    def _take_upload(self, asked: Asked, route: Route) -> None:
        meter = self._admit(asked)
        if meter is None:
            return
        with meter:
            num_bytes = self.exchange.take_body(meter)
        if num_bytes is None:
            self.exchange.refuse(USED_UP)
        else:
            self.exchange.answer(route.answer(replace(asked, body_bytes=num_bytes)))

    def _admit(self, asked: Asked) -> Meter | None:
        """A meter for the test that may be; else the refusal is sent."""
        verdict = self.door.admit(asked.target, self.connection)
        if isinstance(verdict, Refusal):
            self.exchange.refuse(_refusal(verdict))
            return None
        self._meter = verdict
        return verdict

    def _serve_test(self, asked: Asked, request: h11.Request) -> None:
        fault = query_fault(asked.query) if asked.method == "GET" else "Tests are asked for by GET."
        if fault:
            self.exchange.refuse(words(f"{fault}\n", HTTPStatus.BAD_REQUEST))
        elif meter := self._admit(asked):
            with meter:
                serve_websocket(self.exchange, asked, request, meter)


def _not_allowed(route: Route) -> Answer:
    methods = [method for method in METHODS if method != "POST" or route.takes_upload]
    allowed = ", ".join(methods)
    return words(f"This takes {allowed}.\n", HTTPStatus.METHOD_NOT_ALLOWED, (("Allow", allowed),))


def _refusal(refusal: Refusal) -> Answer:
    seconds = refusal.retry_after_seconds
    headers = () if seconds is None else (("Retry-After", str(seconds)),)
    return words(f"{refusal.words}\n", refusal.status, headers)


def _own_name(connection: Connection) -> str:
    host, port = connection.socket.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
