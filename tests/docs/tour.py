"""How each command block of a page is run, and what it promises."""

import csv
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.docs.machines import PATIENCE_SECONDS, Machine, Terminal

READY = "Stop:"
"""In the last lines that `broadgauge up` prints once it is ready."""

LISTENS = "Register it on the server"


@dataclass
class Tour:
    """A newcomer on the way through a page: the machines, and the terminals open on them."""

    machines: dict[str, Machine]
    open_terminal: Callable[[Machine], Terminal]
    terminals: dict[str, Terminal] = field(default_factory=dict)

    def open(self, name: str, machine: str) -> Terminal:
        """One more terminal; known by the name from now on."""
        self.terminals[name] = self.open_terminal(self.machines[machine])
        return self.terminals[name]

    def facts(self, command: str, *codes: int) -> Any:
        """The JSON that a command prints in the shell on the server."""
        return json.loads(self.terminals["shell"].run(f"{command} --json", *codes))

    def tests(self) -> list[dict[str, str]]:
        """All throughput results, as an export has them."""
        self.terminals["shell"].run(".venv/bin/broadgauge export results --output tour.csv")
        with (self.machines["server"].clone / "tour.csv").open(newline="") as file:
            return list(csv.DictReader(file))


class Block(NamedTuple):
    """A block by its first line, and how it is run. What can't be run here has a reason instead."""

    first_line: str
    run: Callable[[Tour, str], None] | str


def eventually(ask: Callable[[], object], what: str) -> None:
    """Ask until the answer is yes. AssertionError, naming `what`, when patience ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not ask():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.5)


def commands(block: str) -> list[str]:
    """The commands of a block; one may go over several lines."""
    return [line for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def start_on_this_computer(tour: Tour, block: str) -> None:
    """It says that it is ready, prints a login link, and has results within a minute."""
    said = tour.open("server", "server").start(block, READY)
    assert re.search(r"http://127\.0\.0\.1:8484/login\?token=\S+", said)
    tour.open("shell", "server")
    eventually(lambda: {t["direction"] for t in tour.tests()} == {"download", "upload"}, "results")
    assert {test["path_kind"] for test in tour.tests()} == {"loopback"}


def in_the_shell(tour: Tour, block: str) -> None:
    """Each command, to its end, in the terminal opened for that on the server."""
    for command in commands(block):
        tour.terminals["shell"].run(command)


def log_in(tour: Tour, block: str) -> None:
    """A link is printed."""
    assert "/login?token=" in tour.terminals["shell"].run(block)


def start_for_others(tour: Tour, block: str) -> None:
    """Ctrl-C in the first terminal stops everything; then TLS on an address that others reach."""
    tour.terminals["server"].interrupt()
    assert tour.machines["server"].processes() == {tour.terminals["shell"].process.pid}
    said = tour.open("server", "server").start(block, READY)
    assert re.search(r"^ *[0-9a-f]{64}$", said, re.MULTILINE), "no fingerprint to compare"
    assert re.search(r"https://10\.20\.0\.10:8484/login\?token=\S+", said)


def add_the_second_machine(tour: Tour, block: str) -> None:
    """With a token for the school of the server, as the Agents page makes one."""
    make, join, run = commands(block)
    token = tour.facts('broadgauge token create --school "This computer"')["token"]["token"]
    agent = tour.open("agent", "second machine")
    install(agent, make)
    agent.run(join.replace("TOKEN", token))
    agent.start(run, "")
    eventually(lambda: len(from_room_12(tour)) == 2, "results of the second machine")
    (school,) = tour.facts("broadgauge verdicts")["schools"]
    assert not school["reading"]["loopback"]


def from_room_12(tour: Tour) -> list[dict[str, str]]:
    """Tests of the second machine; all are over the network."""
    found = [test for test in tour.tests() if test["location"] == "Room 12"]
    assert {test["path_kind"] for test in found} <= {"network"}
    return found


def ask_the_second_machine(tour: Tour, block: str) -> None:
    """Nothing is wrong, and everything was sent."""
    terminal = tour.open("second terminal", "second machine")
    for command in commands(block):
        terminal.run(command)


def ask_both_doctors(tour: Tour, block: str) -> None:
    """On the machine each is for. The server's data are not a service's here, and what a school
    still lacks is trouble."""
    of_the_agent, of_the_server = commands(block)
    tour.terminals["second terminal"].run(f".venv/bin/{of_the_agent}")
    of_the_server = of_the_server.replace("/var/lib/broadgauge", "data")
    assert "ok" in tour.terminals["shell"].run(of_the_server, 1)


def start_the_core_test_server(tour: Tour, block: str) -> None:
    """It says how to make it known."""
    make, reflector = commands(block)
    core = tour.open("core", "core")
    install(core, make)
    core.start(reflector, LISTENS)


def with_the_fingerprint(tour: Tour, block: str) -> None:
    """With the one that the test server in the core printed. It is known by it from then on."""
    said = "\n".join(tour.terminals["core"].said)
    (fingerprint,) = set(re.findall(r"--fingerprint ([0-9a-f]{64})", said))
    in_the_shell(tour, block.replace("FINGERPRINT", fingerprint))
    known = {found["name"]: found for found in tour.facts("broadgauge reflectors")}
    assert known["District core"]["fingerprint"] == fingerprint


def with_a_key(tour: Tour, block: str) -> None:
    """A key is printed, which goes into a file of the machine in the core."""
    with_the_fingerprint(tour, block)
    (key,) = (line for line in tour.terminals["shell"].said if line.startswith("bgr_"))
    (tour.machines["core"].clone / "core.key").write_text(f"{key}\n")


def start_it_with_the_key(tour: Tour, block: str) -> None:
    """Ctrl-C in its terminal ends it; then it takes tokens that are signed with its key alone."""
    start_the_core_anew(tour, block)
    doctor = "broadgauge doctor --data data"  # what a school still lacks is trouble
    access = {each["name"]: each for each in tour.facts(doctor, 1)}
    assert "no others" in access["test server District core, access"]["detail"]


def start_the_core_anew(tour: Tour, command: str) -> None:
    """With the certificate it has."""
    tour.terminals["core"].interrupt()
    tour.open("core", "core").start(command, LISTENS)


def as_if_without_a_key(tour: Tour, block: str) -> None:
    """It is registered anew, for somebody whose test server was started without a key."""
    start_the_core_anew(tour, ".venv/bin/broadgauge-agent reflector --tls --port 8485")
    tour.terminals["shell"].run('broadgauge reflectors remove "District core"')
    with_the_fingerprint(tour, block)


def after(command: str, run: Callable[[Tour, str], None]) -> Callable[[Tour, str], None]:
    """A block for a server on which something that an earlier page did is undone."""

    def undo_and_run(tour: Tour, block: str) -> None:
        tour.terminals["shell"].run(command)
        run(tour, block)

    return undo_and_run


def make_a_token(tour: Tour, block: str) -> None:
    """A token is printed that carries the server's fingerprint."""
    assert re.search(r"\S+\.[0-9a-f]{64}$", tour.terminals["shell"].run(block), re.MULTILINE)


def export(tour: Tour, block: str) -> None:
    """Files come to be, with what was measured in them."""
    from pyarrow import parquet

    in_the_shell(tour, block)
    clone = tour.machines["server"].clone
    assert "Lincoln Elementary" in (clone / "verdicts.csv").read_text()
    tests = parquet.read_table(clone / "tests.parquet").to_pylist()
    assert {test["path_kind"] for test in tests} == {"loopback", "network"}


def install(terminal: Terminal, make: str) -> None:
    """What `make` would install is there: the environment is shared."""
    assert "Installing" not in terminal.run(make)


A_SMALLER_DISTRICT = "it takes minutes: tests/servers/test_simulate.py makes a smaller district"

README = (
    Block("make up", start_on_this_computer),
    Block("make demo", A_SMALLER_DISTRICT),
    Block("make test", "it runs all tests, this one among them"),
)

QUICKSTART = (
    Block("make up", start_on_this_computer),
    Block('export PATH="$PWD/.venv/bin:$PATH"', in_the_shell),
    Block("broadgauge login", log_in),
    Block('make up ARGS="--host 10.20.0.10"', start_for_others),
    Block("make agent", add_the_second_machine),
    Block("broadgauge networks add 10.20.0.0/16", in_the_shell),
    Block(".venv/bin/broadgauge-agent doctor", ask_the_second_machine),
    Block(
        'broadgauge schools add "Lincoln Elementary" --timezone America/Chicago '
        "--students 420 --staff 35",
        in_the_shell,
    ),
    Block("make agent", start_the_core_test_server),
    Block(
        'broadgauge reflectors add "District core" --host 10.20.1.20 --port 8485 --segment wan '
        "--fingerprint FINGERPRINT --access-key",
        with_a_key,
    ),
    Block(
        ".venv/bin/broadgauge-agent reflector --tls --port 8485 --access-key-file core.key",
        start_it_with_the_key,
    ),
    Block(
        'broadgauge token create --school "Lincoln Elementary" --uses 30 --hours 168', make_a_token
    ),
    Block("broadgauge export verdicts --output verdicts.csv", export),
)

UNDER_SYSTEMD = (
    "it installs into the system: tests/integration/test_services.py does, under systemd"
)
ON_A_MAC = "it needs a Mac"
A_CALENDAR = "it needs a district's calendar: tests/unit/collector/test_cli_calendar.py has one"

A_GROUP = "it takes several agents: tests/integration/test_group_test.py starts one"
A_CHANGE = "it needs a line and a change: tests/unit/collector/test_cli_calendar.py has both"
A_LINE_OF_ONES_OWN = "it needs a line: tests/unit/collector/test_cli_coverage.py has one"

A_DATABASE = "it needs a database: tests/servers/test_sinks.py sends to a real one"

A_FILE = "it needs files of another system: tests/servers/test_import_commands.py"
A_DEVICE = "it needs a device: tests/unit/collector/test_cli_repairs.py has one"
A_SIGNAL = "it needs a part that changed: tests/unit/collector/test_api_device_signals.py has one"

HOW_TO = {
    "inventory.md": (
        Block("broadgauge import google-admin devices.csv --preview", A_FILE),
        Block(
            'broadgauge imports columns tickets opened_on="Date In" cost_cents="Repair $"', A_FILE
        ),
        Block(
            "broadgauge devices set 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11 --state stolen "
            "--since 2026-11-02",
            A_FILE,
        ),
        Block("broadgauge devices signals", A_SIGNAL),
    ),
    "repairs.md": (
        Block(
            'broadgauge repairs add T-1042 2026-10-05 accident --issue "Cracked screen" '
            "--cost 80.50",
            A_DEVICE,
        ),
        Block("broadgauge repairs rule", in_the_shell),
        Block("broadgauge repairs insurance --years 1", A_DEVICE),
        Block("broadgauge repairs feeds", in_the_shell),
    ),
    "refresh.md": (
        Block("broadgauge refresh", in_the_shell),
        Block("broadgauge refresh age chromebook 6", in_the_shell),
    ),
    "readiness.md": (
        Block("broadgauge readiness", in_the_shell),
        Block(
            "broadgauge needs set fleet.assessment.at_once 0.5 --low 0.4 --high 0.6", in_the_shell
        ),
    ),
    "prometheus.md": (Block("broadgauge readers add Prometheus", in_the_shell),),
    "demo.md": (
        Block("make demo", A_SMALLER_DISTRICT),
        Block("broadgauge simulate --schools 40 --days 365 --seed 1", A_SMALLER_DISTRICT),
    ),
    "load-test.md": (
        Block("broadgauge serve --data trial --port 8490", A_SMALLER_DISTRICT),
        Block("broadgauge simulate --data trial --scale state --days 30", A_SMALLER_DISTRICT),
        Block(
            "export BROADGAUGE_URL=https://broadgauge.example.org",
            "it needs a second machine: tests/servers/test_simulate.py gives an address, too",
        ),
    ),
    "agent-as-a-service.md": (
        Block("sudo make install-agent PYTHON=/usr/bin/python3", UNDER_SYSTEMD),
        Block("sudo /opt/broadgauge-agent/bin/broadgauge-agent service install", UNDER_SYSTEMD),
        Block("sudo broadgauge-agent service install --reflector --tls", UNDER_SYSTEMD),
        Block(
            'broadgauge token create --school "Lincoln Elementary" --uses 300 --hours 168',
            make_a_token,
        ),
        Block(
            "sudo make install-agent PYTHON=/usr/local/bin/python3 "
            "PREFIX=/usr/local/broadgauge-agent",
            ON_A_MAC,
        ),
    ),
    "influxdb-and-grafana.md": (
        Block(
            "broadgauge sinks add influxdb --url https://influxdb.district.org:8086 "
            "--org district --bucket network --token-file influxdb.token",
            A_DATABASE,
        ),
        Block(
            "broadgauge sinks add influxdb --name graphs --url http://127.0.0.1:8428 "
            "--proof snapshot",
            A_DATABASE,
        ),
    ),
    "backup-and-restore.md": (
        Block("broadgauge backup", in_the_shell),
        Block("broadgauge upkeep set backup.nightly true", in_the_shell),
        Block(
            "broadgauge restore /mnt/nas/broadgauge-monday --data /var/lib/broadgauge",
            "it needs a server that doesn't run: tests/servers/test_backup_and_restore.py",
        ),
    ),
    "retention-and-erasure.md": (
        Block("broadgauge retention", in_the_shell),
        Block("broadgauge retention set latency_days 200 --dry-run", in_the_shell),
        Block('broadgauge erase --school "Lincoln Elementary" --dry-run', in_the_shell),
    ),
    "completions.md": (Block('eval "$(broadgauge completion bash)"', in_the_shell),),
    "other-peoples-servers.md": (
        Block(
            'broadgauge settings set probes.mlab.enabled true --school "Lincoln Elementary"',
            in_the_shell,
        ),
        Block(
            "broadgauge settings set probes.ookla.server http://speedtest.district.org:8485/ "
            '--school "Lincoln Elementary"',
            in_the_shell,
        ),
        Block(
            "broadgauge settings set probes.librespeed.server "
            'https://speedtest.district.org/backend/ --school "Lincoln Elementary"',
            in_the_shell,
        ),
        Block(
            "broadgauge-agent measure --method librespeed --server "
            "https://speedtest.district.org/backend/",
            "it needs other people's servers: tests/unit/agent/test_cli.py does it with our own",
        ),
        Block(
            'broadgauge settings unset probes.mlab.enabled --school "Lincoln Elementary"',
            in_the_shell,
        ),
    ),
    "rooms.md": (
        Block(
            'broadgauge rooms add --school "Lincoln Elementary" "Room 14" Library Gym',
            in_the_shell,
        ),
        Block('broadgauge rooms list --school "Lincoln Elementary"', in_the_shell),
    ),
    "room-surveys.md": (
        Block(
            'broadgauge rooms survey sheet --school "Lincoln Elementary" --output lincoln.xlsx',
            in_the_shell,
        ),
        Block(
            'broadgauge rooms survey set "Room 14" --school "Lincoln Elementary" --seats 25 '
            "--outlets 6",
            in_the_shell,
        ),
        Block("broadgauge rooms survey rules", in_the_shell),
        Block("broadgauge rooms survey list --power short", in_the_shell),
    ),
    "coverage.md": (
        Block("broadgauge coverage", in_the_shell),
        Block('broadgauge coverage line "Lincoln Elementary WAN"', A_LINE_OF_ONES_OWN),
        Block("broadgauge coverage goal --closed-tests 12", A_LINE_OF_ONES_OWN),
    ),
    "lines.md": (
        Block(
            'broadgauge links set "Lincoln Elementary WAN" --contracted-mbps 500 '
            "--price-per-month 650 --contract-ends 2027-06-30",
            A_LINE_OF_ONES_OWN,
        ),
    ),
    "group-tests.md": (
        Block('broadgauge groups start "Internet"', A_GROUP),
        Block("broadgauge groups list", A_GROUP),
    ),
    "changes.md": (
        Block(
            'broadgauge changes add "Fiber instead of copper" --on 2026-03-03 --kind new-line '
            '--line "Lincoln Elementary WAN"',
            A_CHANGE,
        ),
        Block("broadgauge changes", A_CHANGE),
        Block("broadgauge changes effect 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11", A_CHANGE),
        Block("broadgauge week", in_the_shell),
    ),
    "school-calendar.md": (
        Block(
            'broadgauge schools hours "Lincoln Elementary" --opens 07:45 --closes 15:30 '
            "--on wed=07:45-14:00",
            in_the_shell,
        ),
        Block(
            'broadgauge calendar add "Winter break" --on 2026-12-21 --to 2027-01-01', in_the_shell
        ),
        Block("broadgauge calendar import district.ics --dry-run", A_CALENDAR),
        Block('broadgauge calendar import district.ics --match "no school"', A_CALENDAR),
        Block('broadgauge calendar hours "Lincoln Elementary"', in_the_shell),
        Block('broadgauge calendar hours "Lincoln Elementary" --least-used measured', in_the_shell),
        Block(
            'broadgauge links add "District Internet" --segment internet '
            '--school "Lincoln Elementary"',
            in_the_shell,
        ),
    ),
    "school-networks.md": (
        Block(
            'broadgauge networks add 10.20.0.0/16 --note "All schools"',
            after("broadgauge networks remove 10.20.0.0/16", in_the_shell),
        ),
        Block(
            'broadgauge reflectors add "District core" --host 10.20.0.5 --segment wan '
            "--fingerprint FINGERPRINT",
            as_if_without_a_key,
        ),
        Block(
            'broadgauge reflectors set "District core" --fingerprint FINGERPRINT',
            with_the_fingerprint,
        ),
    ),
    "server-as-a-service.md": (
        Block("sudo make install-server PYTHON=/usr/bin/python3", UNDER_SYSTEMD),
        Block(
            "sudo broadgauge service install --port 443 --public-url "
            "https://broadgauge.district.org --tls-certificate chain.pem --tls-key key.pem",
            UNDER_SYSTEMD,
        ),
    ),
    "settings.md": (Block("broadgauge settings", in_the_shell),),
    "slots-and-budgets.md": (
        Block(
            "broadgauge settings set probes.throughput.school_max_bytes_per_day 100e9 "
            '--school "Lincoln Elementary"',
            in_the_shell,
        ),
        Block(
            "broadgauge-agent reflector --access-key-file closet.key --slot-log tests.jsonl",
            "it runs until it is stopped: tests/faults/slot_trials.py starts it so",
        ),
    ),
    "troubleshoot.md": (Block("broadgauge-agent doctor", ask_both_doctors),),
    "survey.md": (
        Block(
            "broadgauge-agent join https://broadgauge.district.org:8484 --token - "
            '--location "Laptop of the survey"',
            "it asks questions: tests/integration/test_survey.py answers them at a terminal",
        ),
    ),
    "test-servers.md": (
        Block(
            'broadgauge links add "Lincoln building" --segment lan --school "Lincoln Elementary"',
            in_the_shell,
        ),
        Block(
            "sudo broadgauge-agent service install --reflector --access-key-file closet.key",
            UNDER_SYSTEMD,
        ),
        Block('broadgauge reflectors key "Lincoln closet"', in_the_shell),
    ),
}
"""Pages of docs/how-to, each tried on a server as the quickstart leaves it."""
