"""What rooms have, and which of them can't carry a full class."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from ..fleet.readiness.model import Enough
from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server
from .downloads import download, download_table, output_option, table_format_option

if TYPE_CHECKING:
    from ..fleet.room_surveys.model import SurveyedRoom

school_option = click.option("--school", help="Only this school, by name or id.")
HEADINGS = ("SCHOOL", "ROOM", "SEATS", "CHARGE", "POWER", "SOCKETS MISSING", "CIRCUITS MISSING",
            "NETWORK", "NOT KNOWN")  # fmt: skip


@click.group(cls=ListingGroup)
def survey() -> None:
    """What rooms have. Alone, lists it with which of them can't carry a full class.

    \b
    Example: broadgauge rooms survey
    """


@survey.command("list")
@school_option
@click.option(
    "--power", type=click.Choice(get_args(Enough)), help="Only rooms whose power is so."
)  # fmt: skip
@json_option
@talks_to_server
def list_surveys(
    client: ServerClient, school: str | None, power: str | None, as_json: bool
) -> None:
    """List rooms with how many students can charge at once, and what is missing.

    \b
    Example: broadgauge rooms survey list --power short
    """
    from ..fleet.room_surveys.listing import RoomSurveys

    found = client.get("/room-surveys", RoomSurveys, school=school, power=power)
    if as_json:
        print_json(found)
        return
    print_table(HEADINGS, [_row(room) for room in found.rooms])
    for each in found.schools:
        if each.power_short:
            say(
                f"{each.school}: {each.power_short} of {each.rooms} rooms can't power a full "
                f"class; of {each.power_open} it isn't known."
            )
    if not found.rooms:
        say("No room is like this. Get a sheet: broadgauge rooms survey sheet --output sheet.xlsx")


def _row(room: "SurveyedRoom") -> tuple[object, ...]:
    judged = room.judgement
    return (
        room.school, room.room, room.has.seats, _range(judged.charge_low, judged.charge_high),
        judged.power, judged.missing_places, judged.missing_circuits, judged.network,
        ", ".join(judged.unknown),
    )  # fmt: skip


def _range(low: int, high: int | None) -> str:
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low} to {high}"


@survey.command("set")
@click.argument("room")
@click.option("--school", required=True, help="School it is in, by name or id.")
@click.option("--seats", type=int, help="Seats of students.")
@click.option("--outlets", type=int, help="Sockets; a duplex outlet has two.")
@click.option("--circuits", type=int, help="Circuits that feed these sockets.")
@click.option("--amperes", "circuit_amperes", type=float, help="Amperes of each circuit.")
@click.option("--carts", type=int, help="Charging carts that stand there.")
@click.option("--cart-slots", type=int, help="Slots of all these carts together.")
@click.option("--drops", "network_drops", type=int, help="Network sockets.")
@click.option("--access-points", type=int, help="Wi-Fi access points in the room.")
@click.option("--none", "empty", is_flag=True, help="Take back all that was said by hand.")
@talks_to_server
def set_survey(client: ServerClient, room: str, school: str, empty: bool, **said: Any) -> None:
    """Say yourself what a room has, against all sheets. What was said before and isn't said now
    stays.

    \b
    Example: broadgauge rooms survey set "Room 12" --school "Lincoln Elementary" --outlets 12
    """
    from ..fleet.room_surveys.model import SurveyedRoom

    given = {name: value for name, value in said.items() if value is not None}
    if bool(given) == empty:
        raise click.UsageError("Say what the room has, or --none alone.")
    before = {} if empty else _said_by_hand(client, school, room)
    body = {"school": school, "room": room} | before | given
    kept = client.send("PUT", "/room-surveys", SurveyedRoom, body)
    say(f"Noted. Power for a full class: {kept.judgement.power}.")


def _said_by_hand(client: ServerClient, school: str, room: str) -> dict[str, Any]:
    """What was said before, and stays."""
    from ..fleet.room_surveys.listing import RoomSurveys
    from ..schools.checks import name_key

    rooms = client.get("/room-surveys", RoomSurveys, school=school).rooms
    said = (each.said_by_hand() for each in rooms if name_key(each.room) == name_key(room))
    return next(said, {})


@survey.command("sheet")
@school_option
@click.option("--filled", is_flag=True, help="With what is known already, to be corrected.")
@output_option
@talks_to_server
def get_sheet(client: ServerClient, school: str | None, filled: bool, output: Path) -> None:
    """Write a sheet to walk through a school with: XLSX, or CSV if the file is called so.

    Once it is filled in, bring it with `broadgauge import rooms`.

    \b
    Example: broadgauge rooms survey sheet --school "Lincoln Elementary" --output lincoln.xlsx
    """
    format_ = "csv" if output.suffix.casefold() == ".csv" else "xlsx"
    download(client, "/room-survey-sheet", output, school=school, filled=filled, format=format_)


@survey.command("export")
@table_format_option
@school_option
@output_option
@talks_to_server
def export_surveys(
    client: ServerClient, format_: str | None, school: str | None, output: Path
) -> None:
    """Write all rooms to a file.

    \b
    Example: broadgauge rooms survey export --output rooms.xlsx
    """
    download_table(client, "/room-surveys", output, format_, school=school)


@survey.command("rules")
@click.argument("figures", nargs=-1, metavar="[FIGURE=VALUE]...")
@click.option("--because", help="Why they are these.")
@json_option
@talks_to_server
def rules(
    client: ServerClient, figures: tuple[str, ...], because: str | None, as_json: bool
) -> None:
    """Show by which figures rooms are judged, each with its reason, or change some.

    \b
    Example: broadgauge rooms survey rules charger_watts_high=60 --because "Ours draw 60 W."
    """
    from ..fleet.room_surveys.rules import FIGURES, RoomRules

    found = client.get("/room-rules", RoomRules)
    if figures:
        found = client.send("PUT", "/room-rules", RoomRules, _changed(found, figures, because))
    if as_json:
        print_json(found)
        return
    rows = [(name, getattr(found, name), found.reasons.get(name)) for name in FIGURES]
    print_table(("FIGURE", "VALUE", "REASON"), rows)


def _changed(found: Any, figures: tuple[str, ...], because: str | None) -> dict[str, Any]:
    pairs = dict(figure.partition("=")[::2] for figure in figures)
    try:
        values = {name: msgspec.json.decode(value) for name, value in pairs.items()}
    except msgspec.DecodeError as error:
        raise click.UsageError("Write each figure as NAME=NUMBER, such as volts=120.") from error
    reasons = found.reasons | (dict.fromkeys(values, because) if because else {})
    body: dict[str, Any] = msgspec.to_builtins(found)
    return body | values | {"reasons": reasons}
