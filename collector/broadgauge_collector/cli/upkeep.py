"""What the server does each night."""

import click

from ..upkeep.model import Run, Storage
from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server
from .runs import waited_for
from .upkeep_settings import print_settings, set_setting, settings_of


@click.group(cls=ListingGroup)
def upkeep() -> None:
    """What the server does each night to keep its data in order. Alone, lists it.

    \b
    Example: broadgauge upkeep
    """


@upkeep.command("list")
@json_option
@talks_to_server
def list_upkeep(client: ServerClient, as_json: bool) -> None:
    """List what upkeep did, what is on disk, and the backups there are.

    \b
    Example: broadgauge upkeep list --json
    """
    storage = client.get("/storage", Storage)
    if as_json:
        print_json(storage)
        return
    rows = [
        (f"{run.began_at:%Y-%m-%d %H:%M}", run.task, run.state, run.error or run.done)
        for run in storage.runs
    ]
    print_table(("BEGAN (UTC)", "TASK", "STATE", "WHAT"), rows)
    for each in storage.backups:
        size = _mb(each.size_bytes)
        say(f"Backup of {each.made_at:%Y-%m-%d %H:%M} UTC: {each.directory} ({size})")
    say(
        f"On disk: results {_mb(storage.results_bytes)}, of these {_mb(storage.sealed_bytes)} in "
        f"closed months; schools, agents and settings {_mb(storage.control_bytes)}; backups "
        f"{_mb(storage.backups_bytes)}; free {_mb(storage.free_bytes)}."
    )
    say(f"Upkeep runs next at {storage.next_run_at:%Y-%m-%d %H:%M} UTC.")


@upkeep.command("run")
@json_option
@talks_to_server
def run_upkeep(client: ServerClient, as_json: bool) -> None:
    """Do at once what is done each night, and wait for it.

    \b
    Example: broadgauge upkeep run
    """
    run = waited_for(client, client.send("POST", "/upkeep-runs", Run).id)
    if as_json:
        print_json(run)
        return
    click.echo(run.done)


@upkeep.command("settings")
@json_option
@talks_to_server
def list_settings(client: ServerClient, as_json: bool) -> None:
    """List when upkeep runs, whether backups are made each night, and how long what is kept.

    \b
    Example: broadgauge upkeep settings
    """
    print_settings(settings_of(client), as_json)


@upkeep.command("set")
@click.argument("key")
@click.argument("value")
@json_option
@talks_to_server
def set_upkeep(client: ServerClient, key: str, value: str, as_json: bool) -> None:
    """Set KEY to VALUE.

    \b
    Example: broadgauge upkeep set backup.nightly true
    """
    set_setting(client, key, value, False, False, as_json)


@upkeep.command("unset")
@click.argument("key")
@json_option
@talks_to_server
def unset_upkeep(client: ServerClient, key: str, as_json: bool) -> None:
    """Take back what was set.

    \b
    Example: broadgauge upkeep unset backup.nightly
    """
    set_setting(client, key, None, False, False, as_json)


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"
