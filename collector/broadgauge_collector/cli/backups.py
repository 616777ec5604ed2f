"""Backups, and restoring them."""

from pathlib import Path

import click
from msgspec.structs import asdict

from ..upkeep.model import Run, Storage
from .client import ServerClient
from .common import counted, data_option, json_option, print_json, say, talks_to_server
from .runs import waited_for


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
    """Make a backup of everything that is in files while the server serves.

    Without --to, it is made in `backups` in the data directory, or where backup.folder says.

    \b
    Example: broadgauge backup --to /mnt/nas/broadgauge-monday
    """
    begun = client.send("POST", "/backups", Run, {"to": to, "keep": keep})
    run = waited_for(client, begun.id)
    if as_json:
        print_json(run)
        return
    say("It is as secret as the data directory: keys and, if there is one, the certificate are in.")
    say("A way back: broadgauge restore BACKUP --data DIR")
    storage = client.get("/storage", Storage)
    if storage.control == "postgresql":
        say(
            "Schools, agents and settings are in PostgreSQL and NOT in this backup: dump that "
            "database now, with pg_dump. To go back takes both."
        )
    if storage.results == "clickhouse":
        say(
            "Results are in ClickHouse and NOT in this backup: back them up now, with its own "
            "BACKUP DATABASE. To go back takes both: see docs/how-to/many-collectors.md."
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
    if made.results == "clickhouse":
        say(
            "Results are in ClickHouse. Put back its backup of the same night before you start the "
            "server: docs/how-to/many-collectors.md."
        )
    say(
        "Now start the server. Agents notice, and send again what they measured since, as far back "
        "as they keep it: three days, unless that was changed. What comes twice is stored once."
    )
    say(
        "What was changed since is as before: look at schools, lines and settings, and shut out "
        f"again the agents that you had shut out. Ended were sessions, login links and "
        f"{counted(restored.ended_tokens, 'join token')}: make new ones."
    )
