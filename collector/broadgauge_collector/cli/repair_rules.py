"""Which tickets are repairs, and of which schools they are told: commands of `repairs`."""

from typing import Any, get_args

import click
import msgspec

from ..imports.model import TicketCategory
from .client import ServerClient
from .common import json_option, print_json, print_table, say, talks_to_server
from .repairs import DAY, day_of, repairs

__all__ = ("repairs",)


@repairs.command("rule")
@click.option(
    "--category", "categories", type=click.Choice(get_args(TicketCategory)), multiple=True,
    help="A category that is a repair; repeatable, instead of those before.",
)  # fmt: skip
@click.option(
    "--hardware-support/--no-hardware-support", default=None,
    help="Whether Snipe-IT's Hardware Support is a repair.",
)  # fmt: skip
@click.option(
    "--same-within", type=click.IntRange(0, 90), metavar="DAYS",
    help="Tickets of one device and category so soon after the first are one repair.",
)  # fmt: skip
@click.option("--each-by-itself", is_flag=True, help="Each ticket is a repair by itself.")
@click.option("--currency", help="The district's currency, such as USD.")
@click.option("--because", help="Why, for what is changed.")
@json_option
@talks_to_server
def repair_rule(
    client: ServerClient, categories: tuple[str, ...], each_by_itself: bool, because: str | None,
    as_json: bool, **changed: Any,
) -> None:  # fmt: skip
    """Show which tickets are repairs and why, or change it. The API changes the words, too.

    \b
    Example: broadgauge repairs rule --hardware-support --because "Technicians use it for repairs"
    """
    from ..fleet.repairs.rule import RepairRule

    if each_by_itself and changed["same_within"] is not None:
        raise click.UsageError("--same-within and --each-by-itself exclude each other.")
    rule = client.get("/repair-rule", RepairRule)
    wish = _wish(categories, **changed)
    if each_by_itself:
        wish["same_within"] = {"days": None}
    if wish:
        body = _changed(msgspec.to_builtins(rule), wish, because)
        rule = client.send("PUT", "/repair-rule", RepairRule, body)
    if as_json:
        print_json(rule)
        return
    said = msgspec.to_builtins(rule)
    rows = [(name, _words(clause), clause["because"]) for name, clause in said.items()]
    print_table(("CLAUSE", "IS", "BECAUSE"), rows)


@repairs.command("feeds")
@click.argument("school", required=False)
@click.option("--since", type=DAY, help="First day on which its repairs would be known.")
@click.option("--through", type=DAY, help="Last day on which they would be known.")
@click.option("--none", "has_none", is_flag=True, help="Nobody tells of its repairs.")
@click.option("--by-tickets", is_flag=True, help="Let it follow from tickets again.")
@json_option
@talks_to_server
def repair_feeds(
    client: ServerClient, school: str | None, since: Any, through: Any, has_none: bool,
    by_tickets: bool, as_json: bool,
) -> None:  # fmt: skip
    """List of which schools repairs are told, or declare it of one. The others have no rate.

    \b
    Example: broadgauge repairs feeds "Lincoln Elementary" --since 2025-08-01
    """
    from ..fleet.repairs.model import Feed

    declares = since is not None or has_none or by_tickets
    if declares != (school is not None) or (through is not None and since is None):
        raise click.UsageError("Name a school, and say --since DAY, --none or --by-tickets of it.")
    if sum((since is not None, has_none, by_tickets)) > 1:
        raise click.UsageError("--since, --none and --by-tickets exclude each other.")
    if declares:
        said = {"has_feed": None if by_tickets else not has_none}
        body = {"school": school, "since": day_of(since), "through": day_of(through)} | said
        client.raw("PUT", "/repair-feeds", body=body)
    found = client.get("/repair-feeds", tuple[Feed, ...])
    if as_json:
        print_json(found)
        return
    rows = [
        (f.school, "yes" if f.has_feed else "no", f.since, f.through, f.devices, f.tickets,
         f.last_ticket_on, ", ".join(f.sources), "declared" if f.declared else "by tickets")
        for f in found
    ]  # fmt: skip
    print_table(
        ("SCHOOL", "TOLD OF", "SINCE", "THROUGH", "DEVICES", "TICKETS", "LAST", "SOURCES", "HOW"),
        rows,
    )
    if without := sum(not each.has_feed and each.devices > 0 for each in found):
        say(f"Schools with devices and no feed of repairs, which have no rate: {without}.")


def _wish(categories: tuple[str, ...], **changed: Any) -> dict[str, dict[str, Any]]:
    given = {
        "categories": ("these", list(categories) or None),
        "hardware_support": ("yes", changed["hardware_support"]),
        "same_within": ("days", changed["same_within"]),
        "currency": ("code", changed["currency"]),
    }
    return {clause: {name: v} for clause, (name, v) in given.items() if v is not None}


def _changed(
    rule: dict[str, Any], wish: dict[str, dict[str, Any]], because: str | None
) -> dict[str, Any]:
    why = {} if because is None else {"because": because}
    return rule | {clause: rule[clause] | said | why for clause, said in wish.items()}


def _words(clause: dict[str, Any]) -> str:
    (value,) = (value for name, value in clause.items() if name != "because")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "each by itself"
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)
