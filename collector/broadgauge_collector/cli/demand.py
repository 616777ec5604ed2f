"""What lines can carry, what they will need, and what that rests on."""

from typing import TYPE_CHECKING, Any

import click

from ..capacity.models import ASSUMPTION, BlendedModel
from ..config import DEFAULT_DAYS, MAX_DAYS
from .client import ServerClient
from .common import (
    ListingGroup,
    counted,
    json_option,
    marked,
    mbps,
    print_json,
    print_table,
    say,
    talks_to_server,
)

if TYPE_CHECKING:  # commands import the server's parts when they need them, to start quickly
    from ..reports.carry import ModelCarried
    from ..reports.needs import LineNeed
    from ..schools.assumptions import Assumptions, SchoolAssumption

STATES = {"done": "[x]", "started": "[~]", "not_started": "[ ]"}

days_option = click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=DEFAULT_DAYS,
    show_default=True,
    help="Days of tests that capacities rest on.",
)
school_option = click.option("--school", help="Only this school, by name or id.")


@click.group(cls=ListingGroup)
def needs() -> None:
    """What lines will need, and until when they are enough. Alone, lists them.

    \b
    Example: broadgauge needs
    """


@needs.command("list")
@days_option
@json_option
@talks_to_server
def list_needs(client: ServerClient, days: int, as_json: bool) -> None:
    """Say what each line needs today and in three years, and until when it is enough.

    \b
    Example: broadgauge needs list --json
    """
    from ..reports.needs import NeedsReport

    found = client.get("/demand/needs", NeedsReport, days=days)
    if as_json:
        print_json(found)
        return
    say(found.ranges)
    heads = ("LINE", "SCHOOLS", "CARRIES", "NEED TODAY", "IN 3 YEARS", "UNTIL", "TREND")
    print_table(heads, [_line(line) for line in found.lines])


@needs.command("carry")
@school_option
@days_option
@json_option
@talks_to_server
def carry(client: ServerClient, school: str | None, days: int, as_json: bool) -> None:
    """Say which blended models, and how many students at once, each school can carry today.

    \b
    Example: broadgauge needs carry --school "Grant High"
    """
    from ..reports.carry import CarryReport

    asked: dict[str, Any] = {"days": days} | ({"school": school} if school else {})
    found = client.get("/carry", CarryReport, **asked)
    if as_json:
        print_json(found)
        return
    rows: list[tuple[object, ...]] = []
    for one in found.schools:
        name = marked(one.school, one.simulated)
        if one.unknown:
            rows.append((name, None, None, None, None, one.unknown))
        rows += [(name, *_model(each)) for each in one.models]
    heads = ("SCHOOL", "MODEL", "CARRIED", "STUDENTS AT ONCE", "ONLINE AT BUSIEST", "WHY")
    print_table(heads, rows)


@needs.command("targets")
@school_option
@click.option("--line", help="Only this line, by name or id.")
@days_option
@json_option
@talks_to_server
def all_targets(
    client: ServerClient, school: str | None, line: str | None, days: int, as_json: bool
) -> None:
    """Hold every target against the lines of a school, or against one line.

    \b
    Example: broadgauge needs targets --line "District Internet"
    """
    from ..reports.carry import AllTargets

    named = {"school": school, "line": line}
    asked = {name: value for name, value in named.items() if value}
    if len(asked) != 1:
        raise click.UsageError("Say which: --school or --line, and not both.")
    found = client.get("/demand/targets", AllTargets, days=days, **asked)
    if as_json:
        print_json(found)
        return
    heads = ("LINE", "TARGET", "STATED FOR", "YEAR", "NEED", "CARRIES", "VERDICT", "SOURCE")
    rows = [
        (
            held.link,
            held.title,
            held.level,
            held.year,
            mbps(held.need_bits_per_second),
            mbps(held.capacity.bits_per_second) if held.capacity else None,
            held.conclusion,
            held.source,
        )
        for held in found.held
    ]
    print_table(heads, rows)


@needs.command("checklist")
@days_option
@json_option
@talks_to_server
def checklist(client: ServerClient, days: int, as_json: bool) -> None:
    """Tick the five broadband steps of the Blended Learning guide, by evidence.

    \b
    Example: broadgauge needs checklist
    """
    from ..reports.checklist import Checklist

    found = client.get("/demand/checklist", Checklist, days=days)
    if as_json:
        print_json(found)
        return
    for step in found.steps:
        click.echo(f"{STATES[step.state]} {step.number}. {step.title}")
        for words in step.evidence:
            click.echo(f"       {words}")


@needs.command("models")
@json_option
@talks_to_server
def models(client: ServerClient, as_json: bool) -> None:
    """List the blended models, with the devices, people and rooms they take.

    \b
    Example: broadgauge needs models
    """
    found = client.get("/demand/models", tuple[BlendedModel, ...])
    if as_json:
        print_json(found)
        return
    rows = [(m.key, m.title, m.devices, m.people, m.rooms) for m in found]
    print_table(("MODEL", "TITLE", "DEVICES", "PEOPLE", "ROOMS"), rows)


@needs.command("assumptions")
@json_option
@talks_to_server
def assumptions(client: ServerClient, as_json: bool) -> None:
    """List the model wanted and every number that needs rest on, with its source.

    \b
    Example: broadgauge needs assumptions
    """
    from ..schools.assumptions import Assumptions

    _print(client.get("/demand/assumptions", Assumptions), as_json)


@needs.command("set")
@click.argument("key")
@click.argument("value")
@click.option("--low", type=float, help="The least it may be.  [default: VALUE]")
@click.option("--high", type=float, help="The most it may be.  [default: VALUE]")
@school_option
@json_option
@talks_to_server
def set_assumption(client: ServerClient, as_json: bool, **wish: Any) -> None:
    """Set KEY to VALUE for the district, or for one school, which wins.

    KEY is `model` for the model wanted, or one of `broadgauge needs assumptions`.

    \b
    Example: broadgauge needs set own_devices 0.5 --low 0.3 --high 0.8 --school "Grant High"
    """
    _put(client, as_json, wish)


@needs.command("unset")
@click.argument("key")
@school_option
@json_option
@talks_to_server
def unset_assumption(client: ServerClient, as_json: bool, **wish: Any) -> None:
    """Take back what was set for the district, or for one school.

    \b
    Example: broadgauge needs unset own_devices --school "Grant High"
    """
    _put(client, as_json, wish | {"value": None})


def _put(client: ServerClient, as_json: bool, wish: dict[str, Any]) -> None:
    from ..schools.assumptions import Assumptions

    found = client.send("PUT", "/demand/assumptions", Assumptions, wish)
    if as_json:
        print_json(found)
    else:
        _print(found, as_json, wish["key"])


def _print(found: "Assumptions", as_json: bool, only: str | None = None) -> None:
    if as_json:
        print_json(found)
        return
    rows: list[tuple[object, ...]] = [
        ("model", found.model, None, None, "district", "Model wanted", ASSUMPTION),
        *(("model", *_own(one), "", "") for one in found.model_schools),
    ]
    for each in found.assumptions:
        one = each.assumption
        numbers = (f"{one.value:.6g}", f"{one.low:.6g}", f"{one.high:.6g} {one.unit}")
        rows.append((one.key, *numbers, "district", one.meaning, one.source))
        rows += [(one.key, *_own(school), "", "") for school in each.schools]
    heads = ("ASSUMPTION", "VALUE", "LOW", "HIGH", "FOR", "MEANING", "SOURCE")
    print_table(heads, [row for row in rows if only in (None, row[0])])


def _own(one: "SchoolAssumption") -> tuple[object, ...]:
    value = one.value if isinstance(one.value, str) else f"{one.value:.6g}"
    ends = [None if end is None else f"{end:.6g}" for end in (one.low, one.high)]
    return (value, *ends, one.school)


def _line(line: "LineNeed") -> tuple[object, ...]:
    return (
        marked(line.link, line.simulated),
        counted(len(line.schools), "school"),
        mbps(line.capacity.bits_per_second) if line.capacity else None,
        mbps(line.years[0].bits_per_second) if line.years else None,
        mbps(line.years[-1].bits_per_second) if line.years else None,
        line.explanation,
        line.trend.explanation,
    )


def _model(each: "ModelCarried") -> tuple[object, ...]:
    found = each.carries
    title = f"{each.title} (wanted)" if each.wanted else each.title
    return title, found.fits, _students(each), found.busiest_students, found.explanation


def _students(each: "ModelCarried") -> str | None:
    found = each.carries
    if found.students_at_once is None:
        return None
    most = "or more" if found.students_high is None else f"{found.students_high:,}"
    ends = "" if found.students_low is None else f" ({found.students_low:,} to {most})"
    return (
        f"{'>= ' if found.at_least else ''}{found.students_at_once:,}{ends.replace('to or', 'or')}"
    )
