"""`survey`: from room to room with a laptop."""

import sys

import click

from broadgauge_agent.command import configuration, json_option, place_options, show
from broadgauge_agent.command import state_directory as place
from broadgauge_host.exit_codes import ExitCode


@click.command()
@click.option("--new", "anew", is_flag=True, help="Begin a new survey: no room is done.")
@json_option
@place_options()
def survey(anew: bool, as_json: bool) -> None:
    """Walk from room to room with this machine and test the network in each.

    Asks which room you are in, tests from there to the nearest test server and to one beyond the
    school, says what they read, and asks for the next room. After Ctrl-C, a closed lid or a lost
    network it goes on where it was. Results stay on this machine until the collector has them.

    \b
    Example:
      broadgauge-agent survey
    """
    from .session import session

    found = session(place(), configuration({}), anew=anew, quiet=as_json)
    if as_json:
        show(found, (), as_json=True)
    if found.rooms_in_trouble:
        sys.exit(ExitCode.TROUBLE)
