"""Databases that results are sent on to."""

import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import click

from ..config import is_loopback
from ..errors import MayNotStart
from ..sinks.model import Sink, SinkStatus
from .client import ServerClient, find_server
from .common import (
    ListingGroup,
    data_option,
    json_option,
    print_json,
    print_table,
    say,
    talks_to_server,
)


@click.group(cls=ListingGroup)
def sinks() -> None:
    """Databases that get every result, for Grafana and the like. Alone, lists them.

    \b
    Example: broadgauge sinks
    """


@sinks.command("list")
@json_option
@talks_to_server
def list_sinks(client: ServerClient, as_json: bool) -> None:
    """List sinks.

    \b
    Example: broadgauge sinks list --json
    """
    found = [status.sink for status in _statuses(client)]
    if as_json:
        print_json(found)
        return
    rows = [(s.name, s.kind, s.url, s.org, s.bucket, s.proof, s.id) for s in found]
    print_table(("SINK", "KIND", "ADDRESS", "ORG", "BUCKET", "PROOF", "ID"), rows)


@sinks.command("status")
@json_option
@talks_to_server
def status(client: ServerClient, as_json: bool) -> None:
    """Say how far each sink is, and what it waits for. Ends with 1 if one is in trouble.

    \b
    Example: broadgauge sinks status
    """
    found = _statuses(client)
    if as_json:
        print_json(found)
    else:
        print_table(("SINK", "POINTS", "REFUSED", "TOO OLD", "BEHIND", "TROUBLE"), _rows(found))
    if any(one.trouble for one in found):
        click.get_current_context().exit(1)


@sinks.group("add")
def add() -> None:
    """Send every result, from the first on, to one more database.

    \b
    Example: broadgauge sinks add influxdb --url http://127.0.0.1:8428
    """


@add.command("influxdb")
@click.option("--url", "address", required=True, help="Address the database answers at.")
@click.option("--org", default="broadgauge", show_default=True, help="Organization in it.")
@click.option("--bucket", default="broadgauge", show_default=True, help="Bucket in it.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with a token that may write there.",
)
@click.option("--name", default="influxdb", show_default=True, help="What to call it here.")
@click.option(
    "--proof",
    type=click.Choice(["age", "snapshot"]),
    default="age",
    show_default=True,
    help="What proves that points outlive a crash of it: half a minute without a restart, or a "
    "snapshot (VictoriaMetrics).",
)
@json_option
@data_option
def add_influxdb(
    data: Path, address: str, token_file: Path | None, as_json: bool, **given: str
) -> None:
    """InfluxDB 2, or VictoriaMetrics, which speaks its language.

    The server's own address is that in its data directory, or BROADGAUGE_URL.

    \b
    Example: broadgauge sinks add influxdb --url https://influxdb.example.org:8086 \\
               --org district --bucket network --token-file influxdb.token
    """
    token = _read(token_file) if token_file else None
    body = {"kind": "influxdb", "url": address, "token": token, **given}
    where = find_server(os.environ.get("BROADGAUGE_URL"), os.environ.get("BROADGAUGE_TOKEN"), data)
    with closing(ServerClient(where)) as client:
        added = client.send("POST", "/sinks", Sink, body)
    if as_json:
        print_json(added)
        return
    if token and _is_open(added.url):
        say("Whoever can listen on the way to it can read the token: it goes over plain http.")
    say(f"Added {added.name}. How far it is: broadgauge sinks status")


@sinks.command("remove")
@click.argument("name")
@talks_to_server
def remove_sink(client: ServerClient, name: str) -> None:
    """Send nothing more to a sink, by name or id. What it has, it keeps.

    \b
    Example: broadgauge sinks remove influxdb
    """
    client.raw("DELETE", f"/sinks/{quote(name, safe='')}")
    say("Removed. Added again, it begins with the first result; what it has isn't doubled.")


def _statuses(client: ServerClient) -> tuple[SinkStatus, ...]:
    return client.get("/sinks", tuple[SinkStatus, ...])


def _rows(found: tuple[SinkStatus, ...]) -> list[tuple[object, ...]]:
    now = datetime.now(UTC)
    return [
        (
            one.sink.name,
            one.points,
            one.refused_points,
            one.outdated_points,
            _behind(one, now),
            one.trouble,
        )
        for one in found
    ]


def _behind(one: SinkStatus, now: datetime) -> str:
    if one.behind_since is None:
        return "no"
    seconds = max(0, round((now - one.behind_since).total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        raise MayNotStart(f"{file} can't be read ({error.strerror}).") from error


def _is_open(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
