"""The commands, against a real server process."""

import csv
import io
import json
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import click
import pytest
from msgspec import Struct
from pyarrow import parquet

from broadgauge_agent.client import client_of, send
from broadgauge_agent.identity import load_identity
from broadgauge_collector.cli import cli, exporting, main
from broadgauge_wire import ForkRequest, encode, new_id
from tests.running import BIN, eventually, free_ports


class Said(Struct, frozen=True):
    """How a command ended and what it printed."""

    code: int
    out: str
    words: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Command:
    """`broadgauge` in this process, against one data directory."""

    def __init__(
        self, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.data = data
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Said:
        self.monkeypatch.setenv("BROADGAUGE_DATA", str(self.data))
        self.monkeypatch.setattr("sys.argv", ["broadgauge", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = self.capsys.readouterr()
        return Said(code, printed.out, printed.err)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data directory of a running `broadgauge serve`."""
    data = tmp_path_factory.mktemp("served")
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [BIN / "broadgauge", "serve", "--data", data, "--port", str(port)],
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        eventually(lambda: "serving" in process.stderr.readline().decode(), "the server")  # type: ignore[union-attr]
        yield data
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture
def run(
    server: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    return Command(server, monkeypatch, capsys)


@pytest.fixture
def lincoln(run: Command) -> str:
    name = "Lincoln Elementary"
    run("schools", "add", name, "--timezone", "America/Chicago", "--students", "420")
    return name


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(_commands(cli)), ids=" ".join)
def test_every_command_has_help_with_an_example(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Command(Path(), monkeypatch, capsys)(*path, "--help")

    assert said.code == 0
    assert f"Example: broadgauge {' '.join(path)}" in said.out


def test_schools_are_added_listed_and_changed(run: Command, lincoln: str) -> None:
    people = run("schools", "people", lincoln, "--students", "431", "--since", "2026-08-20")
    day = ("--opens", "07:45", "--closes", "15:30", "--days", "mon")
    hours = run("schools", "hours", lincoln, *day)
    table = run("schools", "list")
    (school,) = run("schools", "list", "--json").json

    assert (people.code, hours.code, table.code) == (0, 0, 0)
    assert lincoln in table.out
    assert "431 students" in table.out
    monday = {"opens": "07:45:00", "closes": "15:30:00", "weekdays": [0], "by_weekday": []}
    assert school["hours"] == monday


def test_lines_and_test_servers_are_added_and_listed(run: Command, lincoln: str) -> None:
    arguments = ("Circuit 7", "--segment", "wan", "--school", lincoln, "--contracted-mbps", "500")
    assert run("links", "add", *arguments).code == 0
    core = ("Core", "--host", "10.0.0.5", "--segment", "wan", "--link", "Circuit 7")
    assert run("reflectors", "add", *core).code == 0

    (link,) = run("links", "list", "--json").json
    (reflector,) = run("reflectors", "list", "--json").json

    assert link["contracted_bits_per_second"] == 500e6
    assert reflector["link_id"] == link["id"]
    assert "500.0 Mbps" in run("links", "list").out
    assert "10.0.0.5:8485" in run("reflectors", "list").out


def test_a_test_server_set_up_anew_gets_its_new_fingerprint(run: Command) -> None:
    core = ("Far core", "--host", "10.0.0.7", "--segment", "wan")
    assert run("reflectors", "add", *core, "--fingerprint", "AB:" * 31 + "AB").code == 0

    changed = run("reflectors", "set", "far core", "--fingerprint", "cd" * 32, "--json").json
    table = run("reflectors").out
    trusted = run("reflectors", "set", "Far core", "--tls", "--json").json
    plain = run("reflectors", "set", "Far core", "--plain", "--port", "9000", "--json").json
    removed = run("reflectors", "remove", "Far core")

    assert [(r["fingerprint"], r["tls"]) for (r,) in (changed, trusted, plain)] == [
        ("cd" * 32, True),
        (None, True),
        (None, False),
    ]
    assert plain[0]["port"] == 9000
    assert "certificate cdcdcdcd" in table
    assert removed.code == 0
    assert "Far core" not in run("reflectors").out


def test_a_test_servers_access_key_is_printed_once_with_what_to_start(run: Command) -> None:
    core = ("Key core", "--host", "10.0.0.8", "--segment", "wan")
    added = run("reflectors", "add", *core, "--port", "9000", "--access-key")
    again = run("reflectors", "key", "key core", "--json").json
    table, listed = run("reflectors").out, run("reflectors", "list", "--json")
    removed = run("reflectors", "key", "Key core", "--remove", "--json").json

    first, second = added.out.strip(), again["access_key"]
    assert first.startswith("bgr_")
    assert "broadgauge-agent reflector --port 9000 --access-key-file FILE" in added.words
    assert first not in added.words
    assert (first != second, again["reflector"]["has_access_key"]) == (True, True)
    assert "ACCESS KEY" in table
    for words in (table, listed.out):
        assert first not in words
        assert second not in words
    assert removed[0]["has_access_key"] is False
    assert run("reflectors", "remove", "Key core").code == 0


def test_rooms_get_codes_and_lose_them(run: Command, lincoln: str) -> None:
    made = run("rooms", "add", "--school", lincoln, "Room 12", "Library", "--json")
    library, room_12 = made.json
    assert (library["name"], room_12["name"]) == ("Library", "Room 12")
    assert f"/schools/{room_12['school_id']}/rooms" in made.words
    code = f"{room_12['code'][:4]}-{room_12['code'][4:]}"
    assert code in run("rooms", "list", "--school", lincoln).out
    assert run("rooms", "add", "--school", lincoln, "library").code == 2

    assert run("rooms", "remove", "--school", lincoln, "LIBRARY", code.lower()).code == 0
    nothing = run("rooms", "--school", lincoln)
    assert "Library" not in nothing.out
    assert "broadgauge rooms add" in nothing.words
    assert run("rooms", "remove", "--school", lincoln, "Library").code == 2


def test_school_networks_are_listed_with_a_caution_and_removed(run: Command) -> None:
    said = run("networks", "add", "192.168.40.0/24", "--note", "Bus garage")
    run("networks", "add", "10.20.0.0/16")

    (garage, _) = sorted(run("networks", "list", "--json").json, key=lambda n: not n["note"])
    table = run("networks").out
    codes = [
        run("networks", "remove", n).code for n in ("192.168.40.0/24", "10.20.0.0/255.255.0.0")
    ]

    assert (garage["subnet"], garage["note"]) == ("192.168.40.0/24", "Bus garage")
    assert "Caution: " in said.words
    assert "home routers" in said.words
    assert "10.20.0.0/16" in table
    assert codes == [0, 0]
    assert "networks add" in run("networks").words


def test_settings_are_set_for_all_and_for_one_school_and_taken_back(
    run: Command, lincoln: str
) -> None:
    hours = "probes.throughput.hours"
    run("settings", "set", hours, "16:30-06:00")
    run("settings", "set", hours, "any", "--school", lincoln)

    table = [line.split() for line in run("settings").out.splitlines()]
    run("settings", "unset", hours)
    run("settings", "unset", hours, "--school", lincoln)

    assert [line[:4] for line in table if line[0] == hours] == [
        [hours, "16:30-06:00", "every", "school"],
        [hours, "any", *lincoln.split()],
    ]
    assert ["probes.latency.interval_seconds", "-", "-", "300", "s"] in [line[:5] for line in table]
    assert all(not s["schools"] and s["value"] is None for s in run("settings", "--json").json)


def test_a_token_is_the_only_data_so_that_it_can_be_piped(run: Command, lincoln: str) -> None:
    said = run("token", "create", "--school", lincoln, "--uses", "3")

    assert said.out.startswith("bgj_")
    assert len(said.out.splitlines()) == 1
    assert "broadgauge-agent join http://127.0.0.1:" in said.words
    assert "3 of 3" in run("token", "list").out


def test_a_reader_gets_a_token_that_can_be_piped_and_is_shut_out_by_name(run: Command) -> None:
    said = run("readers", "add", "Prometheus")

    assert said.out.startswith("bgu_")
    assert len(said.out.splitlines()) == 1
    assert "Prometheus" in run("readers").out
    assert run("readers", "remove", "Prometheus").code == 0
    assert run("readers", "list", "--json").json == []
    assert run("readers", "remove", "Prometheus").code != 0


def test_a_login_link_opens_the_server(run: Command) -> None:
    said = run("login")

    address = (run.data / "address").read_text().strip()
    assert said.out.startswith(f"{address}/login?token=bgl_")


def test_an_agent_is_listed_and_revoked(run: Command, lincoln: str, tmp_path: Path) -> None:
    token = run("token", "create", "--school", lincoln).out.strip()
    url = (run.data / "address").read_text().strip()
    state = ["--state", str(tmp_path)]
    subprocess.run(
        [BIN / "broadgauge-agent", *state, "join", url, "--token", "-", "--name", "Cart 7"],
        input=token,
        text=True,
        check=True,
        capture_output=True,
    )
    (agent,) = run("agents", "list", "--json").json

    unknown = run("agents", "revoke", "Cart 8")
    assert unknown.code == 2
    assert "broadgauge agents" in unknown.words
    forked = ForkRequest(id=new_id(), agent_version="0.2.0")
    with client_of(load_identity(tmp_path)) as client:
        assert send(client, "POST", "/api/v1/agents/fork", encode(forked)).status == 200
    left = run("agents", "revoke", "Cart 7")
    assert left.code == 0
    assert "1 copy of it can still send" in left.words
    assert f"broadgauge agents revoke {agent['id']} --copies" in left.words
    assert run("agents", "revoke", agent["id"], "--copies").code == 0
    assert run("agents", "list").out.count("revoked") == 2


def test_verdicts_and_targets_are_printed(run: Command, lincoln: str) -> None:
    said = run("verdicts", "--days", "30")

    assert said.code == 0
    assert lincoln in said.out
    assert "undecided" in said.out
    assert "fcc-1mbps" in run("targets").out
    assert run("verdicts", "--json").json["target"]["key"] == "fcc-1mbps"


def test_exports_go_to_a_file_or_to_standard_output(
    run: Command, lincoln: str, tmp_path: Path
) -> None:
    file = tmp_path / "verdicts.csv"
    assert run("export", "verdicts", "--output", str(file)).code == 0
    tests = tmp_path / "tests.parquet"
    written = run("export", "results", "--format", "parquet", "--output", str(tests))

    (row,) = csv.DictReader(io.StringIO(file.read_text()))
    assert (row["school"], row["conclusion"]) == (lincoln, "undecided")
    assert written.code == 0
    assert "line_bits_per_second" in parquet.read_table(tests).column_names


@pytest.mark.parametrize("since", ["2026-01-31", "2026-01-31T08:00:00Z", "2026-01-31T08:00-06:00"])
def test_an_export_begins_on_a_day_or_at_a_moment(run: Command, since: str) -> None:
    said = run("export", "results", "--since", since, "--until", "2026-02-28")

    assert (said.code, said.words) == (0, "0 results\n")


def test_a_file_that_cant_be_written_is_one_sentence(run: Command, tmp_path: Path) -> None:
    said = run("export", "verdicts", "--output", str(tmp_path / "no" / "such.csv"))

    assert said.code == 3
    assert len(said.words.splitlines()) == 1


def test_an_export_that_is_refused_leaves_the_file_of_the_last_one(
    run: Command, tmp_path: Path
) -> None:
    file = tmp_path / "tests.csv"
    file.write_text("the last export")

    said = run("export", "results", "--school", "Nowhere", "--output", str(file))

    assert said.code == 2
    assert file.read_text() == "the last export"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("schools", "people", "Nowhere", "--students", "1"), 2, "no school named"),
        (("schools", "add", "X", "--timezone", "America/Chicgo"), 2, "America/Chicago"),
        (("schools", "hours", "X", "--opens", "7", "--closes", "8"), 2, "07:45"),
        (("verdicts", "--target", "fcc"), 2, "target"),
        (("schools", "people", "X", "--students", "1", "--since", "8/20/2026"), 2, "%Y-%m-%d"),
        (("networks", "add", "10.20.3.7/16"), 2, "the subnet is 10.20.0.0/16"),
        (("networks", "remove", "10.99.0.0/16"), 2, "isn't listed"),
        (("settings", "set", "probes.throughput.hour", "any"), 2, "probes.throughput.hours"),
        (("settings", "set", "probes.latency.interval_seconds", "0"), 2, "from 1 to 604800"),
        (("reflectors", "set", "X"), 2, "--fingerprint"),
        (("reflectors", "set", "X", "--plain", "--fingerprint", "ab"), 2, "Give one of"),
        (("reflectors", "remove", "X"), 2, "no test server named"),
        (("export", "results", "--since", "yesterday"), 2, "no day like 2026-01-31"),
        (("export", "results", "--since", "2026-01-31T08:00"), 2, "2026-01-31T08:00Z for UTC"),
        (("nonsense",), 2, "No such command"),
        (("token", "create"), 2, "--school"),
    ],
)
def test_what_is_asked_wrongly_ends_with_2(
    run: Command, arguments: tuple[str, ...], code: int, words: str
) -> None:
    said = run(*arguments)

    assert said.code == code
    assert words in said.words
    assert said.out == ""
    assert "Traceback" not in said.words


def test_a_wrong_token_ends_with_5(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROADGAUGE_TOKEN", "bgu_wrong")

    assert run("schools", "list").code == 5


def test_a_server_that_is_away_ends_with_4(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("BROADGAUGE_URL", f"http://127.0.0.1:{port}")

    said = run("schools", "list")

    assert said.code == 4
    assert "Is it running?" in said.words


def test_a_server_that_is_not_broadgauge_ends_with_4(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        Thread(target=other.handle_request, daemon=True).start()
        monkeypatch.setenv("BROADGAUGE_URL", f"http://127.0.0.1:{other.server_port}")
        said = run("schools", "list")

    assert said.code == 4
    assert "not as broadgauge does" in said.words


def test_a_data_directory_of_somebody_else_ends_with_5(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> str:
        raise PermissionError

    monkeypatch.setattr("os.access", lambda *_: False)  # root, who runs tests, is refused nothing
    monkeypatch.setattr(Path, "read_text", refused)

    said = run("schools", "list")

    assert said.code == 5
    assert "BROADGAUGE_URL" in said.words


def test_parquet_is_kept_off_the_screen(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        exporting, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    )

    said = run("export", "results", "--format", "parquet")

    assert said.code == 2
    assert "--output" in said.words


def test_a_token_of_a_server_on_loopback_says_who_can_use_it(run: Command, lincoln: str) -> None:
    said = run("token", "create", "--school", lincoln)

    assert f"For 1 agent at {lincoln}" in said.words
    assert "Only this machine reaches that address" in said.words


def test_help_names_the_environment_variables(run: Command) -> None:
    assert "BROADGAUGE_TOKEN" in run("--help").out
    assert "BROADGAUGE_URL" in run("schools", "list", "--help").out
    assert "BROADGAUGE_PORT" in run("up", "--help").out


def test_a_directory_without_a_server_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Command(tmp_path, monkeypatch, capsys)("schools", "list")

    assert said.code == 3
    assert "--data" in said.words


def test_names_that_would_move_the_cursor_are_printed_harmlessly(run: Command) -> None:
    from broadgauge_collector.cli.common import print_table

    print_table(("NAME",), [("\x1b[2Jgone\nnext",)])

    assert run.capsys.readouterr().out.splitlines() == ["NAME", "?[2Jgone?next"]


def test_of_a_line_of_many_schools_three_are_named(run: Command) -> None:
    names = ["Adams", "Baker", "Clark", "Dewey", "Evans"]
    for name in names:
        assert run("schools", "add", name, "--timezone", "UTC").code == 0
    behind = [word for name in names for word in ("--school", name)]
    assert run("links", "add", "Internet", "--segment", "internet", *behind).code == 0
    table = run("links").out
    assert "Adams, Baker, Clark and 2 more" in table
    assert "Dewey" not in table
