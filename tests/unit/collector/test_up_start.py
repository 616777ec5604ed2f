"""What keeps a server from starting: one sentence and the right exit code, never a traceback."""

import json
import logging
import os
import socket
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog
from msgspec.structs import replace

from broadgauge_collector.access.access_keys import access_tokens, make_access_key
from broadgauge_collector.app import open_services
from broadgauge_collector.certificates import own_tls
from broadgauge_collector.cli import main
from broadgauge_collector.config import ServerConfig, is_loopback
from broadgauge_collector.data_directory import admin_token, locked
from broadgauge_collector.errors import CannotStart
from broadgauge_collector.local_agent import LocalAgent, prepare
from broadgauge_collector.schools.checks import check_timezone
from broadgauge_collector.schools.repository import list_links, list_reflectors, list_schools
from broadgauge_collector.seed import local_timezone, own_access_key, seed
from broadgauge_wire import new_id
from tests.running import free_ports


class Ended(NamedTuple):
    """How a command ended, and its words."""

    returncode: int
    stderr: str


Start = Callable[..., Ended]


@pytest.fixture
def start(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Run a command in this process until it ends; a traceback would come out as itself."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr("sys.argv", ["broadgauge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), capsys.readouterr().err)

    handlers, level, logging_as = (
        logging.root.handlers[:],
        logging.root.level,
        structlog.get_config(),
    )
    yield run
    logging.root.handlers, logging.root.level = handlers, level
    structlog.configure(**logging_as)


def _is_one_sentence(words: str) -> bool:
    return len(words.strip().splitlines()) == 1 and words.startswith("broadgauge: ")


@contextmanager
def _taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_port_in_use_is_named(command: str, tmp_path: Path, start: Start) -> None:
    with _taken_port() as port:
        ended = start(command, "--data", tmp_path, "--port", port)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert str(port) in ended.stderr
    assert "--port" in ended.stderr


def test_a_test_servers_port_in_use_is_named(tmp_path: Path, start: Start) -> None:
    (port,) = free_ports(1)
    with _taken_port() as taken:
        ended = start("up", "--data", tmp_path, "--port", port, "--reflector-port", taken)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert "--reflector-port" in ended.stderr


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_second_server_on_the_same_directory_is_refused(
    command: str, tmp_path: Path, start: Start
) -> None:
    (port,) = free_ports(1)
    with locked(tmp_path):
        ended = start(command, "--data", tmp_path, "--port", port)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert str(tmp_path) in ended.stderr


def test_a_directory_let_go_can_be_had_again(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    with locked(tmp_path), pytest.raises(CannotStart), locked(tmp_path):
        pass


def test_a_directory_that_is_a_file_is_a_wrong_setting(tmp_path: Path, start: Start) -> None:
    file = tmp_path / "file"
    file.touch()

    ended = start("up", "--data", file / "data")

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)


def test_a_directory_that_may_not_be_written_is_not_permitted(tmp_path: Path, start: Start) -> None:
    ended = start("up", "--data", _forbidden(tmp_path))

    assert ended.returncode == 5
    assert _is_one_sentence(ended.stderr)
    assert "--data" in ended.stderr


def _forbidden(tmp_path: Path) -> Path:
    """Where this user may make no directory: not even root may in /sys."""
    if os.geteuid() == 0:
        return Path("/sys/broadgauge")
    (tmp_path / "closed").mkdir(mode=0o500)
    return tmp_path / "closed" / "data"


def _garble(file: Path) -> None:
    file.write_bytes(b"no database " * 1000)


def _cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:6000])


def _put_a_folder_there(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [_garble, _cut_short, _put_a_folder_there])
@pytest.mark.parametrize("name", ["control.sqlite", "hot.duckdb"])
def test_a_database_that_cant_be_read_is_named(
    name: str, damage: Callable[[Path], None], tmp_path: Path, start: Start
) -> None:
    open_services(ServerConfig(data=tmp_path)).close()
    (file,) = tmp_path.rglob(name)
    damage(file)
    (port,) = free_ports(1)

    ended = start("serve", "--data", tmp_path, "--port", port)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert str(file.parent) in ended.stderr
    assert name in ended.stderr
    assert "backup" in ended.stderr


def test_a_database_of_a_newer_version_is_named(tmp_path: Path, start: Start) -> None:
    open_services(ServerConfig(data=tmp_path)).close()
    file = tmp_path / "control.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    (port,) = free_ports(1)

    ended = start("serve", "--data", tmp_path, "--port", port)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert f"{file} was written by a newer broadgauge" in ended.stderr


def test_a_results_folder_that_is_a_file_is_named(tmp_path: Path, start: Start) -> None:
    (tmp_path / "results").touch()
    (port,) = free_ports(1)

    ended = start("serve", "--data", tmp_path, "--port", port)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert str(tmp_path / "results") in ended.stderr


def test_a_lock_that_is_no_lock_is_named(tmp_path: Path, start: Start) -> None:
    _garble(tmp_path / "lock")

    ended = start("serve", "--data", tmp_path)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert str(tmp_path / "lock") in ended.stderr


def test_a_certificate_that_is_none_is_a_wrong_setting(tmp_path: Path, start: Start) -> None:
    file = tmp_path / "chain.pem"
    file.touch()
    (port,) = free_ports(1)

    tls = ("--tls-certificate", file, "--tls-key", file)
    ended = start("serve", "--data", tmp_path / "data", "--port", port, *tls)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert "certificate" in ended.stderr


@pytest.mark.parametrize("command", ["up", "serve"])
@pytest.mark.parametrize("lost", ["certificate.pem", "key.pem"])
def test_half_of_an_own_certificate_is_named_with_what_to_do(
    command: str, lost: str, tmp_path: Path, start: Start
) -> None:
    own_tls(tmp_path, ["192.0.2.1"])
    (tmp_path / "tls" / lost).unlink()
    port, reflector_port = free_ports(2)
    more = ("--reflector-port", reflector_port) if command == "up" else ()

    ended = start(command, "--data", tmp_path, "--host", "0.0.0.0", "--port", port, *more)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert str(tmp_path / "tls" / lost) in ended.stderr
    assert "backup" in ended.stderr
    assert "join again" in ended.stderr


def test_a_public_address_in_the_clear_does_not_fit_a_server_with_tls(
    tmp_path: Path, start: Start
) -> None:
    there = ("--host", "0.0.0.0", "--public-url", "http://net.example.org")
    ended = start("serve", "--data", tmp_path, *there)

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)
    assert "--insecure" in ended.stderr


def test_no_certificate_is_made_for_an_address_that_can_not_be_had(
    tmp_path: Path, start: Start
) -> None:
    assert start("serve", "--data", tmp_path, "--host", "192.0.2.1").returncode == 3
    assert not (tmp_path / "tls").exists()


def test_half_of_tls_is_a_usage_error(tmp_path: Path, start: Start) -> None:
    file = tmp_path / "chain.pem"
    file.touch()

    assert start("serve", "--data", tmp_path, "--tls-certificate", file).returncode == 2


def test_an_address_of_another_machine_is_a_wrong_setting(tmp_path: Path, start: Start) -> None:
    ended = start("serve", "--data", tmp_path, "--host", "192.0.2.1", "--insecure")

    assert ended.returncode == 3
    assert _is_one_sentence(ended.stderr)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_what_only_this_machine_can_reach(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_anything_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_the_admin_token_is_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    services = open_services(ServerConfig(data=tmp_path))
    try:
        admin_token(services)
        first = (tmp_path / "admin.token").read_text()
        admin_token(services)
        second = (tmp_path / "admin.token").read_text()
        (tmp_path / "admin.token").write_text("bgu_of_another_database\n")
        admin_token(services)
        third = (tmp_path / "admin.token").read_text()
    finally:
        services.close()

    assert stat.S_IMODE((tmp_path / "admin.token").stat().st_mode) == 0o600
    assert first == second
    assert third not in (first, "bgu_of_another_database\n")


def test_seeding_twice_changes_nothing_but_the_test_servers_port(tmp_path: Path) -> None:
    services = open_services(ServerConfig(data=tmp_path))
    try:
        with services.stores.control.begin() as c:
            first = seed(c, host="127.0.0.1", port=8485, timezone="UTC")
            second = seed(c, host="127.0.0.1", port=9999, timezone="UTC")
            (school,) = list_schools(c)
            (link,) = list_links(c)
            (reflector,) = list_reflectors(c)
    finally:
        services.close()

    assert first == second == school
    assert link.school_ids == (school.id,)
    assert school.people[0].students == 1
    assert (reflector.port, reflector.segment) == (9999, "lan")


def test_the_test_server_gets_a_key_once_others_reach_it_and_keeps_it(tmp_path: Path) -> None:
    services, now = open_services(ServerConfig(data=tmp_path)), datetime.now(UTC)
    try:
        with services.stores.control.begin() as c:
            seed(c, host="127.0.0.1", port=8485, timezone="UTC")
            alone = own_access_key(c, others_reach_it=False, now=now)
            first = own_access_key(c, others_reach_it=True, now=now)
            seed(c, host="10.20.0.1", port=8485, timezone="UTC")
            later = own_access_key(c, others_reach_it=True, now=now)
            alone_again = own_access_key(c, others_reach_it=False, now=now)
            (reflector,) = list_reflectors(c)
            (given,) = access_tokens(c, subject="agent", expires_at=now)
            made_by_hand = make_access_key(c, reflector.id, now)
            followed = own_access_key(c, others_reach_it=True, now=now)
    finally:
        services.close()

    assert alone is None
    assert first is not None
    assert first == later == alone_again
    assert (reflector.has_access_key, given.reflector_id) == (True, reflector.id)
    assert followed == made_by_hand != first


def test_this_machines_time_zone_is_one() -> None:
    assert check_timezone(local_timezone())


def test_an_agent_that_joined_before_follows_the_servers_address(tmp_path: Path) -> None:
    agent = LocalAgent(
        state=tmp_path / "agent", collector_url="http://127.0.0.1:9000", school_id=new_id()
    )
    prepare(agent)
    agent.identity.write_text('{"key": "bga_kept", "collector_url": "http://127.0.0.1:8484"}')
    prepare(agent)

    assert '"bga_kept"' in agent.identity.read_text()
    assert '"http://127.0.0.1:9000"' in agent.identity.read_text()
    assert stat.S_IMODE(agent.identity.stat().st_mode) == 0o600
    moved = replace(agent, collector_url="https://192.0.2.1:8484", fingerprint="ab" * 32)
    prepare(moved)
    known = json.loads(agent.identity.read_text())
    assert known == {
        "key": "bga_kept",
        "collector_url": moved.collector_url,
        "fingerprint": moved.fingerprint,
    }
    assert "max_seconds = 1" in (agent.state / "agent.toml").read_text()
