"""What people type: every command, its exit code, and a sentence that helps when it can't."""

import errno
import json
import os
import stat
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from broadgauge_agent.cli import cli
from broadgauge_agent.client import collector_client, send
from broadgauge_agent.errors import (
    ConfigError,
    NotJoinedError,
    StateError,
    StateNotPermittedError,
    UnreachableError,
)
from broadgauge_agent.identity import load_identity, load_settings, save_identity, save_settings
from broadgauge_agent.join import collector_address, is_readable_on_the_way
from broadgauge_agent.manual import parse_server
from broadgauge_agent.spool import Spool
from broadgauge_agent.state import make_state_directory, write_private
from broadgauge_agent.words import throughput_line, throughput_lines
from broadgauge_wire import Direction, JoinRequest, Settings, decode
from tests import collecting
from tests.running import BIN, PATIENCE_SECONDS
from tests.scripted_collector import (
    KEY,
    ScriptedCollector,
    make_identity,
    make_reflector,
    make_result,
)

AGENT = str(BIN / "broadgauge-agent")
TOKEN = "bgj_secret"


def run(
    *arguments: str | Path, given: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("BROADGAUGE")}
    return subprocess.run(
        [AGENT, *map(str, arguments)],
        input=given,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def join(collector: ScriptedCollector, state: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run("join", collector.url, "--token", "-", "--state", state, *more, given=TOKEN + "\n")


@pytest.mark.parametrize("command", [None, *sorted(cli.commands)])
def test_every_command_has_help_with_an_example(command: str | None) -> None:
    done = run(*([command] if command else []), "--help")
    assert done.returncode == 0
    assert "Example:" in done.stdout
    assert "broadgauge-agent " + (command or "join") in done.stdout


def test_joining_keeps_the_key_for_the_owner_alone(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    collector.settings = Settings(reflectors=(make_reflector(8485),))
    state = tmp_path / "new"
    done = join(collector, state, "--location", "Room 12", "--name", "Cart 3", "--school", "Hill")
    assert done.returncode == 0, done.stderr
    assert "Joined" in done.stderr
    assert KEY not in done.stdout + done.stderr
    asked = decode(collector.requests[0].body, JoinRequest)
    assert (asked.token, asked.location, asked.name, asked.school) == (
        TOKEN,
        "Room 12",
        "Cart 3",
        "Hill",
    )
    file = state / "identity.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    identity = load_identity(state)
    assert (identity.key, identity.collector_url, identity.location) == (
        KEY,
        collector.url,
        "Room 12",
    )
    assert load_settings(state) == collector.settings


def test_no_name_is_sent_that_nobody_gave(tmp_path: Path, collector: ScriptedCollector) -> None:
    join(collector, tmp_path)
    assert decode(collector.requests[0].body, JoinRequest).name is None


def test_the_token_can_come_from_the_environment(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    done = run("join", collector.url, "--state", tmp_path, BROADGAUGE_TOKEN=TOKEN)
    assert done.returncode == 0
    assert decode(collector.requests[0].body, JoinRequest).token == TOKEN


def test_a_second_join_needs_force_and_uses_no_token_without(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    join(collector, tmp_path)
    former = load_identity(tmp_path)
    refused = join(collector, tmp_path)
    assert refused.returncode == 3
    assert "--force" in refused.stderr
    assert len(collector.requests) == 1
    assert load_identity(tmp_path) == former
    assert join(collector, tmp_path, "--force").returncode == 0
    assert load_identity(tmp_path).agent_id != former.agent_id


@pytest.mark.parametrize("status", [401, 403, 409, 410, 422])
def test_a_token_that_is_not_accepted_says_the_collectors_reason(
    tmp_path: Path, collector: ScriptedCollector, status: int
) -> None:
    collector.joining = [lambda request: request.problem(status, "This token expired yesterday.")]
    done = join(collector, tmp_path)
    assert done.returncode == 5
    assert "This token expired yesterday." in done.stderr
    assert TOKEN not in done.stderr
    assert not (tmp_path / "identity.json").exists()


def test_a_server_that_is_no_collector_is_told_apart(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    collector.joining = [lambda request: request.answer(200, b"<html>", "text/html")]
    done = join(collector, tmp_path)
    assert done.returncode == 4
    assert "not as a broadgauge collector does" in done.stderr
    collector.joining = [lambda request: request.answer(404, b"<html>", "text/html")]
    assert join(collector, tmp_path).returncode == 4
    collector.joining = [lambda request: request.answer(301, location="https://x.example")]
    assert "not followed" in join(collector, tmp_path).stderr


def test_nobody_there_is_exit_code_4(tmp_path: Path) -> None:
    done = run("join", "http://127.0.0.1:1", "--token", TOKEN, "--state", tmp_path)
    assert done.returncode == 4
    assert "Connection refused" in done.stderr
    assert "Check the address" in done.stderr


def test_an_unwritable_state_directory_is_found_before_the_token_is_used(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    (tmp_path / "file").touch()
    done = join(collector, tmp_path / "file")
    assert done.returncode == 3
    assert "cannot be written" in done.stderr
    assert collector.requests == []


@pytest.mark.parametrize(
    "url", ["ftp://x", "broadgauge.org", "http://", "https://a:b@x/", "https://x/?q=1", ""]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not a collector's address"):
        collector_address(url)


def test_plain_http_is_warned_of_unless_it_stays_on_this_computer() -> None:
    assert is_readable_on_the_way("http://10.0.0.5:8484")
    assert not is_readable_on_the_way("https://10.0.0.5:8484")
    assert not is_readable_on_the_way("http://127.0.0.1:8484")
    assert not is_readable_on_the_way("http://[::1]:8484")


def test_a_proxy_is_never_asked_for_this_computer(
    collector: ScriptedCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with collector_client(collector.url, key=KEY) as client:
        assert send(client, "GET", "/api/v1/settings").status == 200


def test_an_authority_that_is_none_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="no PEM certificate"):
        collector_client("https://x", ca="not a certificate")


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_command_that_needs_an_identity_says_how_to_get_one(tmp_path: Path, command: str) -> None:
    done = run(command, "--state", tmp_path)
    assert done.returncode == 3
    assert "broadgauge-agent join URL --token TOKEN" in done.stderr
    with pytest.raises(NotJoinedError):
        load_identity(tmp_path)


def test_a_damaged_identity_says_how_to_mend_it(tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_text('{"key": 3}')
    with pytest.raises(StateError, match="--force"):
        load_identity(tmp_path)


def test_damaged_settings_are_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{")
    assert load_settings(tmp_path) == Settings()


def test_a_wrong_setting_stops_run_with_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("[probes.latency]\ninterval = 3\n")
    done = run("run", "--state", tmp_path)
    assert done.returncode == 3
    assert "interval_seconds" in done.stderr
    named = run("run", "--state", tmp_path, "--config", tmp_path / "none.toml")
    assert named.returncode == 3
    assert "no configuration file" in named.stderr


def test_the_state_directory_stands_before_the_command_after_it_or_in_the_environment(
    tmp_path: Path,
) -> None:
    for done in (
        run("--state", tmp_path, "status"),
        run("status", "--state", tmp_path),
        run("status", BROADGAUGE_AGENT_STATE=str(tmp_path)),
        run("--state", "/elsewhere", "status", "--state", tmp_path),
    ):
        assert str(tmp_path) in done.stderr


def test_usage_errors_are_exit_code_2() -> None:
    assert run("join").returncode == 2
    assert run("measure", "--direction", "sideways").returncode == 2
    assert run("fly").returncode == 2


def test_status_tells_what_is_known_while_the_agent_runs(tmp_path: Path) -> None:
    identity = make_identity("http://127.0.0.1:1")
    save_identity(tmp_path, identity)
    save_settings(tmp_path, Settings(reflectors=(make_reflector(8485, "Core"),)))
    spool = Spool(tmp_path, identity.agent_id)
    spool.put([make_result(), make_result()])
    spool.note("last:latency", [make_result("nobody answered")])
    done = run("status", "--json", "--state", tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["running"] is True
    assert said["agent_id"] == str(identity.agent_id)
    assert said["waiting_results"] == 2
    assert said["refused_results"] == 0
    assert said["test_servers"] == ["Core"]
    assert said["last_results"]["latency"][0]["error"] == "nobody answered"
    assert KEY not in done.stdout
    spool.close()
    words = run("status", "--state", tmp_path).stdout
    assert "no: start it" in words
    assert "nobody answered" in words


def test_status_before_the_first_run(tmp_path: Path) -> None:
    save_identity(tmp_path, make_identity("http://127.0.0.1:1"))
    said = json.loads(run("status", "--json", "--state", tmp_path).stdout)
    assert (said["running"], said["waiting_results"], said["last_shipped_at"]) == (False, 0, None)


def test_measure_needs_no_joining_and_prints_json(tmp_path: Path, reflector_port: int) -> None:
    address = f"127.0.0.1:{reflector_port}"
    (tmp_path / "agent.toml").write_text("[probes.throughput]\nmax_seconds = 1\n")
    done = run(
        "measure", "--server", address, "--direction", "upload", "--json", "--state", tmp_path
    )
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert (result["direction"], result["trigger"]) == ("upload", "manual")
    assert result["throughput_bits_per_second"] > 0
    assert result["path_kind"] == "loopback"
    assert result["reflector_id"] is None
    assert result["segment"] is None


def test_measure_keeps_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("[probes.throughput]\nmax_seconds = 99\n")
    done = run("measure", "--server", "127.0.0.1:1", "--state", tmp_path)
    assert done.returncode == 3
    assert "max_seconds" in done.stderr


def test_measure_uses_the_joined_collectors_first_test_server(tmp_path: Path) -> None:
    save_settings(tmp_path, Settings(reflectors=(make_reflector(1),)))
    done = run("measure", "--state", tmp_path)
    assert done.returncode == 4
    assert "127.0.0.1 port 1" in done.stderr


def test_measure_speaks_librespeed_with_a_server_of_that_kind(
    tmp_path: Path, reflector_port: int
) -> None:
    (tmp_path / "agent.toml").write_text("[probes.throughput]\nmax_seconds = 0.5\n")
    asked = ("measure", "--method", "librespeed", "--state", tmp_path, "--direction", "download")
    server = f"http://127.0.0.1:{reflector_port}/"
    done = run(*asked, "--server", server, "--streams", "2", "--json")
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert (result["method"], result["streams"], result["trigger"]) == ("librespeed", 2, "manual")
    assert result["throughput_bits_per_second"] > 0
    wrong = run(*asked, "--server", server + "elsewhere/")
    assert wrong.returncode == 1
    assert "often called backend" in wrong.stdout
    assert run(*asked, "--server", "http://127.0.0.1:1/").returncode == 4
    missing = run(*asked)
    assert missing.returncode == 3
    assert "--server" in missing.stderr
    assert run(*asked, "--server", "ftp://x").returncode == 3


def test_measure_runs_speedtest_cli_with_a_mini_server(tmp_path: Path, reflector_port: int) -> None:
    (tmp_path / "agent.toml").write_text("[probes.throughput]\nmax_seconds = 0.5\n")
    server = f"http://127.0.0.1:{reflector_port}/"
    done = run("measure", "--method", "ookla", "--state", tmp_path, "--server", server)
    assert done.returncode == 0, done.stderr
    assert "download: " in done.stdout
    assert "upload: " in done.stdout
    pinned = run("measure", "--method", "ookla", "--state", tmp_path, "--fingerprint", "00")
    assert pinned.returncode == 2


def test_measure_keeps_to_so_many_connections(tmp_path: Path, reflector_port: int) -> None:
    (tmp_path / "agent.toml").write_text("[probes.throughput]\nmax_seconds = 1\n")
    address = f"127.0.0.1:{reflector_port}"
    asked = ("measure", "--server", address, "--direction", "download", "--state", tmp_path)
    (result,) = json.loads(run(*asked, "--streams", "1", "--json").stdout)
    assert result["streams"] == 1


def test_measure_asks_whether_a_line_carries_so_much(tmp_path: Path, reflector_port: int) -> None:
    address = f"127.0.0.1:{reflector_port}"
    asked = ("measure", "--direction", "download", "--state", tmp_path)
    done = run(*asked, "--server", address, "--target", "8")
    assert done.returncode == 0, done.stderr
    assert "which is enough: asked was for 8.0 Mbps; limited by pacer" in done.stdout
    assert run(*asked, "--server", address, "--target", "0").returncode == 2
    assert run(*asked, "--method", "librespeed", "--target", "8").returncode == 2


def test_measure_against_something_else_is_measured_trouble(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    done = run("measure", "--server", collector.url, "--direction", "download", "--state", tmp_path)
    assert done.returncode == 1
    assert "download: failed:" in done.stdout


@pytest.mark.parametrize(
    ("text", "host", "port", "tls"),
    [
        ("core", "core", 8485, False),
        ("core:9000", "core", 9000, False),
        ("[::1]:9000", "::1", 9000, False),
        ("http://core", "core", 80, False),
        ("https://core", "core", 443, True),
        ("wss://core:9000/x", "core", 9000, True),
    ],
)
def test_a_test_servers_address_takes_these_forms(
    text: str, host: str, port: int, tls: bool
) -> None:
    reflector = parse_server(text)
    assert (reflector.host, reflector.port, reflector.tls) == (host, port, tls)


@pytest.mark.parametrize("text", ["", ":9000", "core:port", "core:99999", "ftp://core", "[::1"])
def test_a_test_servers_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a test server's address"):
        parse_server(text)


def test_probes_say_whether_they_can_run_and_why(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("[probes.throughput]\nenabled = false\n")
    done = run("probes", "--json", "--state", tmp_path)
    assert done.returncode == 0, done.stderr
    said = {probe["name"]: probe for probe in json.loads(done.stdout)}
    assert said["inventory"]["can_run"] is True
    assert said["latency"]["can_run"] is False
    assert "no test server" in said["latency"]["reasons"][0]
    assert said["throughput"]["enabled"] is False
    assert {name for name, probe in said.items() if probe["enabled"]} == {"inventory", "latency"}
    assert "probes.librespeed.server" in said["librespeed"]["reasons"][0]
    assert "publishes" in said["mlab"]["reasons"][0]
    assert "latency: no" in run("probes", "--state", tmp_path).stdout


def test_a_reflector_on_a_taken_port_says_so(reflector_port: int) -> None:
    done = run("reflector", "--host", "127.0.0.1", "--port", str(reflector_port))
    assert done.returncode == 3
    assert "in use" in done.stderr


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "identity.json"
    write_private(file, b"old")
    write_private(file, b"new")
    assert file.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["identity.json"]


def test_a_state_directory_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="--state DIR"):
        make_state_directory(tmp_path / "file" / "deeper")


def _refused(*_: object, **__: object) -> NoReturn:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_state_directory_of_somebody_else_is_exit_code_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "touch", _refused)  # root, who runs tests, is refused nothing
    with pytest.raises(StateNotPermittedError, match="--state DIR") as caught:
        make_state_directory(tmp_path)
    assert caught.value.exit_code == 5


def test_an_identity_of_somebody_else_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_identity(tmp_path, make_identity("http://127.0.0.1:1"))
    monkeypatch.setattr(Path, "read_bytes", _refused)
    with pytest.raises(StateNotPermittedError, match="Run as the user that joined"):
        load_identity(tmp_path)


def test_an_unreachable_address_has_a_code_of_its_own() -> None:
    codes = (ConfigError.exit_code, UnreachableError.exit_code, NotJoinedError.exit_code)
    assert codes == (3, 4, 3)


def test_a_floor_by_another_protocol_is_not_blamed_on_the_computer() -> None:
    result = collecting.throughput(
        method="ookla",
        server="speedtest.example:8080",
        throughput_bits_per_second=93_400_000,
        bound="at_least",
    )
    assert throughput_line(result) == (
        "download: 93.4 Mbps (this protocol often reads low: the line is this fast or faster)"
    )


def test_a_throughput_result_reads_in_plain_words() -> None:
    result = collecting.throughput(
        method="ndt7",
        server="core:8485",
        throughput_bits_per_second=93_400_000,
        bound="at_least",
        limited_by="wifi",
        path_kind="network",
    )
    assert throughput_line(result) == (
        "download: 93.4 Mbps (the testing computer was the limit: the line is this fast or faster;"
        " limited by wifi)"
    )


def test_what_stands_on_the_way_is_said_once_with_what_to_change() -> None:
    ways: tuple[Direction, ...] = ("download", "upload")
    results = [
        collecting.throughput(
            direction=direction, server="core:8485", middleboxes=("tls_inspection",)
        )
        for direction in ways
    ]
    down, up, way = throughput_lines(results)
    assert (down[:9], up[:7]) == ("download:", "upload:")
    assert way.startswith("on the way: something on the way opens TLS")
    assert "let core:8485 through without inspection" in way
