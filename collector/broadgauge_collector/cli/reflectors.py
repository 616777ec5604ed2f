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

DEFAULT_PORT = 8485
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
@click.option(
    "--port", type=Port, default=DEFAULT_PORT, show_default=True, help="Port agents reach it at."
)
@click.option("--segment", type=SEGMENT, required=True, help="What a test to it goes over.")
@click.option("--link", help="The one line it ends, by name or id.")
@fingerprint_option
@click.option("--tls", is_flag=True, help=AUTHORITY)
@click.option(
    "--access-key",
    "with_key",
    is_flag=True,
    help="Make and print a key to start it with: then it tests whom this server lets in.",
)
@json_option
@talks_to_server
def add_reflector(client: ServerClient, with_key: bool, as_json: bool, **given: Any) -> None:
    """Register a test server, so that agents measure to it.

    With --access-key, others than agents have only a small part of it. The key is printed once.

    \b
    Example: broadgauge reflectors add "District core" --host 10.0.0.5 --segment wan
    """
    added = client.send("POST", "/reflectors", Reflector, given)
    if with_key:
        _make_key(client, str(added.id), as_json)
    else:
        _print((added,), as_json)


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


@reflectors.command("key")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Take its key away instead.")
@json_option
@talks_to_server
def key(client: ServerClient, name: str, remove: bool, as_json: bool) -> None:
    """Give a test server, by name or id, a new access key. The key is printed once.

    Start it with the new key at once: one it doesn't know lets no agent in.

    \b
    Example: broadgauge reflectors key "District core"
    """
    if remove:
        _print((client.send("DELETE", f"{_path(name)}/access-key", Reflector),), as_json)
        say("Now start it without --access-key-file: whoever has no token gets little of it.")
    else:
        _make_key(client, name, as_json)


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


def _make_key(client: ServerClient, name: str, as_json: bool) -> None:
    from ..api.reflectors import MadeAccessKey

    made = client.send("POST", f"{_path(name)}/access-key", MadeAccessKey)
    if as_json:
        print_json(made)
        return
    port = f" --port {made.reflector.port}" if made.reflector.port != DEFAULT_PORT else ""
    tls = " --tls" if made.reflector.fingerprint else ""
    say(f"The access key of {made.reflector.name}, printed once. Keep it in a file that only the")
    say("test server's user can read, and start the test server with that file:")
    say(f"broadgauge-agent reflector{port}{tls} --access-key-file FILE")
    click.echo(made.access_key)


def _path(name: str) -> str:
    return f"/reflectors/{quote(name, safe='')}"


def _print(found: tuple[Reflector, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        (r.name, r.segment, f"{r.host}:{r.port}", _security(r), _access(r), r.id) for r in found
    ]
    print_table(("TEST SERVER", "SEGMENT", "ADDRESS", "TLS", "ACCESS KEY", "ID"), rows)


def _security(reflector: Reflector) -> str:
    if reflector.fingerprint:
        return f"certificate {reflector.fingerprint[:16]}..."
    return "yes" if reflector.tls else "no"


def _access(reflector: Reflector) -> str:
    return "yes" if reflector.has_access_key else "no"
