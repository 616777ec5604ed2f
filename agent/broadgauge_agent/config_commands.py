"""The command group `config`: which settings are in force, and who gave them."""

from collections.abc import Iterator

import click

from .command import configuration, json_option, place_options, show
from .live_config import LiveConfig, SettingInForce


@click.group()
def config() -> None:
    """Look at the settings in force.

    \b
    Example:
      broadgauge-agent config show --origin
    """


@config.command("show")
@click.option("--origin", is_flag=True, help="Say who gave each value.")
@json_option
@place_options()
def show_config(origin: bool, as_json: bool) -> None:
    """Show every setting and its value.

    A flag of the running agent wins over the environment, the environment over the file, the file
    over the collector, the collector over the default.

    \b
    Example:
      broadgauge-agent config show --origin
    """
    live = configuration({})
    facts = {"settings": live.in_force(), "refused_settings": live.refused}
    show(facts, _lines(live, origin=origin), as_json=as_json)


def _lines(live: LiveConfig, *, origin: bool) -> Iterator[str]:
    for setting in live.in_force():
        yield f"{setting.key} = {_value(setting)}" + (f"  ({setting.origin})" if origin else "")
    for refused in live.refused:
        yield f"left out: {refused.key}, sent by the collector: {refused.reason}"


def _value(setting: SettingInForce) -> str:
    value = setting.value
    if value is None:  # the location alone
        return "as given to join"
    if isinstance(value, bool):
        return str(value).lower()
    shown = f"{value:.15g}" if isinstance(value, float) else str(value)
    return shown + (f" {setting.unit}" if setting.unit else "")
