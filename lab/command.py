"""The lab on the command line: run a command on one end of a link whose truth is known."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NoReturn

import click

from .errors import LabError
from .hosts import Host, Port
from .limits import card_speed, processor_share, receive_window
from .load import load
from .options import Wish, link_options, wish
from .path import Path, chain
from .truth import truth
from .waiting import listens, until

LACKING = 125
"""Exit code where the lab itself can't go on, as env(1) and timeout(1) have it."""

NOT_FOUND = 127
ENDED_BY = 128
ENDING_SECONDS = 5

EXAMPLES = """\b
Examples, as root:
  python -m lab.link --rate 100mbit --rtt 20ms -- ping -c 3 {far}
  python -m lab.link --rate 50mbit --rtt 30ms --loss 0.1% \\
      --far "iperf3 --server --one-off" -- iperf3 --client {far} --reverse
  python -m lab.link --rate 100mbit --step 5s:20mbit --load 10mbit -- COMMAND
  python -m lab.link --hop 1gbit:1ms --hop 200mbit:4ms --hop 100mbit:20ms:0.1% -- COMMAND
  python -m lab.link --rate 1gbit --nic 100mbit --window 64kb --cpu 20% -- COMMAND

Rates count IP packets; TCP's payload is 1448/1500 of them. The exit code is COMMAND's; 2 is a wrong
option, 125 something that this machine lacks, 127 a COMMAND that isn't there.
"""


@click.command(epilog=EXAMPLES, context_settings={"max_content_width": 100})
@link_options
@click.option("--far", metavar="COMMAND", help="Runs on the far host meanwhile.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def cli(far: str | None, command: tuple[str, ...], **said: Any) -> None:
    """Run COMMAND on the near host of a link of known rate, delay and loss.

    {far} in COMMAND, and LAB_FAR in its environment, is the far host's address. What a test should
    find is said on standard error. COMMAND starts when the far host's command listens.
    """
    wished = wish(said)
    far_command = shlex.split(far) if far else []
    for program in (command, far_command):
        _check_there(program)
    signal.signal(signal.SIGTERM, _end)  # so that what was made is removed
    try:
        sys.exit(_run_on_link(wished, command, far_command))
    except LabError as error:
        click.echo(f"lab: {error}", err=True)
        sys.exit(LACKING)


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(ENDED_BY + number)


def _check_there(command: Sequence[str]) -> None:
    if command and shutil.which(command[0]) is None:
        click.echo(f"lab: there is no program {command[0]!r} here", err=True)
        sys.exit(NOT_FOUND)


def _run_on_link(wished: Wish, command: Sequence[str], far_command: Sequence[str]) -> int:
    with ExitStack() as undo:
        made = undo.enter_context(chain(*wished.plans, siblings=1, tcp=wished.tcp))
        for line in truth(wished):
            click.echo(f"lab: {line}", err=True)
        near = _limited(undo, made, wished)
        _start_far(undo, made.far, far_command)
        if rate := wished.load_bits_per_second:
            loaded = load(made.siblings[0], made.far, rate, reverse=wished.load_is_down)
            undo.enter_context(loaded)
        made.begin()
        return _run(near, made.far.address, command)


def _limited(undo: ExitStack, made: Path, wished: Wish) -> Host:
    near = made.near
    if speed := wished.nic_bits_per_second:
        near = undo.enter_context(card_speed(near, made.gateway, speed))
    if window := wished.window_bytes:
        undo.enter_context(receive_window(near.host, window))
    if wished.processor_share is not None:
        quota = processor_share(near.host, wished.processor_share)
        near = replace(near, host=undo.enter_context(quota))
    return near.host


def _start_far(undo: ExitStack, far: Port, command: Sequence[str]) -> None:
    if not command:
        return
    # Standard output is COMMAND's alone.
    process = subprocess.Popen(
        far.host.command(_filled(command, far.address)), stdin=subprocess.DEVNULL, stdout=sys.stderr
    )
    undo.callback(_stop, process)
    until(lambda: listens(far.host), process, "the far host's command")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(ENDING_SECONDS)


def _run(near: Host, far_address: str, command: Sequence[str]) -> int:
    environment = {**os.environ, "LAB_FAR": far_address}
    process = subprocess.Popen(near.command(_filled(command, far_address)), env=environment)
    try:
        code = process.wait()
    finally:
        _stop(process)
    return code if code >= 0 else ENDED_BY - code


def _filled(command: Sequence[str], far_address: str) -> list[str]:
    return [argument.replace("{far}", far_address) for argument in command]
