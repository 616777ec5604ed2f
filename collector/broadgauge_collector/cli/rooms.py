"""Rooms and their codes."""

import click

from ..rooms.codes import normal_code, shown_code
from ..rooms.model import Room
from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server
from .room_surveys import survey


@click.group(cls=ListingGroup)
def rooms() -> None:
    """Rooms that anybody in them can test with a browser. Alone, lists them.

    \b
    Example: broadgauge rooms
    """


@rooms.command("list")
@click.option("--school", help="Only this school, by name or id.")
@json_option
@talks_to_server
def list_rooms(client: ServerClient, school: str | None, as_json: bool) -> None:
    """List rooms with their codes.

    \b
    Example: broadgauge rooms list --school "Lincoln Elementary"
    """
    found = client.get("/rooms", tuple[Room, ...], school=school)
    _print(found, as_json)
    if not found:
        say('No room has a code. Make some: broadgauge rooms add --school SCHOOL "Room 12"')


@rooms.command("add")
@click.argument("names", nargs=-1, required=True, metavar="ROOM...")
@click.option("--school", required=True, help="School they are in, by name or id.")
@json_option
@talks_to_server
def add_rooms(client: ServerClient, names: tuple[str, ...], school: str, as_json: bool) -> None:
    """Make a code for each room, and say where the sheet to print is.

    \b
    Example: broadgauge rooms add --school "Lincoln Elementary" "Room 12" Library Gym
    """
    made = client.send("POST", "/rooms", tuple[Room, ...], {"school": school, "names": list(names)})
    _print(made, as_json)
    say(f"Print the school's sheet: {client.where.url}/schools/{made[0].school_id}/rooms")


@rooms.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="ROOM...")
@click.option("--school", required=True, help="School they are in, by name or id.")
@talks_to_server
def remove_rooms(client: ServerClient, names: tuple[str, ...], school: str) -> None:
    """Withdraw the codes of rooms, by name, code or id. What was measured there stays.

    For a new code, remove the room and add it again.

    \b
    Example: broadgauge rooms remove --school "Lincoln Elementary" "Room 12"
    """
    found = client.get("/rooms", tuple[Room, ...], school=school)
    for room in [_named(name, found) for name in names]:
        client.raw("DELETE", f"/rooms/{room.id}")
    say("Withdrawn. The sheets on their walls don't work any more.")


rooms.add_command(survey)


def _named(name: str, found: tuple[Room, ...]) -> Room:
    wanted = " ".join(name.casefold().split())
    for room in found:
        if wanted in {" ".join(room.name.casefold().split()), str(room.id)}:
            return room
    code = normal_code(name)
    for room in found:
        if room.code == code:
            return room
    raise click.BadParameter(f"{name!r} has no code. See: broadgauge rooms list")


def _print(found: tuple[Room, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(r.school, r.name, shown_code(r.code), r.id) for r in found]
    print_table(("SCHOOL", "ROOM", "CODE", "ID"), rows)
