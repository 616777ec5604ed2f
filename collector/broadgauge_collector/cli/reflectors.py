"""Test servers."""

from typing import Any
from urllib.parse import quote

import click

from ..schools.model import Reflector
from .client import ServerClient
from .common import (
    SEGMENT,
    ListingGroup,
    json_option,
    print_json,
    print_table,
    say,
    talks_to_server,
)

Port = click.IntRange(1, 65535)
fingerprint_option = click.option(
    "--fingerprint", help="SHA-256 of its own certificate, which it prints when it starts."
)
AUTHORITY = "It speaks TLS with a certificate of an authority that agents trust."


@click.group(cls=ListingGroup)
def reflectors() -> None:
    """Test servers: the far ends of measurements. Alone, lists them.

    \b
    Example: broadgauge reflectors
    """


@reflectors.command("list")
@json_option
@talks_to_server
def list_reflectors(client: ServerClient, as_json: bool) -> None:
    """List test servers.

    \b
    Example: broadgauge reflectors list --json
    """
    _print(client.get("/reflectors", tuple[Reflector, ...]), as_json)


@reflectors.command("add")
@click.argument("name")
@click.option("--host", required=True, help="Address agents reach it at.")
@click.option("--port", type=Port, default=8485, show_default=True, help="Port agents reach it at.")
@click.option("--segment", type=SEGMENT, required=True, help="What a test to it goes over.")
@click.option("--link", help="The one line it ends, by name or id.")
@fingerprint_option
@click.option("--tls", is_flag=True, help=AUTHORITY)
@json_option
@talks_to_server
def add_reflector(client: ServerClient, as_json: bool, **given: Any) -> None:
    """Register a test server, so that agents measure to it.

    \b
    Example: broadgauge reflectors add "District core" --host 10.0.0.5 --segment wan
    """
    _print((client.send("POST", "/reflectors", Reflector, given),), as_json)


@reflectors.command("set")
@click.argument("name")
@click.option("--host", help="Address agents reach it at.")
@click.option("--port", type=Port, help="Port agents reach it at.")
@fingerprint_option
@click.option("--tls", "security", flag_value="tls", help=AUTHORITY)
@click.option("--plain", "security", flag_value="plain", help="It doesn't speak TLS any more.")
@json_option
@talks_to_server
def set_reflector(
    client: ServerClient, name: str, security: str | None, as_json: bool, **given: Any
) -> None:
    """Change where a test server, by name or id, listens or which certificate it shows.

    One that was set up anew has a new certificate.

    \b
    Example: broadgauge reflectors set "District core" --host 10.0.0.6
    """
    if security and given["fingerprint"]:
        raise click.UsageError("Give one of --fingerprint, --tls and --plain.")
    change = {key: value for key, value in given.items() if value is not None}
    if security:
        change |= {"tls": security == "tls", "fingerprint": None}
    if not change:
        raise click.UsageError("Say what is different: --host, --port, --fingerprint, --tls.")
    _print((client.send("PATCH", _path(name), Reflector, change),), as_json)


@reflectors.command("remove")
@click.argument("name")
@talks_to_server
def remove_reflector(client: ServerClient, name: str) -> None:
    """Take a test server, by name or id, from the list: agents measure to it no more.

    Tests made to it stay, and count as before.

    \b
    Example: broadgauge reflectors remove "District core"
    """
    client.raw("DELETE", _path(name))
    say("Removed. Agents stop measuring to it within about ten minutes.")


def _path(name: str) -> str:
    return f"/reflectors/{quote(name, safe='')}"


def _print(found: tuple[Reflector, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(r.name, r.segment, f"{r.host}:{r.port}", _security(r), r.id) for r in found]
    print_table(("TEST SERVER", "SEGMENT", "ADDRESS", "TLS", "ID"), rows)


def _security(reflector: Reflector) -> str:
    if reflector.fingerprint:
        return f"certificate {reflector.fingerprint[:16]}..."
    return "yes" if reflector.tls else "no"
