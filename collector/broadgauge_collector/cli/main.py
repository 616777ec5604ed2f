"""The command group, and how its commands end."""

import sys

import click

from ..errors import CollectorError
from . import (
    access,
    backups,
    calendar,
    changes,
    completion,
    config,
    coverage,
    demand,
    doctor,
    erasing,
    exporting,
    groups,
    imports,
    inventory,
    judging,
    networks,
    places,
    readers,
    readiness,
    reflectors,
    refresh,
    repair_statistics,
    retention,
    rooms,
    service,
    serving,
    settings,
    simulate,
    sinks,
    upkeep,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="broadgauge-collector")
def cli() -> None:
    """Measure what schools' networks deliver, and judge it.

    \b
    Start: broadgauge up

    Commands that ask a running server find its address and an administrator's token in its data
    directory (--data); elsewhere, set BROADGAUGE_URL and BROADGAUGE_TOKEN, and for a server with
    its own certificate BROADGAUGE_FINGERPRINT (or BROADGAUGE_CA, a file of certificates).

    Exit codes: 0 well, 1 measured trouble, 2 usage, 3 configuration, 4 unreachable, 5 not
    permitted.
    """


for command in (
    serving.up,
    serving.serve,
    access.login,
    places.schools,
    places.links,
    calendar.calendar,
    reflectors.reflectors,
    rooms.rooms,
    networks.networks,
    settings.settings,
    judging.targets,
    judging.verdicts,
    demand.needs,
    coverage.coverage,
    groups.groups,
    changes.changes,
    changes.week,
    access.token,
    access.agents,
    readers.readers,
    exporting.export,
    imports.import_,
    imports.imports,
    inventory.devices,
    repair_statistics.repairs,
    readiness.readiness,
    refresh.refresh,
    simulate.simulate,
    sinks.sinks,
    upkeep.upkeep,
    retention.retention,
    backups.backup,
    backups.restore,
    erasing.erase,
    config.config,
    service.service,
    doctor.doctor,
    completion.completion,
):
    cli.add_command(command)


def main() -> None:
    """Run the command and end with its exit code."""
    try:
        cli()
    except CollectorError as error:
        click.echo(f"broadgauge: {error}", err=True)
        sys.exit(error.exit_code)
