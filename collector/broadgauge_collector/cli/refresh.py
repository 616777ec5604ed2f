"""When devices must be replaced, and what that costs."""

from typing import TYPE_CHECKING, get_args

import click
from msgspec.structs import replace

from ..imports.model import DeviceKind
from .client import ServerClient
from .common import NUMBER, ListingGroup, json_option, print_json, print_table, say, talks_to_server
from .repairs import AMOUNT

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
         *(f"{cents / 100:,.0f}" if year.need.has_price else None for cents in (
             year.need.cost.low_cents, year.need.cost.expected_cents, year.need.cost.high_cents)))
        for year in needs.years
    ]  # fmt: skip
    heads = ("FISCAL YEAR", "LOW", "EXPECTED", "HIGH")
    print_table((*heads, *(f"{head} {currency}" for head in heads[1:])), rows)
    if needs.without_day:
        say(f"Of {needs.devices:,} devices, no rule gives a day for {needs.without_day:,}.")
    if unpriced := round(needs.total.unpriced):
        say(
            f"Of {unpriced:,} devices no price is known, and no cost has them in: set one with "
            "broadgauge refresh price."
        )


@refresh.command("age")
@click.argument("kind", type=click.Choice(get_args(DeviceKind)))
@click.argument("years", type=NUMBER)
@talks_to_server
def age(client: ServerClient, kind: DeviceKind, years: float) -> None:
    """Say at what age devices of a kind are replaced.

    \b
    Example: broadgauge refresh age chromebook 6
    """
    from ..fleet.statistics.replace_rules import AgeLimit, ReplaceRules

    rules = client.get("/replace-rules", ReplaceRules)
    mine = AgeLimit(kind=kind, years=years, source="set by the district")
    others = [limit for limit in rules.age_limits if limit.kind != kind]
    client.send("PUT", "/replace-rules", ReplaceRules, replace(rules, age_limits=(*others, mine)))
    say(f"Devices of the kind {kind} are replaced at the age of {years:g} years.")


@refresh.command("price")
@click.argument("name")
@click.argument("amount", type=AMOUNT, required=False)
@click.option("--low", type=AMOUNT, help="The least it may be; as the amount, if left out.")
@click.option("--high", type=AMOUNT, help="The most it may be; as the amount, if left out.")
@click.option("--as-paid", is_flag=True, help="Forget it, and reckon with what was paid.")
@talks_to_server
def price(
    client: ServerClient, name: str, amount: int | None, low: int | None, high: int | None,
    as_paid: bool,
) -> None:  # fmt: skip
    """Say what a new device of a model or kind costs. A model's price comes before its kind's.

    \b
    Example: broadgauge refresh price chromebook 320 --low 280 --high 380
    """
    from ..fleet.refresh.settings import UnitCosts
    from ..fleet.statistics.refresh_model import UnitCost

    if as_paid != (amount is None):
        raise click.UsageError("Say an amount, or --as-paid.")
    costs = {key: cost for key, cost in client.get("/unit-costs", UnitCosts).costs.items()
             if key != name}  # fmt: skip
    if amount is None:
        client.send("PUT", "/unit-costs", UnitCosts, UnitCosts(costs=costs))
        say(f"Reckoned with is what was paid for {name}.")
        return
    low, high = (amount if each is None else each for each in (low, high))
    cost = UnitCost(cents=amount, low_cents=low, high_cents=high)
    client.send("PUT", "/unit-costs", UnitCosts, UnitCosts(costs=costs | {name: cost}))
    say(f"A new {name} costs {amount / 100:,.2f}.")
    _say_unless_there(client, name)


def _say_unless_there(client: ServerClient, name: str) -> None:
    from ..reports.refresh import RefreshReport

    lines = client.get("/refresh", RefreshReport).lines
    names = {each for line in lines for each in (line.model, line.kind) if each is not None}
    if name not in names:
        alike = [each for each in names if each.casefold() == name.casefold()]
        meant = f" Did you mean {alike[0]}?" if alike else ""
        say(f"No device is of a model or kind {name!r}: no cost follows from it.{meant}")
