"""How often devices break, and whether a warranty is worth it: commands of `repairs`."""

from typing import TYPE_CHECKING, Any

import click

from .client import ServerClient
from .common import NUMBER, counted, json_option, print_json, print_table, say, talks_to_server
from .repair_rules import repairs
from .repairs import AMOUNT, say_left_out

if TYPE_CHECKING:
    from ..fleet.repairs.rated import RepairRates
    from ..fleet.statistics.warranty import Comparison

__all__ = ("repairs",)

BY = ("model", "school", "kind", "age", "category")


@repairs.command("rates")
@click.option(
    "--by", type=click.Choice(BY), default="model", show_default=True, help="What groups share."
)
@json_option
@talks_to_server
def rates(client: ServerClient, by: str, as_json: bool) -> None:
    """Say how many repairs there are in 100 device-years, with limits.

    \b
    Example: broadgauge repairs rates --by age
    """
    from ..fleet.repairs.rated import RepairRates

    found = client.get("/repairs/rates", RepairRates, by=by)
    if as_json:
        print_json(found)
        return
    everyone = ("all", None, found.district)
    groups = ((each.name, each.devices, each.rate) for each in found.groups)
    rows = [
        (name, devices, rate.repairs, round(rate.device_years), *(_tenths(n) for n in (
            rate.per_100, rate.low, rate.high)))
        for name, devices, rate in (everyone, *groups)
    ]  # fmt: skip
    heads = (by.upper(), "DEVICES", "REPAIRS", "DEVICE-YEARS", "PER 100", "LOW", "HIGH")
    print_table(heads, rows)
    if found.without_feed:
        say(f"Nobody tells of repairs at: {', '.join(found.without_feed)}. They have no rate.")
    _say_what_is_not_counted(found)


def _say_what_is_not_counted(found: "RepairRates") -> None:
    from ..fleet.repairs.reasons import DEVICES, OUTSIDE

    if found.tickets and not found.repairs:
        say("No ticket is a repair by the rule, which broadgauge repairs rule shows.")
    say_left_out(found.tickets, found.left_out)
    for reason, many in found.outside_rates.items():
        say(f"{counted(many, 'repair')} in no rate: {OUTSIDE[reason]}.")
    for reason, many in found.devices_left_out.items():
        say(f"{counted(many, 'device')} in no rate: {DEVICES[reason]}.")


def _tenths(number: float | None) -> str | None:
    return None if number is None else f"{number:.1f}"


@repairs.command("compare")
@click.argument("first")
@click.argument("second")
@click.option(
    "--by",
    type=click.Choice(("model", "kind")),
    default="model",
    show_default=True,
    help="What the two are.",
)
@json_option
@talks_to_server
def compare(client: ServerClient, first: str, second: str, by: str, as_json: bool) -> None:
    """Say whether one model is repaired more often than another, at the same age and school.

    \b
    Example: broadgauge repairs compare "HP Chromebook 11 G8" "Lenovo 300e"
    """
    from ..fleet.statistics.comparison import Comparison

    found = client.get("/repairs/comparison", Comparison, first=first, second=second, by=by)
    if as_json:
        print_json(found)
        return
    click.echo(found.sentence)


@repairs.command("insurance")
@click.option("--premium", type=AMOUNT, help="For a device and the whole term; else no plan.")
@click.option("--years", type=NUMBER, default=3.0, show_default=True, help="The plan's term.")
@click.option("--deductible", type=AMOUNT, default=0, help="Paid for each repair.")
@click.option("--model", help="Only devices of this model.")
@click.option("--devices", type=int, help="How many devices; otherwise those in service.")
@click.option("--no-accidents", is_flag=True, help="The plan doesn't cover accidents.")
@click.option("--fee", type=AMOUNT, default=2500, help="Families pay for a device and year.")
@click.option(
    "--take-up", type=NUMBER, default=0.75, show_default=True, help="Share who take part."
)
@click.option(
    "--waived", type=NUMBER, default=0.0, show_default=True, help="Share who needn't pay."
)
@json_option
@talks_to_server
def insurance(client: ServerClient, as_json: bool, **offer: Any) -> None:
    """Hold a warranty, families' fees and paying oneself against the log.

    \b
    Example: broadgauge repairs insurance --premium 45 --years 3 --deductible 20
    """
    from ..fleet.repairs.insurance import Insurance

    found = client.get(
        "/insurance",
        Insurance,
        premium_cents=offer["premium"] or 0,
        term_years=offer["years"],
        deductible_cents=offer["deductible"],
        covers_accidents="false" if offer["no_accidents"] else "true",
        model=offer["model"],
        devices=offer["devices"],
        fee_cents=offer["fee"],
        take_up=offer["take_up"],
        waived=offer["waived"],
    )
    if as_json:
        print_json(found)
        return
    if found.comparison is None or found.fees is None:
        say("What repairs cost isn't known: bring tickets with costs.")
        return
    both, fees = found.comparison, found.fees
    plan = (("the plan", both.plan),) if offer["premium"] is not None else ()
    rows = [
        (name, *(f"{cents / 100:,.0f}" for cents in (
            spread.low_80_cents, spread.expected_cents, spread.high_80_cents)))
        for name, spread in (*plan, ("paying oneself", both.self_insured))
    ]  # fmt: skip
    print_table((f"IN {found.currency}", "LOW", "EXPECTED", "HIGH"), rows)
    if plan:
        _say_what_a_plan_is_worth(both)
    say(f"A reserve of {both.reserve.cents / 100:,.0f} suffices in 19 of 20 futures.")
    say(f"Fees fall short in {fees.chance_of_shortfall:.0%} of the futures.")
    for note in both.notes:
        say(note)


def _say_what_a_plan_is_worth(both: "Comparison") -> None:
    say(f"Paying oneself is cheaper in {both.chance_self_insuring_is_cheaper:.0%} of the futures.")
    if both.break_even_per_100 is not None:
        say(
            f"The plan is worth it above {both.break_even_per_100:.1f} repairs in 100 "
            f"device-years; the log says {both.rate_per_100:.1f}."
        )
