"""Settings of upkeep, as commands show and set them."""

from collections.abc import Sequence
from typing import Any

import click

from ..upkeep.model import Expiry, SettingAnswer, UpkeepSetting
from .client import ServerClient
from .common import print_json, print_table, say

RETENTION = "retention."


def settings_of(client: ServerClient) -> tuple[UpkeepSetting, ...]:
    """Every setting of upkeep."""
    return client.get("/upkeep-settings", tuple[UpkeepSetting, ...])


def set_setting(
    client: ServerClient, key: str, value: str | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Set it, or take back what was set (None); asks first if something would go."""
    wish: dict[str, Any] = {"key": key, "value": value}
    said = client.send("PUT", "/upkeep-settings", SettingAnswer, wish | {"dry_run": True})
    if said.expiry:
        say(_goes(said.expiry))
    if not dry_run:
        if said.expiry and said.expiry.rows and not yes:
            click.confirm("Is that meant?", abort=True, err=True)
        said = client.send("PUT", "/upkeep-settings", SettingAnswer, wish)
    print_settings([said.setting], as_json)


def _goes(expiry: Expiry) -> str:
    what = expiry.key.removeprefix(RETENTION).removesuffix("_days").replace("_", " ")
    day = f"{expiry.before:%Y-%m-%d}"
    if not expiry.rows:
        return f"Nothing goes: there is nothing of {what} from before {day}."
    return f"What goes the next time upkeep runs: {expiry.rows:,} {what} rows from before {day}."


def print_settings(found: Sequence[UpkeepSetting], as_json: bool) -> None:
    """What they are."""
    if as_json:
        print_json(found)
        return
    rows = [(s.key, _shown(s, s.value), _shown(s, s.default), s.meaning) for s in found]
    print_table(("SETTING", "VALUE", "DEFAULT", "MEANING"), rows)


def _shown(setting: UpkeepSetting, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return f"{text} {setting.unit}".strip()
