"""Settings that agents get from the server."""

from typing import Any

import click

from ..schools.model import AgentSetting, SettingValue
from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server

EVERY_SCHOOL = "every school"
school_option = click.option("--school", help="Only this school, by name or id.")


@click.group(cls=ListingGroup)
def settings() -> None:
    """Settings that agents get from here. Alone, lists them.

    On one machine, its own file and environment win over what is set here.

    \b
    Example: broadgauge settings
    """


@settings.command("list")
@json_option
@talks_to_server
def list_settings(client: ServerClient, as_json: bool) -> None:
    """List every setting: what it is set to and for whom, its default and its meaning.

    \b
    Example: broadgauge settings list --json
    """
    _print(client.get("/agent-settings", tuple[AgentSetting, ...]), as_json)


@settings.command("set")
@click.argument("key")
@click.argument("value")
@school_option
@json_option
@talks_to_server
def set_setting(
    client: ServerClient, key: str, value: str, school: str | None, as_json: bool
) -> None:
    """Set KEY to VALUE for the agents of every school, or of one, which wins.

    \b
    Example: broadgauge settings set probes.throughput.hours 16:30-06:00
    """
    _put(client, as_json, key=key, value=value, school=school)


@settings.command("unset")
@click.argument("key")
@school_option
@json_option
@talks_to_server
def unset_setting(client: ServerClient, key: str, school: str | None, as_json: bool) -> None:
    """Take back what was set for every school, or for one.

    \b
    Example: broadgauge settings unset probes.throughput.hours --school "Grant High"
    """
    _put(client, as_json, key=key, value=None, school=school)


def _put(client: ServerClient, as_json: bool, **wish: Any) -> None:
    _print((client.send("PUT", "/agent-settings", AgentSetting, wish),), as_json)
    say("Agents have it within about ten minutes.")


def _print(found: tuple[AgentSetting, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [row for setting in found for row in _rows(setting)]
    print_table(("SETTING", "VALUE", "FOR", "DEFAULT", "MEANING"), rows)


def _rows(setting: AgentSetting) -> list[tuple[object, ...]]:
    value = None if setting.value is None else _shown(setting.value, setting.unit)
    default = _shown(setting.default, setting.unit)
    whom = None if value is None else EVERY_SCHOOL
    first = (setting.key, value, whom, default, setting.meaning)
    own = [(setting.key, _shown(s.value, setting.unit), s.school, "", "") for s in setting.schools]
    return [first, *own]


def _shown(value: SettingValue, unit: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = value if isinstance(value, str) else f"{value:.15g}"
    return f"{text} {unit}".strip()
