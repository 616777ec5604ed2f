"""Erasing a school or an agent."""

from uuid import UUID

import click

from ..upkeep.model import ErasurePlan
from .client import ServerClient
from .common import counted, json_option, print_json, say, talks_to_server
from .runs import waited_for, yes_option


@click.command()
@click.option("--school", help="A school with all that is its alone, by name or id.")
@click.option("--agent", help="One agent with what it measured, by name or id.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and end.")
@yes_option
@json_option
@talks_to_server
def erase(
    client: ServerClient,
    school: str | None,
    agent: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase a school or an agent, with everything that was measured there, for good.

    \b
    Example: broadgauge erase --school "Lincoln Elementary" --dry-run
    """
    if (school is None) == (agent is None):
        raise click.UsageError("Name either --school or --agent.")
    wish = {"school": school, "agent": agent}
    plan = client.send("POST", "/erasures", ErasurePlan, wish | {"dry_run": True})
    if not as_json:
        _say_plan(plan)
    if dry_run:
        if as_json:
            print_json(plan)
        return
    if not yes:
        click.confirm(f"Erase the {plan.kind} {plan.name} for good?", abort=True, err=True)
    wish = {"school": None, "agent": None, plan.kind: str(plan.id)}
    begun = client.send("POST", "/erasures", ErasurePlan, wish)
    run = waited_for(client, _run_of(begun))
    if as_json:
        print_json({"erased": begun, "run": run})
        return
    click.echo(f"Gone from this server: {run.done or 'everything'}.")


def _run_of(plan: ErasurePlan) -> UUID:
    assert plan.run is not None  # noqa: S101 - what was begun has a run
    return plan.run


def _say_plan(plan: ErasurePlan) -> None:
    say(f"With the {plan.kind} {plan.name} goes everything that was measured there, and:")
    for what, names in (
        ("agents", plan.agents),
        ("lines", plan.links),
        ("test servers", plan.reflectors),
        ("rooms with a code", (str(plan.rooms),) if plan.rooms else ()),
    ):
        if names:
            say(f"  {what}: {', '.join(names)}")
    for place in plan.still_named:
        say(f"Its name stays in {place}. Change that yourself.")
    if plan.gone_by:
        say(
            f"{counted(len(plan.backups), 'backup')} from before will still have it. They are "
            f"deleted by {plan.gone_by:%Y-%m-%d}; restoring one of them erases it again."
        )
    for folder in plan.aside:
        say(f"{folder} was put aside by a restore and has it until you delete that folder.")
    say(
        "Delete yourself: copies of backups elsewhere, exports, what was sent to InfluxDB, and the "
        "machine's own log. An agent keeps on its machine what it has not sent."
    )
