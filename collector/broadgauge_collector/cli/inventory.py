"""Devices, as all sources together have them."""

from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import click

from ..imports.model import DeviceState
from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server
from .device_signals import confirm_signal, dismiss_signal, list_signals
from .downloads import download_table, output_option, table_format_option

PAGE = 1000


@click.group(cls=ListingGroup)
def devices() -> None:
    """What the district owns. Alone, lists it.

    \b
    Example: broadgauge devices
    """


for command in (list_signals, confirm_signal, dismiss_signal):
    devices.add_command(command)


@devices.command("list")
@click.argument("search", required=False)
@click.option("--school", help="Only this school, by name or id.")
@click.option("--model", help="Only this model.")
@click.option("--state", type=click.Choice(get_args(DeviceState)), help="Only those in this state.")
@click.option("--conflicts", is_flag=True, help="Only those that sources disagree on.")
@click.option("--idle-below", type=float, metavar="HOURS", help="On for fewer hours a week.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Most shown."
)
@json_option
@talks_to_server
def list_devices(
    client: ServerClient, limit: int, conflicts: bool, as_json: bool, **asked: Any
) -> None:
    """List devices whose serial number, asset tag, make, model or place has these words.

    \b
    Example: broadgauge devices list "latitude" --school "Lincoln Elementary"
    """
    from ..fleet.model import DevicePage

    asked["conflicts"] = "true" if conflicts else None
    found = client.get("/devices", DevicePage, limit=limit, **asked)
    if as_json:
        print_json(found)
        return
    rows = [
        (d.serial, d.asset_tag, d.model, d.kind, d.school or d.place, d.state, d.purchased_on,
         d.sources, d.id)
        for d in found.devices
    ]  # fmt: skip
    heads = ("SERIAL", "TAG", "MODEL", "KIND", "WHERE", "STATE", "BOUGHT", "SOURCES", "ID")
    print_table(heads, rows)
    if found.total > len(found.devices):
        say(f"{len(found.devices):,} of {found.total:,}. For more: --limit, or devices export.")


@devices.command("applications")
@click.argument("search", required=False)
@json_option
@talks_to_server
def list_applications(client: ServerClient, search: str | None, as_json: bool) -> None:
    """List installed applications whose name has these words, with how many machines have them.

    \b
    Example: broadgauge devices applications "chrome"
    """
    from ..reports.applications import ApplicationsReport

    found = client.get("/applications", ApplicationsReport, search=search)
    if as_json:
        print_json(found)
        return
    rows = [
        (each.name, each.machines, len(each.versions), each.versions[0].name, len(each.schools))
        for each in found.applications
    ]
    print_table(("APPLICATION", "MACHINES", "VERSIONS", "MOST FREQUENT", "SCHOOLS"), rows)
    say(f"{found.telling:,} of {found.machines:,} machines tell what is installed.")
    if not found.telling:
        say("Switch it on: broadgauge settings set probes.inventory.applications true")


@devices.command("show")
@click.argument("device", type=click.UUID)
@json_option
@talks_to_server
def show_device(client: ServerClient, device: Any, as_json: bool) -> None:
    """Show all that is known of a device, and who says so.

    \b
    Example: broadgauge devices show 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    from ..fleet.model import WholeDevice

    found = client.get(f"/devices/{device}", WholeDevice)
    if as_json:
        print_json(found)
        return
    rows = [(name, value, found.origins.get(name)) for name, value in found.facts.items()]
    print_table(("WHAT", "VALUE", "FROM"), rows)
    for conflict in found.conflicts:
        said = "; ".join(f"{source}: {value}" for source, value in conflict.said.items())
        say(f"Sources disagree on {conflict.field}. {said}")
    for ticket in found.tickets:
        what = ticket.facts.get("issue") or ticket.facts.get("kind") or "ticket"
        say(f"{ticket.opened_on or '-'} to {ticket.closed_on or '-'}: {what} ({ticket.source})")


@devices.command("groups")
@click.argument(
    "by", type=click.Choice(["school", "kind", "make", "model", "state", "os_name", "year"])
)
@json_option
@talks_to_server
def group_devices(client: ServerClient, by: str, as_json: bool) -> None:
    """Count devices by what they have in common.

    \b
    Example: broadgauge devices groups model
    """
    from ..fleet.model import DeviceGroup

    found = client.get("/devices/groups", tuple[DeviceGroup, ...], by=by)
    if as_json:
        print_json(found)
        return
    rows = [(g.name, g.devices, g.conflicts, g.oldest) for g in found]
    print_table((by.upper(), "DEVICES", "SOURCES DISAGREE", "OLDEST BOUGHT"), rows)


@devices.command("supported")
@click.option("--model", "models", multiple=True, help="A model of the new list; repeatable.")
@click.option("--none", "empty", is_flag=True, help="Have no such list any more.")
@json_option
@talks_to_server
def supported_models(
    client: ServerClient, models: tuple[str, ...], empty: bool, as_json: bool
) -> None:
    """List the models that the district supports, or replace the list, and say what is off it.

    \b
    Example: broadgauge devices supported --model "HP Chromebook 11 G8" --model "Lenovo 300e"
    """
    from ..fleet.supported import SupportedModels
    from ..fleet.totals import DeviceTotals

    if models or empty:
        client.raw("PUT", "/supported-models", body={"models": models})
    found = client.get("/supported-models", SupportedModels)
    if as_json:
        print_json(found)
        return
    for model in found.models:
        click.echo(model)
    totals = client.get("/devices/totals", DeviceTotals)
    if totals.off_list is not None:
        say(f"Of other models: {totals.off_list:,} of {totals.devices:,} devices.")


@devices.command("set")
@click.argument("device", type=click.UUID)
@click.option("--school", help="School, by name or id.")
@click.option("--state", type=click.Choice(get_args(DeviceState)), help="Whether it is in service.")
@click.option("--since", "state_since", type=click.DateTime(["%Y-%m-%d"]), help="Since when.")
@click.option("--tag", "asset_tag", help="Asset tag.")
@talks_to_server
def set_device(client: ServerClient, device: Any, state_since: Any, **said: Any) -> None:
    """Say yourself what holds of a device, against all its sources; with no option, take it back.

    \b
    Example: broadgauge devices set 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11 --state retired
    """
    given = said | {"state_since": state_since.date() if state_since else None}
    given = {name: value for name, value in given.items() if value is not None}
    body = _said_by_hand(client, device) | given if given else {}
    client.raw("PUT", f"/devices/{quote(str(device))}/by-hand", body=body)
    say("Noted.")


def _said_by_hand(client: ServerClient, device: Any) -> dict[str, Any]:
    """What was said before, and stays."""
    from ..fleet.merging import HAND
    from ..fleet.model import WholeDevice

    sources = client.get(f"/devices/{device}", WholeDevice).sources
    facts = next((dict(each.facts) for each in sources if each.source == HAND), {})
    if "place" in facts:
        facts["school"] = facts.pop("place")
    return facts


@devices.command("export")
@table_format_option
@click.option("--school", help="Only this school, by name or id.")
@output_option
@talks_to_server
def export_devices(
    client: ServerClient, format_: str | None, school: str | None, output: Path
) -> None:
    """Write all devices to a file.

    \b
    Example: broadgauge devices export --output devices.xlsx
    """
    download_table(client, "/devices", output, format_, school=school)
