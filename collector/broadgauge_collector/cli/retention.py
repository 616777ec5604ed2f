"""How long results are kept."""

import click

from .client import ServerClient
from .common import ListingGroup, json_option, talks_to_server
from .runs import yes_option
from .upkeep_settings import RETENTION, print_settings, set_setting, settings_of


@click.group(cls=ListingGroup)
def retention() -> None:
    """How long results are kept. Alone, lists it.

    \b
    Example: broadgauge retention
    """


@retention.command("list")
@json_option
@talks_to_server
def list_retention(client: ServerClient, as_json: bool) -> None:
    """List for how long what is kept.

    \b
    Example: broadgauge retention list --json
    """
    print_settings([s for s in settings_of(client) if s.key.startswith(RETENTION)], as_json)


@retention.command("set")
@click.argument("key")
@click.argument("days")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@yes_option
@json_option
@talks_to_server
def set_retention(
    client: ServerClient, key: str, days: str, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Keep what KEY says for so many DAYS. Older results go the next time upkeep runs.

    \b
    Example: broadgauge retention set latency_days 200 --dry-run
    """
    set_setting(client, RETENTION + key.removeprefix(RETENTION), days, dry_run, yes, as_json)


@retention.command("unset")
@click.argument("key")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@yes_option
@json_option
@talks_to_server
def unset_retention(
    client: ServerClient, key: str, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Keep what KEY says for as long as by default.

    \b
    Example: broadgauge retention unset latency_days
    """
    set_setting(client, RETENTION + key.removeprefix(RETENTION), None, dry_run, yes, as_json)
