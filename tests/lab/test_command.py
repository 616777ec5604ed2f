"""`python -m lab.link` runs a command on a link, and says what a test on it should find."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.command import cli
from lab.path import State
from tests.conftest import tool

PAGE = Path(__file__).parents[2] / "docs" / "contributing" / "lab.md"
LAB = [sys.executable, "-m", "lab.link"]
AS_NOBODY = "import os; from lab.command import cli; os.setuid(65534); cli()"
PROC_SYS_READ_ONLY = (
    'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"'
)
TC_WITHOUT_A_BUCKET = """#!/bin/sh
echo 'Error: Specified qdisc kind is unknown.' >&2
exit 2
"""
"""What tc says, as recorded where a kernel lacks a kind of queue."""
EXAMPLES = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def lab(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LAB, *arguments],
        text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_command_runs_on_the_near_host_and_knows_the_far_one() -> None:
    done = lab("--rate", "100mbit", "--", "sh", "-c", "echo {far} $LAB_FAR; ip -brief address")
    assert done.stdout.startswith("10.79.0.2 10.79.0.2\n")
    assert "10.78.0.2/24" in done.stdout


def test_the_exit_code_is_the_commands() -> None:
    assert lab("--rate", "100mbit", "--", "sh", "-c", "exit 7").returncode == 7


def test_the_far_command_listens_before_the_near_one_starts() -> None:
    done = lab(
        *("--rate", "20mbit", "--rtt", "10ms"),
        *("--far", f"{tool('iperf3')} --server --one-off --bind {{far}}"),
        *("--", tool("iperf3"), "--client", "{far}", "--reverse", "--json", "--time", "3"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"]
    assert found == pytest.approx(State(20e6).payload_bits_per_second, rel=0.1)


def test_the_truth_is_said_beside_what_the_command_prints() -> None:
    done = lab(
        *("--rate", "100mbit", "--rtt", "20ms", "--loss", "0.1%", "--step", "5s:20mbit"),
        *("--load", "5mbit", "--nic", "50mbit", "--window", "64kb", "--cpu", "50%", "--", "true"),
    )
    truth = "lab: TCP payload: 47.07mbit down and up, from 5s 14.48mbit down and 19.31mbit up"
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "lab: 100mbit, rtt 20ms, loss 0.1%, queue 250kb",
        "lab: from 5s 20mbit, rtt 20ms, loss 0.1%, queue 50kb",
        "lab: load down: 5mbit of others",
        "lab: near's card: 50mbit, payload 47.07mbit at most",
        "lab: near's window: 64kb, about 25.6mbit a connection down",
        "lab: near's processor: 50% of one",
        truth,
    ]


def test_hops_are_told_each() -> None:
    done = lab("--hop", "1gbit:1ms", "--hop", "100mbit:20ms:0.1%", "--", "true")
    assert done.stderr.splitlines() == [
        "lab: hop 1: 1gbit, rtt 1ms, loss 0%, queue 2.5mb",
        "lab: hop 2: 100mbit, rtt 20ms, loss 0.1%, queue 250kb",
        "lab: TCP payload: 96.53mbit",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("-- true", "--rate"),
        ("--rate 100 -- true", "'100' is not a rate such as 100mbit"),
        ("--rate 0mbit -- true", "lets nothing pass"),
        ("--rate 1mbit --rtt 20 -- true", "'20' is not a time such as 20ms"),
        ("--rate 1mbit --loss 101% -- true", "'101%' is more than all"),
        ("--rate 1mbit --queue 100b -- true", "--queue is less than two packets"),
        ("--rate 1mbit --peak 2mbit -- true", "--burst"),
        ("--rate 1mbit --step 5s -- true", "'5s' is not TIME:RATE"),
        ("--rate 1mbit --cpu 0% -- true", "--cpu is less than 1%"),
        ("--rate 1mbit --hop 1mbit -- true", "--hop says what --rate says"),
        ("--hop 1mbit:1ms:1%:1 -- true", "is not RATE[:RTT[:LOSS]]"),
        ("--rate 1mbit", "Missing argument"),
    ],
)
def test_what_makes_no_link_is_a_usage_error(arguments: str, words: str) -> None:
    done = CliRunner().invoke(cli, shlex.split(arguments))
    assert done.exit_code == 2
    assert words in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("--rate 1mbit -- no-such-program", 127, "no program 'no-such-program'"),
        ("--rate 1mbit --far no-such-program -- true", 127, "no program 'no-such-program'"),
        ("--rate 1mbit --tcp nonesuch -- true", 125, "no congestion control 'nonesuch'"),
        ("--rate 1mbit --far false -- true", 125, "the far host's command has ended"),
    ],
)
def test_what_is_lacking_is_told_in_a_sentence(arguments: str, code: int, words: str) -> None:
    done = lab(*shlex.split(arguments))
    assert done.returncode == code
    assert words in done.stderr.splitlines()[-1]


def test_who_is_not_root_is_told_so() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, "--rate", "1mbit", "--", "true"],
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 125, done.stderr
    assert done.stderr.splitlines()[-1].startswith("lab: the lab needs root")


@pytest.mark.parametrize(
    ("container", "words"),
    [
        (("setpriv", "--bounding-set=-sys_admin"), "lets nobody make network namespaces"),
        (("unshare", "--mount", "sh", "-c", PROC_SYS_READ_ONLY, "sh"), "may not set net/ipv4/"),
    ],
    ids=["without CAP_SYS_ADMIN", "with /proc/sys read-only"],
)
def test_what_a_container_forbids_is_named(container: Sequence[str], words: str) -> None:
    done = subprocess.run(
        [*container, *LAB, "--rate", "1mbit", "--", "true"],
        text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 125, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("lab: ")
    assert words in last
    assert "Traceback" not in done.stderr


def test_a_kernel_without_a_token_bucket_is_named(tmp_path: Path) -> None:
    (tmp_path / "tc").write_text(TC_WITHOUT_A_BUCKET)
    (tmp_path / "tc").chmod(0o755)
    done = subprocess.run(
        [*LAB, "--rate", "1mbit", "--nic", "1mbit", "--", "true"],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 125, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("lab: the lab can't slow a network card here: this kernel has no token")
    assert "(Error: Specified qdisc kind is unknown.)" in last
    assert "Traceback" not in done.stderr


def test_a_terminated_lab_ends_the_command_and_removes_its_hosts() -> None:
    with subprocess.Popen(
        [*LAB, "--rate", "1mbit", "--", "sh", "-c", "echo $$; exec sleep 60"],
        text=True, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        pid = process.stdout.readline().strip()
        space = Path(f"/proc/{pid}/ns/net").stat().st_ino
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert not Path("/proc", pid).exists()
    assert space not in {file.stat().st_ino for file in Path("/run/netns").iterdir()}


def examples() -> list[str]:
    return [line for block in EXAMPLES.findall(PAGE.read_text())
            for line in block.replace("\\\n", " ").splitlines()]  # fmt: skip


@pytest.mark.parametrize("example", examples())
def test_every_example_of_the_page_runs(example: str) -> None:
    python, *arguments = shlex.split(example)
    assert python == "python"
    done = subprocess.run(
        [sys.executable, *arguments], text=True, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
