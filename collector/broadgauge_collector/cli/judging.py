"""Targets, and where each school stands."""

import sys
from typing import TYPE_CHECKING

import click

from broadgauge_host.exit_codes import ExitCode

from ..capacity.model import Target
from ..capacity.targets import DEFAULT_TARGET
from ..config import DEFAULT_DAYS, MAX_DAYS
from .client import ServerClient
from .common import json_option, marked, mbps, print_json, print_table, say, talks_to_server

if TYPE_CHECKING:  # commands import the server's parts when they need them, to start quickly
    from ..api.verdicts import SchoolVerdict, Verdicts

target_option = click.option(
    "--target", default=DEFAULT_TARGET, show_default=True, help="Key from `broadgauge targets`."
)
days_option = click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=DEFAULT_DAYS,
    show_default=True,
    help="Days of tests to judge by.",
)


@click.command()
@json_option
@talks_to_server
def targets(client: ServerClient, as_json: bool) -> None:
    """List targets with their sources.

    \b
    Example: broadgauge targets
    """
    found = client.get("/targets", tuple[Target, ...])
    if as_json:
        print_json(found)
        return
    rows = [(t.key, t.segment, _rate(t), t.year, t.title, t.source) for t in found]
    print_table(("TARGET", "SEGMENT", "RATE", "FOR YEAR", "TITLE", "SOURCE"), rows)


@click.command()
@target_option
@days_option
@json_option
@talks_to_server
def verdicts(client: ServerClient, target: str, days: int, as_json: bool) -> None:
    """Say where each school stands against a target. Ends with 1 if a school is below it.

    \b
    Example: broadgauge verdicts --target fcc-1mbps --days 30
    """
    from ..api.verdicts import Verdicts

    found = client.get("/verdicts", Verdicts, target=target, days=days)
    if as_json:
        print_json(found)
    else:
        say(f"{found.target.title} ({found.target.source}), the last {days} days")
        rows = [
            (marked(v.school, v.simulated), v.conclusion, _line(found, v), v.explanation)
            for v in found.schools
        ]
        print_table(("SCHOOL", "VERDICT", "LINE", "WHY"), rows)
    if any(school.conclusion == "below" for school in found.schools):
        sys.exit(ExitCode.TROUBLE)


def _line(found: "Verdicts", school: "SchoolVerdict") -> str | None:
    for judged in found.links:
        if judged.link.id == school.link_id and judged.verdict.capacity is not None:
            return f"{judged.link.name}: {mbps(judged.verdict.capacity.bits_per_second)}"
    return school.link


def _rate(target: Target) -> str:
    rates = sorted({c.bits_per_second for c in target.classes})
    amount = " to ".join(f"{rate / 1e6:g}" for rate in dict.fromkeys((rates[0], rates[-1])))
    return f"{amount} Mbps per {target.per.replace('_', ' ')}"
