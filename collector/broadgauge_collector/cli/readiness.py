"""Whether schools have the devices that teaching, assessment and support take."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec.structs import replace

from ..errors import Invalid
from .client import ServerClient
from .common import NUMBER, ListingGroup, json_option, print_json, print_table, say, talks_to_server

if TYPE_CHECKING:
    from ..fleet.readiness.model import Seats


@click.group(cls=ListingGroup)
def readiness() -> None:
    """Whether schools have the devices they need. Alone, lists them.

    \b
    Example: broadgauge readiness
    """


@readiness.command("list")
@json_option
@talks_to_server
def list_readiness(client: ServerClient, as_json: bool) -> None:
    """Hold each school's devices against its model, the assessment and what students produce.

    \b
    Example: broadgauge readiness list --json
    """
    from ..fleet.readiness.model import Readiness

    found = client.get("/readiness", Readiness)
    if as_json:
        print_json(found)
        return
    rows: list[tuple[object, ...]] = []
    for school in found.schools:
        name, people = school.school, school.students
        if school.ratio is not None:
            rows.append((name, people, "model", *_seats(school.ratio)))
        rows.append((name, people, "assessment", *_seats(school.assessment)))
        rows += [(name, o.students, o.title, *_seats(o.seats)) for o in school.outputs]
    heads = ("SCHOOL", "STUDENTS", "FOR", "NEEDED", "READY", "UNKNOWN", "MISSING", "ENOUGH")
    print_table(heads, rows)
    load = found.support
    there = "nobody said how many there are"
    if load.technicians is not None:
        there = f"there are {load.technicians:g}"
    say(f"Support: {load.devices:,} devices take {load.needed:.1f} people; {there}.")
    say(f"Underused or stored, and ready for the assessment: {found.pooled:,}.")


def _seats(seats: "Seats") -> tuple[object, ...]:
    return seats.needed, seats.ready, seats.unknown, seats.missing, seats.enough


@readiness.command("technicians")
@click.argument("people", type=NUMBER)
@talks_to_server
def technicians(client: ServerClient, people: float) -> None:
    """Say how many people support devices, in full-time equivalents.

    \b
    Example: broadgauge readiness technicians 3.5
    """
    from ..fleet.readiness.model import ReadinessEntries

    said = client.get("/readiness-entries", ReadinessEntries)
    given = replace(said, technicians=people)
    client.send("PUT", "/readiness-entries", ReadinessEntries, given)
    say(f"{people:g} people support devices.")


@readiness.command("outputs")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@talks_to_server
def outputs(client: ServerClient, file: Path | None) -> None:
    """Print what students should produce, by grade, and what it takes; or take it from a file of
    JSON like the one that is printed.

    \b
    Example: broadgauge readiness outputs outputs.json
    """
    from ..fleet.readiness.model import Output, ReadinessEntries

    said = client.get("/readiness-entries", ReadinessEntries)
    if file is None:
        print_json(said.outputs)
        return
    try:
        given = msgspec.json.decode(file.read_bytes(), type=tuple[Output, ...])
    except OSError as error:
        raise Invalid(f"{file} can't be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise Invalid(f"The file isn't a list of outputs: {error}.") from error
    client.send("PUT", "/readiness-entries", ReadinessEntries, replace(said, outputs=given))
    say(f"{len(given)} outputs are kept.")
