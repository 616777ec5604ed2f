"""The whole server on a port of this machine, with a small district that was posted to it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from broadgauge_collector.access.join import create_join_token, join
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_login_link, create_user_token
from broadgauge_collector.app import Services, open_services
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.schools.model import School
from broadgauge_collector.schools.repository import add_link, add_school
from broadgauge_collector.serve import listening
from broadgauge_collector.web_server import bind
from broadgauge_wire import InventoryResult, JoinAnswer, JoinRequest, Result, encode, new_id
from tests import collecting
from tests.migrated import migrated

CHICAGO = ZoneInfo("America/Chicago")
HOSTILE = "<script>window.owned=1</script><img src=x onerror=window.owned=1> & Sons"


@dataclass
class Board:
    """A running server and a district to fill."""

    url: str
    services: Services

    def school(self, name: str, students: int | None = 500, line: str | None = None) -> School:
        """A school with a line of its own to the Internet."""
        with self.services.stores.control.begin() as c:
            made = add_school(c, name=name, timezone="America/Chicago", students=students)
            add_link(c, name=line or f"Line {made.id}", segment="internet", school_ids=[made.id])
        return made

    def agent(self, school: School, name: str = "Library desk") -> JoinAnswer:
        now = self.services.now()
        with self.services.stores.control.begin() as c:
            token = create_join_token(
                c, school_id=school.id, lifetime=timedelta(hours=1), uses=1, now=now
            )
            wish = JoinRequest(token=token, agent_version="0.1.0", name=name, location="Room 12")
            return join(c, wish, now)

    def post(self, agent: JoinAnswer, *results: Result) -> None:
        """Send results as the agent would."""
        from broadgauge_collector.access.agents import get_agent

        with self.services.stores.control.connect() as c:
            sender = get_agent(c, agent.agent_id)
        batch = collecting.batch(sender, *results, epoch=new_id(), sent_at=self.services.now())
        answer = httpx2.post(
            f"{self.url}/api/v1/batches",
            content=encode(batch),
            headers={"Authorization": f"Bearer {agent.key}"},
        )
        assert answer.status_code == 200, answer.text
        assert not answer.json()["refused"], answer.text

    def get(self, path: str) -> Any:
        """What the API says."""
        with self.services.stores.control.begin() as c:
            token = create_user_token(
                c, name="test", permissions=[Permission.READ], now=self.services.now()
            )
        answer = httpx2.get(self.url + path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def login_link(self) -> str:
        with self.services.stores.control.begin() as c:
            return f"{self.url}/login?token={create_login_link(c, self.services.now())}"


@contextmanager
def board(data: Path) -> Iterator[Board]:
    """A server that listens; stopped at the end."""
    with closing(bind("127.0.0.1", 0)) as socket:
        url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        migrated(data)
        services = open_services(ServerConfig(data=data, public_url=url))
        stop = threading.Event()
        listens = threading.Event()

        async def run() -> None:
            async with listening(socket, services, None):
                listens.set()
                await asyncio.to_thread(stop.wait)

        thread = threading.Thread(target=asyncio.run, args=(run(),))
        thread.start()
        try:
            assert listens.wait(60), "the server never listened"
            yield Board(url, services)
        finally:
            stop.set()
            thread.join(30)
            services.close()


def nights(mbps: float, days: int = 12) -> list[Result]:
    """Two full readings each way on each of so many evenings, when nobody is at school, so long ago
    that the last two evaluations saw them all."""
    today = datetime.now(CHICAGO).date()
    evenings = [
        datetime.combine(today - timedelta(days=back), time(hour), CHICAGO).astimezone(UTC)
        for back in range(15, days + 15)
        for hour in (20, 21)
    ]
    return [
        collecting.throughput(
            id=new_id(),
            started_at=evening,
            segment="internet",
            location="Room 12",
            direction=direction,
            line_bits_per_second=rate * 1e6,
            throughput_bits_per_second=rate * 1e6 * 1448 / 1500,
        )
        for evening in evenings
        for direction, rate in (("download", mbps), ("upload", mbps / 2))
    ]


def inside_one_machine() -> list[Result]:
    """What `broadgauge up` measures with its own agent."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    facts = {"started_at": now, "path_kind": "loopback", "segment": "internet"}
    fast: dict[str, Any] = {"line_bits_per_second": 23e9, "throughput_bits_per_second": 22e9}
    fast |= {"bound": "at_least", "limited_by": "cpu", "ceiling_bits_per_second": None}
    return [
        collecting.throughput(id=new_id(), direction="download", **facts, **fast),
        collecting.throughput(id=new_id(), direction="upload", **facts, **fast),
        collecting.latency(id=new_id(), **facts),
        InventoryResult(
            id=new_id(), started_at=now, duration_seconds=0.1, agent_version="0.1.0",
            make="Lenovo", model="300e Gen 4", memory_bytes=8 * 2**30,
        ),
    ]  # fmt: skip


def latencies(days: int = 3) -> list[Result]:
    """A window of echoes on each of the last days."""
    now = datetime.now(UTC)
    return [
        collecting.latency(
            id=new_id(), started_at=now - timedelta(days=back, hours=1), segment="internet"
        )
        for back in range(days)
    ]
