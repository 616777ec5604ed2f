"""Waiting for what upkeep was asked to do."""

import sys
import time
from uuid import UUID

import click

from broadgauge_host.exit_codes import ExitCode

from ..upkeep.model import Run
from .client import ServerClient
from .common import say

POLL_SECONDS = 0.3
yes_option = click.option("--yes", is_flag=True, help="Don't ask whether that is meant.")


def waited_for(client: ServerClient, run_id: UUID) -> Run:
    """The run once it has ended; what went wrong ends the command."""
    while (run := client.get(f"/upkeep-runs/{run_id}", Run)).state == "running":
        time.sleep(POLL_SECONDS)
    if run.state == "failed":
        say(f"broadgauge: {run.error}")
        sys.exit(ExitCode.TROUBLE)
    return run
