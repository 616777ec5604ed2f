"""`doctor`: what works, what doesn't, and what to do."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadgauge_host.exit_codes import ExitCode

from ..errors import CollectorError
from .common import data_option, json_option, print_json
from .serving import serve

if TYPE_CHECKING:  # imported when it is asked for, so that other commands start quickly
    from ..doctor import Plan


@click.command()
@data_option
@json_option
def doctor(data: Path, as_json: bool) -> None:
    """Check everything the server needs, and say what to do.

    Run it on the server's machine, as the server's user. It changes nothing, takes half a minute
    at most, and needs no running server. A check that depends on one that failed is skipped.

    \b
    Example: broadgauge doctor --data /var/lib/broadgauge
    """
    from broadgauge_host.diagnosis import line

    from ..doctor import examine

    found = []
    for check in examine(_plan(data)):
        found.append(check)
        if not as_json:
            click.echo(line(check))
    if as_json:
        print_json(found)
    if any(check.state == "trouble" for check in found):
        sys.exit(ExitCode.TROUBLE)


def _plan(data: Path) -> "Plan":
    """What `serve` would start with if it were given no flags."""
    from ..doctor import Plan

    try:
        with serve.make_context("serve", ["--data", str(data)]) as context:
            certificate, key = context.params["tls_certificate"], context.params["tls_key"]
            return Plan(
                data=data,
                certificate=certificate,
                key=key,
                control_url=context.params["control_url"],
                results_url=context.params["results_url"],
            )
    except CollectorError as error:
        return Plan(data=data, fault=str(error))
    except click.ClickException as error:
        return Plan(data=data, fault=error.format_message())
