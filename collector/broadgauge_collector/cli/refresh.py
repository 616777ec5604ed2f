"""When devices must be replaced, and what that costs."""

from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server

if TYPE_CHECKING:
    from ..fleet.statistics.refresh_model import Needs


@click.group(cls=ListingGroup)
def refresh() -> None:
    """When devices must be replaced, and what that costs. Alone, lists it.

    \b
    Example: broadgauge refresh
    """


@refresh.command("list")
@click.option("--school", help="Only this school, by name; otherwise the whole district.")
@json_option
@talks_to_server
def list_refresh(client: ServerClient, school: str | None, as_json: bool) -> None:
    """Say how many devices must be bought in each fiscal year.

    \b
    Example: broadgauge refresh list --school "Grant High"
    """
    from ..reports.refresh import RefreshReport

    report = client.get("/refresh", RefreshReport)
    if as_json:
        print_json(report)
        return
    found = report.forecast
    if school is not None:
        named = [each for each in found.schools if each.name == school]
        if not named:
            raise click.UsageError(f"No device stands at a school named {school!r}.")
        _print(named[0], report.currency)
        return
    _print(found.district, report.currency)
    say(report.ranges)


def _print(needs: "Needs", currency: str) -> None:
    rows = [
        (year.fiscal_year, year.need.low, round(year.need.expected), year.need.high,
         *(f"{cents / 100:,.0f}" for cents in (
             year.need.cost.low_cents, year.need.cost.expected_cents, year.need.cost.high_cents)))
        for year in needs.years
    ]  # fmt: skip
    heads = ("FISCAL YEAR", "LOW", "EXPECTED", "HIGH")
    print_table((*heads, *(f"{head} {currency}" for head in heads[1:])), rows)
    if needs.without_day:
        say(f"Of {needs.devices:,} devices, no rule gives a day for {needs.without_day:,}.")


@refresh.command("age")
@click.argument("kind")
@click.argument("years", type=float)
@talks_to_server
def age(client: ServerClient, kind: str, years: float) -> None:
    """Say at what age devices of a kind are replaced.

    \b
    Example: broadgauge refresh age chromebook 6
    """
    import msgspec

    from ..fleet.statistics.replace_rules import AgeLimit, ReplaceRules

    rules = client.get("/replace-rules", ReplaceRules)
    try:
        mine = msgspec.convert(
            {"kind": kind, "years": years, "source": "set by the district"}, AgeLimit
        )
    except msgspec.ValidationError as error:
        raise click.UsageError(str(error)) from error
    others = [limit for limit in rules.age_limits if limit.kind != kind]
    client.send("PUT", "/replace-rules", ReplaceRules, replace(rules, age_limits=(*others, mine)))
    say(f"Devices of the kind {kind} are replaced at the age of {years:g} years.")


@refresh.command("price")
@click.argument("name")
@click.argument("amount", type=float)
@click.option("--low", type=float, help="The least it may be; as the amount, if left out.")
@click.option("--high", type=float, help="The most it may be; as the amount, if left out.")
@talks_to_server
def price(
    client: ServerClient, name: str, amount: float, low: float | None, high: float | None
) -> None:
    """Say what a new device of a model or kind costs.

    \b
    Example: broadgauge refresh price chromebook 320 --low 280 --high 380
    """
    from ..fleet.refresh.settings import UnitCosts
    from ..fleet.statistics.refresh_model import UnitCost

    said = client.get("/unit-costs", UnitCosts)
    cents, low_cents, high_cents = (
        round(100 * (amount if each is None else each)) for each in (amount, low, high)
    )
    cost = UnitCost(cents=cents, low_cents=low_cents, high_cents=high_cents)
    client.send("PUT", "/unit-costs", UnitCosts, UnitCosts(costs=said.costs | {name: cost}))
    say(f"A new {name} costs {amount:,.2f}.")
