"""Backups, restoring, how long things are kept, and erasing."""

import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from msgspec.structs import asdict

from broadgauge_host.exit_codes import ExitCode

from ..upkeep.model import (
    ErasurePlan,
    Expiry,
    Run,
    SettingAnswer,
    Storage,
    UpkeepSetting,
)
from .client import ServerClient
from .common import (
    ListingGroup,
    counted,
    data_option,
    json_option,
    print_json,
    print_table,
    say,
    talks_to_server,
)

POLL_SECONDS = 0.3
RETENTION = "retention."
yes_option = click.option("--yes", is_flag=True, help="Don't ask whether that is meant.")


@click.command()
@click.option("--to", help="New or empty folder on the server's machine, from the root.")
@click.option(
    "--keep",
    type=click.IntRange(1, 1000),
    help="Of the backups that are made without --to, so many stay: the oldest goes.",
)
@json_option
@talks_to_server
def backup(client: ServerClient, to: str | None, keep: int | None, as_json: bool) -> None:
    """Make a backup of everything while the server serves.

    Without --to, it is made in `backups` in the data directory, or where backup.folder says.

    \b
    Example: broadgauge backup --to /mnt/nas/broadgauge-monday
    """
    begun = client.send("POST", "/backups", Run, {"to": to, "keep": keep})
    run = _waited_for(client, begun.id)
    if as_json:
        print_json(run)
        return
    say("It is as secret as the data directory: keys and, if there is one, the certificate are in.")
    say("A way back: broadgauge restore BACKUP --data DIR")
    if client.get("/storage", Storage).control == "postgresql":
        say(
            "Schools, agents and settings are in PostgreSQL and NOT in this backup: dump that "
            "database now, with pg_dump. To go back takes both."
        )
    click.echo(run.done)


@click.command()
@click.argument("backup", type=click.Path(path_type=Path))
@data_option
@click.option("--force", is_flag=True, help="Put aside what is in the data directory.")
@click.option(
    "--erasures",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A list of erasures (erasures.json) that is newer than the backup's.",
)
@click.option(
    "--control-url",
    envvar="BROADGAUGE_CONTROL_URL",
    show_envvar=True,
    help="PostgreSQL database with schools, agents and settings, where they are not in the backup.",
)
@json_option
def restore(
    backup: Path,
    data: Path,
    force: bool,
    erasures: Path | None,
    control_url: str | None,
    as_json: bool,
) -> None:
    """Put BACKUP in place of a data directory that no server uses.

    Nothing is deleted: what is in the data directory is put aside. What was erased after the backup
    was made is erased again.

    \b
    Example: broadgauge restore /mnt/nas/broadgauge-monday --data /var/lib/broadgauge
    """
    from ..config import ServerConfig
    from ..upkeep.restoring import restore as put_back

    config = ServerConfig(data=data, control_url=control_url)
    restored = put_back(backup, config, force=force, erasures=erasures)
    if as_json:
        aside = str(restored.aside) if restored.aside else None
        print_json({**asdict(restored), "aside": aside})
        return
    made = restored.made
    counts = ", ".join(f"{number} {what}" for what, number in made.counts.items())
    click.echo(f"{data} is as it was at {made.made_at:%Y-%m-%d %H:%M} UTC ({counts}).")
    if restored.aside:
        say(f"What was there is in {restored.aside}. Delete it when you don't need it any more.")
    if restored.erased_again:
        say(f"Erased again, because it was erased since: {restored.erased_again}.")
    say(
        "Now start the server. Agents notice, and send again what they measured since, as far back "
        "as they keep it: three days, unless that was changed. What comes twice is stored once."
    )
    say(
        "What was changed since is as before: look at schools, lines and settings, and shut out "
        f"again the agents that you had shut out. Ended were sessions, login links and "
        f"{counted(restored.ended_tokens, 'join token')}: make new ones."
    )


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
    run = _waited_for(client, _run_of(begun))
    if as_json:
        print_json({"erased": begun, "run": run})
        return
    click.echo(f"Gone from this server: {run.done or 'everything'}.")


@click.group(cls=ListingGroup)
def retention() -> None:
    """How long results are kept. Alone, lists it.

    \b
    Example: broadgauge retention
    """


@retention.command("list")
@json_option
@talks_to_server
def list_retention(client: ServerClient, as_json: bool) -> None:
    """List for how long what is kept.

    \b
    Example: broadgauge retention list --json
    """
    _print_settings([s for s in _settings(client) if s.key.startswith(RETENTION)], as_json)


@retention.command("set")
@click.argument("key")
@click.argument("days")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@yes_option
@json_option
@talks_to_server
def set_retention(
    client: ServerClient, key: str, days: str, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Keep what KEY says for so many DAYS. Older results go the next time upkeep runs.

    \b
    Example: broadgauge retention set latency_days 200 --dry-run
    """
    _set(client, RETENTION + key.removeprefix(RETENTION), days, dry_run, yes, as_json)


@retention.command("unset")
@click.argument("key")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@yes_option
@json_option
@talks_to_server
def unset_retention(
    client: ServerClient, key: str, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Keep what KEY says for as long as by default.

    \b
    Example: broadgauge retention unset latency_days
    """
    _set(client, RETENTION + key.removeprefix(RETENTION), None, dry_run, yes, as_json)


@click.group(cls=ListingGroup)
def upkeep() -> None:
    """What the server does each night to keep its data in order. Alone, lists it.

    \b
    Example: broadgauge upkeep
    """


@upkeep.command("list")
@json_option
@talks_to_server
def list_upkeep(client: ServerClient, as_json: bool) -> None:
    """List what upkeep did, what is on disk, and the backups there are.

    \b
    Example: broadgauge upkeep list --json
    """
    storage = client.get("/storage", Storage)
    if as_json:
        print_json(storage)
        return
    rows = [
        (f"{run.began_at:%Y-%m-%d %H:%M}", run.task, run.state, run.error or run.done)
        for run in storage.runs
    ]
    print_table(("BEGAN (UTC)", "TASK", "STATE", "WHAT"), rows)
    for each in storage.backups:
        size = _mb(each.size_bytes)
        say(f"Backup of {each.made_at:%Y-%m-%d %H:%M} UTC: {each.directory} ({size})")
    say(
        f"On disk: results {_mb(storage.results_bytes)}, of these {_mb(storage.sealed_bytes)} in "
        f"closed months; schools, agents and settings {_mb(storage.control_bytes)}; backups "
        f"{_mb(storage.backups_bytes)}; free {_mb(storage.free_bytes)}."
    )
    say(f"Upkeep runs next at {storage.next_run_at:%Y-%m-%d %H:%M} UTC.")


@upkeep.command("run")
@json_option
@talks_to_server
def run_upkeep(client: ServerClient, as_json: bool) -> None:
    """Do at once what is done each night, and wait for it.

    \b
    Example: broadgauge upkeep run
    """
    run = _waited_for(client, client.send("POST", "/upkeep-runs", Run).id)
    if as_json:
        print_json(run)
        return
    click.echo(run.done)


@upkeep.command("settings")
@json_option
@talks_to_server
def list_settings(client: ServerClient, as_json: bool) -> None:
    """List when upkeep runs, whether backups are made each night, and how long what is kept.

    \b
    Example: broadgauge upkeep settings
    """
    _print_settings(_settings(client), as_json)


@upkeep.command("set")
@click.argument("key")
@click.argument("value")
@json_option
@talks_to_server
def set_upkeep(client: ServerClient, key: str, value: str, as_json: bool) -> None:
    """Set KEY to VALUE.

    \b
    Example: broadgauge upkeep set backup.nightly true
    """
    _set(client, key, value, False, False, as_json)


@upkeep.command("unset")
@click.argument("key")
@json_option
@talks_to_server
def unset_upkeep(client: ServerClient, key: str, as_json: bool) -> None:
    """Take back what was set.

    \b
    Example: broadgauge upkeep unset backup.nightly
    """
    _set(client, key, None, False, False, as_json)


def _settings(client: ServerClient) -> tuple[UpkeepSetting, ...]:
    return client.get("/upkeep-settings", tuple[UpkeepSetting, ...])


def _set(
    client: ServerClient, key: str, value: str | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    wish: dict[str, Any] = {"key": key, "value": value}
    said = client.send("PUT", "/upkeep-settings", SettingAnswer, wish | {"dry_run": True})
    if said.expiry:
        say(_goes(said.expiry))
    if not dry_run:
        if said.expiry and said.expiry.rows and not yes:
            click.confirm("Is that meant?", abort=True, err=True)
        said = client.send("PUT", "/upkeep-settings", SettingAnswer, wish)
    _print_settings([said.setting], as_json)


def _goes(expiry: Expiry) -> str:
    what = expiry.key.removeprefix(RETENTION).removesuffix("_days").replace("_", " ")
    day = f"{expiry.before:%Y-%m-%d}"
    if not expiry.rows:
        return f"Nothing goes: there is nothing of {what} from before {day}."
    return f"What goes the next time upkeep runs: {expiry.rows:,} {what} rows from before {day}."


def _print_settings(found: Any, as_json: bool) -> None:
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


def _waited_for(client: ServerClient, run_id: UUID) -> Run:
    while (run := client.get(f"/upkeep-runs/{run_id}", Run)).state == "running":
        time.sleep(POLL_SECONDS)
    if run.state == "failed":
        say(f"broadgauge: {run.error}")
        sys.exit(ExitCode.TROUBLE)
    return run


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


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"
