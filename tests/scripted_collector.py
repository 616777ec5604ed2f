"""A real HTTP server on loopback that answers as told: well, or in every wrong way."""

import gzip
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from broadgauge_agent.identity import Identity
from broadgauge_wire import (
    Batch,
    BatchAnswer,
    BatchKey,
    ForkRequest,
    JoinAnswer,
    JoinRequest,
    LatencyResult,
    Reflector,
    Refusal,
    Settings,
    decode,
    encode,
    new_id,
)

KEY = "bga_0123456789012345678901234567890123456789012"
COPYS_KEY = "bga_copy456789012345678901234567890123456789012"


class Request(BaseHTTPRequestHandler):
    """One request; the collector it belongs to decides."""

    protocol_version = "HTTP/1.1"
    server: "ScriptedCollector"

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["content-length"]))
        self.server.take(self)

    def do_GET(self) -> None:
        self.body = b""
        self.server.take(self)

    def date_time_string(self, timestamp: float | None = None) -> str:
        now = timestamp or time.time()
        return super().date_time_string(now + self.server.clock_ahead_seconds)

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def answer(
        self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status: int, detail: str = "", **headers: str) -> None:
        body = json.dumps({"title": "No", "status": status, "detail": detail}).encode()
        self.answer(status, body, "application/problem+json", **headers)


class Seen(NamedTuple):
    """What one request said. (A handler serves many of them, one after the other.)"""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Behaviour = Callable[[Request], None]


class ScriptedCollector(ThreadingHTTPServer):
    """Batches are answered by `script`'s behaviours one after the other, then well."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), Request)
        self.host = host
        self.script: list[Behaviour] = []
        self.joining: list[Behaviour] = []
        self.sleeping: list[Behaviour] = []
        self.slotting: list[Behaviour] = []
        self.planning: list[Behaviour] = []
        self.grouping: list[Behaviour] = []
        self.batches: list[Batch] = []
        self.requests: list[Seen] = []
        self.arrived = threading.Condition()
        self.settings = Settings()
        self.settings_status = 200
        self.forking: list[Behaviour] = []
        self.refusals: tuple[Refusal, ...] = ()
        self.store_id: uuid.UUID | None = None
        self.stored: dict[BatchKey, bytes] | None = None
        self.clock_ahead_seconds = 0.0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is part of the tests."""

    def take(self, request: Request) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Seen(request.command, request.path, headers, request.body))
        if request.path == "/api/v1/asleep" and self.sleeping:
            self.sleeping.pop(0)(request)
        elif request.path in ("/api/v1/settings", "/api/v1/asleep"):
            request.answer(self.settings_status, encode(self.settings))
        elif request.path == "/api/v1/join":
            (self.joining.pop(0) if self.joining else self.welcome)(request)
        elif request.path == "/api/v1/agents/fork":
            (self.forking.pop(0) if self.forking else self.name_the_copy)(request)
        elif request.path == "/api/v1/batches":
            self.take_batch(request)
        elif request.path == "/api/v1/plan" and self.planning:
            self.planning.pop(0)(request)
        elif request.path == "/api/v1/group-calls" and self.grouping:
            self.grouping.pop(0)(request)
        elif request.path.startswith("/api/v1/slots") and self.slotting:
            self.slotting.pop(0)(request)
        else:
            request.problem(404)

    def take_batch(self, request: Request) -> None:
        body = gzip.decompress(request.body)
        with self.arrived:
            self.batches.append(decode(body, Batch))
            behaviour = self.script.pop(0) if self.script else self.commit
        behaviour(request)
        with self.arrived:
            self.arrived.notify_all()

    def remember(self) -> None:
        """Keep a ledger from now on, as a collector does: other content under a number is a
        conflict."""
        self.stored = {}

    def commit(self, request: Request) -> None:
        batch = self.batches[-1]
        if self.stored is not None:
            body = gzip.decompress(request.body)
            if self.stored.setdefault(key_of(batch), body) != body:
                request.problem(409, "this number holds something else")
                return
        answer = BatchAnswer(
            committed=(key_of(batch),),
            refused=self.refusals,
            received_at=self.now(),
            store_id=self.store_id,
        )
        request.answer(200, encode(answer))

    def name_the_copy(self, request: Request) -> None:
        asked = decode(request.body, ForkRequest)
        answer = JoinAnswer(
            agent_id=asked.id, key=COPYS_KEY, school_id=new_id(), school="Hill",
            settings=self.settings,
        )  # fmt: skip
        request.answer(200, encode(answer))

    def welcome(self, request: Request) -> None:
        decode(request.body, JoinRequest)
        answer = JoinAnswer(
            agent_id=new_id(), key=KEY, school_id=new_id(), school="Hill", settings=self.settings
        )
        request.answer(200, encode(answer))

    def now(self) -> datetime:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.clock_ahead_seconds, UTC)

    def stored_ids(self) -> list[str]:
        """Ids of the results that are in the ledger's batches, but for inherited ones."""
        batches = [decode(body, Batch) for body in (self.stored or {}).values()]
        kept = [batch for batch in batches if not batch.inherited]
        return [json.loads(bytes(raw))["id"] for batch in kept for raw in batch.results]

    def ids(self) -> list[str]:
        """Ids of the results of all batches, in the order they came."""
        return [json.loads(bytes(raw))["id"] for batch in self.batches for raw in batch.results]

    def wait_for_batches(self, count: int, seconds: float = 20) -> None:
        with self.arrived:
            came = self.arrived.wait_for(lambda: len(self.batches) >= count, seconds)
        assert came, f"{len(self.batches)} of {count} batches came"


def key_of(batch: Batch) -> BatchKey:
    return BatchKey(
        agent_id=batch.agent_id, epoch=batch.epoch, lane=batch.lane, sequence=batch.sequence
    )


def make_result(note: str | None = None) -> LatencyResult:
    return LatencyResult(
        id=new_id(),
        started_at=datetime.now(UTC),
        duration_seconds=1.0,
        agent_version="0.1.0",
        method="udp_echo",
        server="127.0.0.1:8485",
        error=note,
    )


def make_reflector(port: int, name: str = "Core") -> Reflector:
    return Reflector(id=new_id(), name=name, host="127.0.0.1", port=port, segment="lan")


def make_identity(url: str) -> Identity:
    return Identity(
        agent_id=uuid.uuid4(), key=KEY, collector_url=url, school_id=new_id(), school="Hill"
    )
