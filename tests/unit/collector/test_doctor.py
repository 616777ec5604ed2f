"""What `broadgauge doctor` finds. Each fault is one trouble, with what to do about it."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from broadgauge_collector.app import open_services
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.data_directory import admin_token, note_address
from broadgauge_collector.doctor import Plan, examine
from broadgauge_collector.doctor.fleet import check_agents, check_clocks, check_versions
from broadgauge_collector.doctor.gaps import check_gaps, check_school_networks
from broadgauge_collector.doctor.measured import Seen, seen_in_file
from broadgauge_collector.doctor.stores import Facts
from broadgauge_collector.schools.model import Agent, Link, People, Reflector, School, SchoolNetwork
from broadgauge_host.diagnosis import Check
from broadgauge_host.own_certificate import own_certificate
from broadgauge_wire import Segment, new_id
from tests.api_client import serving
from tests.authorities import DAY, Authority
from tests.collecting import an_agent, batch, latency
from tests.running import BIN, PATIENCE_SECONDS, Server, free_ports, running

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
NOBODY = 65534
COMPUTER = "This computer"
GUIDE = Path(__file__).parents[3].joinpath("docs/how-to/troubleshoot.md").read_text()


def troubles(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks if check.state == "trouble"}


def look(data: Path, certificate: Path | None = None) -> dict[str, Check]:
    """The troubles of a server that doesn't run, but for that."""
    found = troubles(list(examine(Plan(data=data, certificate=certificate, key=certificate))))
    assert found.pop("server").detail == "doesn't run"
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a server that ran once."""
    data = tmp_path_factory.mktemp("made") / "data"
    data.mkdir(mode=0o700)
    services = open_services(ServerConfig(data=data))
    admin_token(services)
    note_address(services.config)
    services.close()
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "data"
    shutil.copytree(made, copy)
    return copy


NEW_SERVER = {"schools", "agents"}
"""What a server has trouble with before anybody set it up."""


def test_a_new_server_lacks_only_schools_and_agents(data: Path) -> None:
    found = list(examine(Plan(data=data)))

    assert set(troubles(found)) == {"server", *NEW_SERVER}
    assert {check.name for check in found if check.state == "unknown"} == set()


def open_directory(data: Path) -> None:
    data.chmod(0o755)


def open_token(data: Path) -> None:
    (data / "admin.token").chmod(0o644)


def foreign_file(data: Path) -> None:
    os.chown(data / "control.sqlite", NOBODY, NOBODY)


def damaged_control(data: Path) -> None:
    with (data / "control.sqlite").open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(40960))


def newer_control(data: Path) -> None:
    with sqlite3.connect(data / "control.sqlite") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()


def damaged_results(data: Path) -> None:
    (data / "results" / "hot.duckdb").write_bytes(b"no database at all" * 1000)


def key_of_another(data: Path) -> None:
    own_certificate(data / "tls", "one", ["localhost"])
    other = own_certificate(data.parent / "other", "two", ["localhost"])
    shutil.copy(other.key, data / "tls" / "key.pem")


FAULTS: dict[Callable[[Path], None], tuple[str, str, str]] = {
    open_directory: ("data directory", "mode 0755", "chmod 700"),
    open_token: ("data directory", "admin.token", "chmod 600"),
    foreign_file: ("data directory", "control.sqlite", "chown -R 0:0"),
    damaged_control: ("control database", "control.sqlite", "backup"),
    newer_control: ("control database", "newer broadgauge", "Start that version"),
    damaged_results: ("results database", "can't be opened", "backup"),
    key_of_another: ("certificate", "key.pem", "its own key"),
}


@pytest.mark.parametrize("arrange", FAULTS, ids=lambda arrange: arrange.__name__)
def test_each_fault_is_one_trouble_with_what_to_do(
    arrange: Callable[[Path], None], data: Path
) -> None:
    name, detail, advice = FAULTS[arrange]
    arrange(data)

    found = look(data)

    assert set(found) - NEW_SERVER == {name}
    assert detail in found[name].detail
    assert advice in (found[name].advice or "")
    assert f"`{name}`" in GUIDE


def test_an_expired_certificate_is_to_be_renewed(data: Path) -> None:
    Authority("District").context(data, "localhost", begins=-9 * DAY, ends=-DAY)

    found = look(data, certificate=data / "localhost.pem")

    assert "expired" in found["certificate"].detail
    assert found["certificate"].advice == "Renew it."


def test_a_small_disk_is_told(made: Path, tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", tmp_path], check=True)
    try:
        shutil.copytree(made, tmp_path / "data")
        found = look(tmp_path / "data")
    finally:
        subprocess.run(["umount", tmp_path], check=True)

    assert "0.1 GB free" in found["disk"].detail
    assert "Free some room" in (found["disk"].advice or "")


def test_no_data_directory_is_one_trouble(tmp_path: Path) -> None:
    found = troubles(list(examine(Plan(data=tmp_path / "none"))))

    assert list(found) == ["data directory"]
    assert "--data DIR" in (found["data directory"].advice or "")


def test_a_wrong_settings_file_is_told(data: Path) -> None:
    (data / "server.toml").write_text("prot = 8484\n")
    done = doctor(data)

    assert done.returncode == 1
    assert "trouble settings: " in done.stdout
    assert 'Did you mean "port"' in done.stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("up") / "data"
    with running(data) as server:
        yield server


def test_a_running_server_with_its_agent_has_no_trouble(server: Server) -> None:
    done = doctor(server.data, "--json")
    found = {check["name"]: check["state"] for check in json.loads(done.stdout)}

    assert done.returncode == 0, done.stdout
    assert set(found.values()) == {"ok"}
    assert [name for name in found if f"`{name.replace(COMPUTER, 'NAME')}`" not in GUIDE] == []
    assert {"administrator's token", "results database", "server, TCP"} < set(found)
    assert {"test server This computer, UDP echo", "agents", "schools"} < set(found)


def test_a_token_that_opens_nothing_and_a_wrong_port_are_told(server: Server) -> None:
    token, address = server.data / "admin.token", server.data / "address"
    kept = token.read_text(), address.read_text()
    try:
        token.write_text("bgu_wrong\n")
        by_token = troubles(list(examine(Plan(data=server.data))))
        token.write_text(kept[0])
        (port,) = free_ports(1)
        address.write_text(f"http://127.0.0.1:{port}\n")
        by_address = troubles(list(examine(Plan(data=server.data))))
    finally:
        token.write_text(kept[0])
        address.write_text(kept[1])

    assert list(by_token) == ["administrator's token"]
    assert "makes a new token" in (by_token["administrator's token"].advice or "")
    assert list(by_address) == ["server, TCP"]
    assert "refuses connections" in by_address["server, TCP"].detail


def test_a_test_server_that_is_away_is_told(server: Server) -> None:
    (port,) = free_ports(1)
    made = {"name": "Away", "host": "127.0.0.1", "port": port, "segment": "wan"}
    reflector = server.post("/api/v1/reflectors", made)
    try:
        found = troubles(list(examine(Plan(data=server.data))))
    finally:
        server.request("DELETE", f"/api/v1/reflectors/{reflector['id']}")

    assert list(found) == ["test server Away, TCP"]
    assert "broadgauge-agent reflector" in (found["test server Away, TCP"].advice or "")


def a_school(name: str = "Lincoln", **about: object) -> School:
    people = (People(since=TODAY - DAY, students=420),)
    return replace(School(id=new_id(), name=name, timezone="UTC", people=people), **about)


def a_line(school: School, segment: Segment = "wan") -> Link:
    return Link(id=new_id(), name="Circuit", segment=segment, school_ids=(school.id,))


def a_test_server(segment: Segment = "wan", fingerprint: str | None = None) -> Reflector:
    return Reflector(
        id=new_id(),
        name="Core",
        host="10.0.0.5",
        port=8485,
        segment=segment,
        fingerprint=fingerprint,
    )


def a_district() -> Facts:
    school = a_school()
    agent = replace(an_agent(), school_id=school.id, last_seen_at=NOW)
    return Facts((school,), (a_line(school),), (a_test_server(),), (agent,))


def gaps(facts: Facts) -> list[str]:
    return list(troubles(list(check_gaps(facts, TODAY))))


def test_each_gap_in_what_is_set_up_is_named() -> None:
    whole = a_district()
    (school,) = whole.schools

    assert gaps(whole) == []
    assert all(f"`{name}`" in GUIDE for name in gaps(Facts((a_school(),), (a_line(school),))))
    assert gaps(replace(whole, schools=())) == ["schools"]
    assert gaps(replace(whole, schools=(replace(school, people=()),))) == ["schools without people"]
    assert gaps(replace(whole, agents=())) == ["schools without agents"]
    assert gaps(replace(whole, links=())) == ["schools without lines"]
    assert gaps(replace(whole, reflectors=())) == ["lines without a test server"]
    assert gaps(replace(whole, reflectors=(a_test_server("lan"),))) == [
        "lines without a test server"
    ]


@pytest.mark.parametrize(
    ("url", "facts", "well"),
    [
        ("http://10.0.0.9:8484", Facts(), False),
        ("https://8.8.8.8:8484", Facts(), False),
        ("https://10.0.0.9:8484", Facts(), True),
        ("http://10.0.0.9:8484", Facts(reflectors=(a_test_server("lan", "0" * 64),)), True),
        ("http://10.0.0.9:8484", Facts(reflectors=(a_test_server("internet", "0" * 64),)), False),
        (
            "http://10.0.0.9:8484",
            Facts(
                networks=(SchoolNetwork(id=new_id(), subnet="10.0.0.0/16", note="", caution=None),)
            ),
            True,
        ),
    ],
)
def test_agents_that_nothing_would_wake_are_told_of(url: str, facts: Facts, well: bool) -> None:
    (found,) = check_school_networks(facts, url)

    assert found.state == ("ok" if well else "trouble")
    assert well or "broadgauge networks add" in (found.advice or "")


def test_silent_agents_are_named_and_sleeping_ones_are_well() -> None:
    heard = replace(an_agent(), last_seen_at=NOW)
    silent = replace(an_agent(), name="Room 12", last_seen_at=NOW - 3 * DAY)
    asleep = replace(an_agent(), last_seen_at=NOW - 3 * DAY, asleep_since=NOW - 3 * DAY)

    (one_silent,) = check_agents((heard, silent, asleep), NOW)
    (none_silent,) = check_agents((heard, asleep), NOW)

    assert one_silent.state == "trouble"
    assert "Room 12" in one_silent.detail
    assert "1 asleep" in one_silent.detail
    assert none_silent.state == "ok"


def off_by(agent: Agent, seconds: float) -> Seen:
    return Seen(agent.id, agent.school_id, "10.0.0.5:8485", "udp_echo", seconds)


def test_the_clock_that_differs_from_most_is_the_wrong_one() -> None:
    agents = tuple(replace(an_agent(), name=f"Room {number}") for number in range(3))

    (one,) = check_clocks(agents, [off_by(agents[0], 3600), *(off_by(a, 0.1) for a in agents[1:])])
    (server,) = check_clocks(agents, [off_by(agent, -3600) for agent in agents])
    (none,) = check_clocks(agents, [off_by(agent, 0.2) for agent in agents])

    assert (one.name, "Room 0" in one.detail) == ("clocks of agents", True)
    assert (server.name, server.state) == ("clock", "trouble")
    assert "behind that of most agents" in server.detail
    assert none.state == "ok"


def test_clocks_are_known_without_a_running_server(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with serving(tmp_path) as api:
        agent, key = api.agent(api.school())
        sent = latency(started_at=now - timedelta(minutes=5), clock_offset_seconds=90.0)
        assert api.send(batch(agent, sent, sent_at=now), key).status_code == 200

    (seen,) = seen_in_file(tmp_path)

    assert (seen.agent_id, seen.clock_offset_seconds) == (agent.id, 90.0)


def test_agents_of_another_version_are_counted() -> None:
    (found,) = check_versions((replace(an_agent(), version="0.0.1"),))

    assert found.state == "ok"
    assert "1 of 0.0.1" in found.detail


def doctor(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("BROADGAUGE")}
    return subprocess.run(
        [BIN / "broadgauge", "doctor", "--data", data, *arguments],
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
