"""Parts of machines that were changed, as commands of `devices`."""

from typing import Any

import click

from .client import ServerClient
from .common import json_option, print_json, print_table, say, talks_to_server


@click.command("signals")
@click.option(
    "--state", type=click.Choice(["open", "confirmed", "dismissed", "all"]), default="open",
    show_default=True, help="Only those in this state.",
)  # fmt: skip
@json_option
@talks_to_server
def list_signals(client: ServerClient, state: str, as_json: bool) -> None:
    """List machines that have another disk, battery or memory than before: perhaps repairs.

    \b
    Example: broadgauge devices signals
    """
    from ..fleet.signals import DeviceSignal

    asked = None if state == "all" else state
    found = client.get("/device-signals", tuple[DeviceSignal, ...], state=asked)
    if as_json:
        print_json(found)
        return
    rows = [
        (f"{s.noticed_at:%Y-%m-%d}", s.serial or s.asset_tag, s.model, s.school, s.part, s.before,
         s.after, s.state, s.id)
        for s in found
    ]  # fmt: skip
    heads = ("NOTICED", "DEVICE", "MODEL", "SCHOOL", "PART", "BEFORE", "AFTER", "STATE", "ID")
    print_table(heads, rows)


@click.command("confirm")
@click.argument("signal", type=click.UUID)
@talks_to_server
def confirm_signal(client: ServerClient, signal: Any) -> None:
    """Say that a changed part was a repair; it then stands among repairs that were typed in.

    \b
    Example: broadgauge devices confirm 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    client.raw("POST", f"/device-signals/{signal}/confirm")
    say("Noted as a repair, without a cost.")


@click.command("dismiss")
@click.argument("signal", type=click.UUID)
@talks_to_server
def dismiss_signal(client: ServerClient, signal: Any) -> None:
    """Say that a changed part was no repair, such as an upgrade.

    \b
    Example: broadgauge devices dismiss 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    client.raw("POST", f"/device-signals/{signal}/dismiss")
    say("Dismissed. The same change isn't signalled again.")
