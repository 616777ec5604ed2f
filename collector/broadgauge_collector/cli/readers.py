"""Tokens of programs that read, such as Prometheus."""

from urllib.parse import quote

import click

from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server


@click.group(cls=ListingGroup)
def readers() -> None:
    """Programs that may read everything and change nothing, such as Prometheus. Alone, lists them.

    \b
    Example: broadgauge readers
    """


@readers.command("list")
@json_option
@talks_to_server
def list_readers(client: ServerClient, as_json: bool) -> None:
    """List readers, without their tokens.

    \b
    Example: broadgauge readers list --json
    """
    from ..access.readers import Reader

    found = client.get("/readers", tuple[Reader, ...])
    if as_json:
        print_json(found)
        return
    rows = [(reader.name, f"{reader.created_at:%Y-%m-%d %H:%M}", reader.id) for reader in found]
    print_table(("READER", "SINCE (UTC)", "ID"), rows)


@readers.command("add")
@click.argument("name")
@json_option
@talks_to_server
def add_reader(client: ServerClient, name: str, as_json: bool) -> None:
    """Make a token that reads. It is printed once and kept as a hash only.

    It opens metrics, results, verdicts and exports, and works until it is removed.

    \b
    Example: broadgauge readers add Prometheus
    """
    from ..api.readers import MadeReader

    made = client.send("POST", "/readers", MadeReader, {"name": name})
    if as_json:
        print_json(made)
        return
    say("It is sent as 'Authorization: Bearer ...'. Keep it where only that program can read it:")
    click.echo(made.token)


@readers.command("remove")
@click.argument("name")
@talks_to_server
def remove_reader(client: ServerClient, name: str) -> None:
    """Shut a reader out, by its name or id: its token opens nothing any more.

    \b
    Example: broadgauge readers remove Prometheus
    """
    client.raw("DELETE", f"/readers/{quote(name, safe='')}")
    say("Its token opens nothing any more.")
