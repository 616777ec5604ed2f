"""School networks."""

from ipaddress import ip_network

import click

from ..schools.model import SchoolNetwork
from .client import ServerClient
from .common import ListingGroup, json_option, print_json, print_table, say, talks_to_server


@click.group(cls=ListingGroup)
def networks() -> None:
    """Subnets on which agents may measure; elsewhere they sleep. Alone, lists them.

    \b
    Example: broadgauge networks
    """


@networks.command("list")
@json_option
@talks_to_server
def list_networks(client: ServerClient, as_json: bool) -> None:
    """List the subnets that are the district's.

    \b
    Example: broadgauge networks list --json
    """
    found = _listed(client)
    _print(found, as_json)
    if not found:
        say("No subnet is listed. Add one: broadgauge networks add 10.20.0.0/16")


@networks.command("add")
@click.argument("subnet")
@click.option("--note", default="", help="What it is, for people.")
@json_option
@talks_to_server
def add_network(client: ServerClient, subnet: str, note: str, as_json: bool) -> None:
    """List a subnet that only machines on the district's network are in.

    \b
    Example: broadgauge networks add 10.20.0.0/16 --note "All schools"
    """
    body = {"subnet": subnet, "note": note}
    _print((client.send("POST", "/networks", SchoolNetwork, body),), as_json)


@networks.command("remove")
@click.argument("subnet")
@talks_to_server
def remove_network(client: ServerClient, subnet: str) -> None:
    """Take a subnet off the list: agents in it sleep, unless they know the network otherwise.

    \b
    Example: broadgauge networks remove 10.20.0.0/16
    """
    listed = {network.subnet: network.id for network in _listed(client)}
    network_id = listed.get(_plain(subnet))
    if network_id is None:
        raise click.BadParameter(f"{subnet} isn't listed. See: broadgauge networks list")
    client.raw("DELETE", f"/networks/{network_id}")
    say("Removed. Agents hear of it within about ten minutes.")


def _listed(client: ServerClient) -> tuple[SchoolNetwork, ...]:
    return client.get("/networks", tuple[SchoolNetwork, ...])


def _plain(subnet: str) -> str:
    try:
        return str(ip_network(subnet.strip()))
    except ValueError:
        return subnet


def _print(found: tuple[SchoolNetwork, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_table(("SUBNET", "NOTE", "ID"), [(n.subnet, n.note, n.id) for n in found])
    for network in found:
        if network.caution:
            say(f"Caution: {network.caution}")
