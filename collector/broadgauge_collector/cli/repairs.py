"""Repairs: listed, typed in, and by which rule they are repairs."""

from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import click

from ..imports.amounts import cents
from ..imports.model import TicketCategory
from .client import ServerClient
from .common import NUMBER, ListingGroup, json_option, print_json, print_table, say, talks_to_server
from .downloads import download_table, output_option, table_format_option

DAY = click.DateTime(["%Y-%m-%d"])


class Amount(click.ParamType[int]):
    """An amount of money, as hundredths."""

    name = "amount"

    def convert(self, value: Any, _param: Any, _context: Any) -> int:
        """Such as 80.50."""
        try:
            return value if isinstance(value, int) else cents(value)
        except ValueError as error:
            raise click.BadParameter(f"{error}.") from error


AMOUNT = Amount()
HAND_CATEGORIES = ("failure", "accident", "loss", "theft", "maintenance")


@click.group(cls=ListingGroup)
def repairs() -> None:
    """What was repaired. Alone, lists it.

    \b
    Example: broadgauge repairs
    """


@repairs.command("list")
@click.option("--school", help="Only devices of this school, by name or id.")
@click.option("--model", help="Only devices of this model.")
@click.option("--device", help="Only this device: asset tag, serial number or id.")
@click.option(
    "--category", type=click.Choice(get_args(TicketCategory)), help="Only those opened for this."
)
@click.option("--since", type=DAY, help="Opened on this day or later.")
@click.option("--until", type=DAY, help="Opened on this day or earlier.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Most shown."
)
@json_option
@talks_to_server
def list_repairs(
    client: ServerClient, since: Any, until: Any, limit: int, as_json: bool, **asked: Any
) -> None:
    """List repairs and losses, newest first, and say which tickets are neither.

    \b
    Example: broadgauge repairs list --school "Lincoln Elementary" --category accident
    """
    from ..fleet.repairs.listing import RepairPage

    asked |= {"since": day_of(since), "until": day_of(until), "limit": limit}
    found = client.get("/repairs", RepairPage, **asked)
    if as_json:
        print_json(found)
        return
    rows = [
        (r.opened_on, r.closed_on, r.asset_tag or r.serial, r.model, r.school, r.category, r.issue,
         _money(r.cost_cents, r.currency), r.outside or "in rates", r.source, r.key)
        for r in found.repairs
    ]  # fmt: skip
    heads = ("OPENED", "CLOSED", "DEVICE", "MODEL", "SCHOOL", "WHY", "WHAT", "COST", "COUNTS",
             "SOURCE", "ID")  # fmt: skip
    print_table(heads, rows)
    say_left_out(found.tickets, found.left_out)
    if found.total > len(found.repairs):
        say(f"{len(found.repairs):,} of {found.total:,}. For more: --limit, or repairs export.")


@repairs.command("add")
@click.argument("device")
@click.argument("opened", type=DAY)
@click.argument("category", type=click.Choice(HAND_CATEGORIES))
@click.option("--issue", help='What was broken, such as "Cracked screen".')
@click.option("--closed", type=DAY, help="Day on which it was back.")
@click.option("--cost", type=AMOUNT, help="The whole cost, such as 80.50.")
@click.option("--parts", type=AMOUNT, help="Cost of parts.")
@click.option("--labour", type=AMOUNT, help="Cost of work.")
@click.option("--currency", help="Such as USD, if not the district's.")
@click.option("--downtime", type=NUMBER, metavar="DAYS", help="Days without the device.")
@click.option("--in-warranty/--out-of-warranty", default=None, help="Whether the warranty paid.")
@json_option
@talks_to_server
def add_repair(
    client: ServerClient, device: str, opened: datetime, category: str, as_json: bool, **said: Any
) -> None:
    """Type in a repair of a device (asset tag, serial number or id), opened on a day.

    \b
    Example: broadgauge repairs add T-1042 2026-10-05 accident --issue "Cracked screen" --cost 80.50
    """
    from ..fleet.repairs.by_hand import KeptRepair

    body = {"device": device, "opened_on": day_of(opened), "category": category} | _said(**said)
    kept = client.send("POST", "/repairs", KeptRepair, body)
    if as_json:
        print_json(kept)
        return
    click.echo(str(kept.id))
    say(f"Noted. To take it back: broadgauge repairs remove {kept.id}")


@repairs.command("remove")
@click.argument("repair", type=click.UUID)
@talks_to_server
def remove_repair(client: ServerClient, repair: Any) -> None:
    """Take back a repair that was typed in.

    \b
    Example: broadgauge repairs remove 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    client.raw("DELETE", f"/repairs/by-hand/{repair}")
    say("Taken back.")


@repairs.command("export")
@table_format_option
@click.option("--school", help="Only devices of this school, by name or id.")
@output_option
@talks_to_server
def export_repairs(
    client: ServerClient, format_: str | None, school: str | None, output: Path
) -> None:
    """Write all repairs to a file.

    \b
    Example: broadgauge repairs export --output repairs.xlsx
    """
    download_table(client, "/repairs", output, format_, school=school)


def day_of(moment: datetime | None) -> str | None:
    return None if moment is None else str(moment.date())


def _said(closed: datetime | None, downtime: float | None, in_warranty: bool | None,
          **said: Any) -> dict[str, Any]:  # fmt: skip
    given = {
        "closed_on": day_of(closed),
        "downtime_days": downtime,
        "under_warranty": in_warranty,
        "issue": said["issue"],
        "currency": said["currency"],
    }
    amounts = {f"{name}_cents": said[name] for name in ("cost", "parts", "labour")}
    return {name: value for name, value in (given | amounts).items() if value is not None}


def _money(amount: int | None, currency: str) -> str | None:
    return None if amount is None else f"{amount / 100:,.2f} {currency}"


def say_left_out(tickets: int, left_out: dict[str, int]) -> None:
    from ..fleet.repairs.reasons import LEFT_OUT

    for reason, many in left_out.items():
        say(f"{many:,} of {tickets:,} tickets: {LEFT_OUT[reason]}.")
