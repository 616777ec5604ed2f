"""Two collectors on one PostgreSQL: whoever is known to one of them is known to the other."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from broadgauge_wire import new_id
from tests.postgresql import PASSWORD, PostgresServer, postgres_server
from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, free_ports

PART = {
    "duration_seconds": 4.6,
    "bytes_transferred": 54_000_000,
    "throughput_bits_per_second": 96e6,
    "measured_from_seconds": 3.0,
    "measured_to_seconds": 4.5,
}
OWN_PAGE = {"sec-fetch-site": "same-origin"}


@dataclass
class Pair:
    """Two running collectors, and the database that they share."""

    database: PostgresServer
    one: Server
    other: Server


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with postgres_server() as database, ExitStack() as stack:
        url = database.database("broadgauge")
        folders = [tmp_path_factory.mktemp(name) / "data" for name in ("one", "other")]
        # Both at once, on a database in which there is nothing yet.
        one, other = (stack.enter_context(collector(folder, url)) for folder in folders)
        for server in (one, other):
            eventually(server.is_ready, "/readyz to say 200")
        yield Pair(database, one, other)


@contextmanager
def collector(data: Path, url: str) -> Iterator[Server]:
    """`broadgauge serve` on a free port, starting; stopped at the end."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [BIN / "broadgauge", "serve", "--data", data, "--port", str(port)],
        env={**os.environ, "BROADGAUGE_CONTROL_URL": url},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    server = Server(process, data, f"http://127.0.0.1:{port}")
    reader = threading.Thread(target=listen, args=(server,), daemon=True)
    reader.start()
    try:
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        reader.join(PATIENCE_SECONDS)


def listen(server: Server) -> None:
    assert server.process.stdout
    with server.process.stdout as lines:
        server.words.extend(line.rstrip() for line in lines)


def a_school(server: Server) -> str:
    """The name of a new one."""
    name = f"School {new_id()}"
    server.post("/api/v1/schools", {"name": name, "timezone": "America/Chicago"})
    return name


def an_agent(pair: Pair) -> dict[str, Any]:
    """Joined at one collector, with a token that the other made."""
    school = a_school(pair.one)
    token = pair.other.post("/api/v1/tokens", {"school": school})["token"]
    wish = {"token": token, "agent_version": "0.1.0", "name": school}
    return dict(httpx2.post(f"{pair.one.url}/api/v1/join", json=wish).json())


def settings_at(server: Server, agent: dict[str, Any]) -> httpx2.Response:
    key = {"Authorization": f"Bearer {agent['key']}"}
    return httpx2.get(f"{server.url}/api/v1/settings", headers=key)


def test_each_has_an_administrators_token_of_its_own_and_both_open_both(pair: Pair) -> None:
    assert pair.one.token != pair.other.token
    for server, beside in ((pair.one, pair.other), (pair.other, pair.one)):
        answer = httpx2.get(
            f"{server.url}/api/v1/schools", headers={"Authorization": f"Bearer {beside.token}"}
        )
        assert answer.status_code == 200


def test_a_school_made_at_one_is_seen_at_the_other(pair: Pair) -> None:
    name = a_school(pair.one)
    assert name in {school["name"] for school in pair.other.get("/api/v1/schools")}


def test_an_agent_joined_at_one_is_known_at_the_other_until_it_is_removed(pair: Pair) -> None:
    agent = an_agent(pair)
    assert settings_at(pair.one, agent).status_code == 200
    assert settings_at(pair.other, agent).status_code == 200

    pair.one.post(f"/api/v1/agents/{agent['agent_id']}/revoke", None)

    assert settings_at(pair.one, agent).status_code == 401
    eventually(lambda: settings_at(pair.other, agent).status_code == 401, "it to be removed there")


def test_a_login_link_of_one_opens_the_other_and_the_session_holds_at_both(pair: Pair) -> None:
    path = pair.one.post("/api/v1/login-links", None)["path"]
    signed_in = httpx2.get(pair.other.url + path)
    assert signed_in.status_code == 303
    cookies = dict(signed_in.cookies)
    for server in (pair.one, pair.other):
        assert httpx2.get(f"{server.url}/api/v1/schools", cookies=cookies).status_code == 200
    assert httpx2.get(pair.one.url + path).status_code == 401, "a link works once"

    httpx2.post(f"{pair.one.url}/logout", cookies=cookies, headers=OWN_PAGE)

    assert httpx2.get(f"{pair.other.url}/api/v1/schools", cookies=cookies).status_code == 401


def test_a_room_test_begun_at_one_is_finished_at_the_other(pair: Pair) -> None:
    school = a_school(pair.one)
    line = {"name": school, "segment": "lan", "schools": [school]}
    pair.one.post("/api/v1/links", line)
    tests_at = {"name": school, "host": "10.1.0.2", "port": 8485, "segment": "lan", "link": school}
    reflector = pair.one.post("/api/v1/reflectors", tests_at)
    (room,) = pair.one.post("/api/v1/rooms", {"school": school, "names": ["Room 12"]})
    wish = {"room": room["code"], "reflector_id": reflector["id"]}

    begun = httpx2.post(f"{pair.one.url}/api/v1/room-tests", json=wish)
    assert begun.status_code == 201, begun.text
    second = httpx2.post(f"{pair.other.url}/api/v1/room-tests", json=wish)
    assert "testing this room right now" in second.json()["detail"]
    # The clocks agree, so a test that took five seconds was announced five seconds ago.
    short = PART | {
        "duration_seconds": 0.9,
        "measured_from_seconds": 0.4,
        "measured_to_seconds": 0.8,
    }
    kept = httpx2.post(
        f"{pair.other.url}/api/v1/room-tests/{begun.json()['id']}",
        json={"download": short, "upload": short},
    )

    assert kept.status_code == 200, kept.text
    results = pair.other.get(f"/api/v1/results?school={quote(school)}")["results"]
    assert [result["error"] for result in results] == [None, None]


def test_while_the_database_is_away_both_say_so_and_go_on_by_themselves(pair: Pair) -> None:
    agent = an_agent(pair)
    pair.database.stop()
    for server in (pair.one, pair.other):
        refused = settings_at(server, agent)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert not server.is_ready()
    pair.database.start()
    for server in (pair.one, pair.other):
        assert settings_at(server, agent).status_code == 200
        assert server.is_ready()


def test_the_password_is_nowhere_to_be_seen(pair: Pair) -> None:
    for server in (pair.one, pair.other):
        arguments = Path(f"/proc/{server.process.pid}/cmdline").read_text()
        printed = "\n".join(server.words)
        assert "serving" in printed
        for secret in (PASSWORD, quote(PASSWORD, safe="")):
            assert secret not in arguments
            assert secret not in printed
            assert all(
                secret.encode() not in file.read_bytes()
                for file in server.data.rglob("*")
                if file.is_file()
            )


def test_a_second_server_on_one_data_directory_is_refused(pair: Pair) -> None:
    done = subprocess.run(
        [BIN / "broadgauge", "serve", "--data", pair.one.data, "--port", str(free_ports(1)[0])],
        env={**os.environ, "BROADGAUGE_CONTROL_URL": pair.database.url("broadgauge")},
        capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 3
    assert "Another broadgauge server runs on the data directory" in done.stderr
    assert PASSWORD not in done.stderr
