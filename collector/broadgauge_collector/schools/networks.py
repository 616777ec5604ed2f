"""The subnets on which agents may measure, in the control database.

Functions take a connection inside a transaction; those that add or remove need a write transaction.
"""

from ipaddress import ip_network
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select

from broadgauge_wire import new_id

from ..errors import Conflict, Invalid, NotFound
from ..store.tables import school_network
from .checks import clean_name
from .model import SchoolNetwork
from .subnets import Network, caution, check_subnet, overlap

MAX_NETWORKS = 2000
"""Every agent is told all of them every few minutes."""


def add_network(c: Connection, *, subnet: str, note: str = "") -> SchoolNetwork:
    """List a subnet. Invalid if it can't be a school network; Conflict if it overlaps one that is
    listed, so that removing a subnet always does what it says."""
    network = check_subnet(subnet)
    _refuse_overlap(c, network)
    if c.execute(select(func.count()).select_from(school_network)).scalar_one() >= MAX_NETWORKS:
        raise Invalid(f"{MAX_NETWORKS} subnets are listed. Replace several by one that holds them.")
    kept = note.strip() and clean_name(note, "The note")
    network_id = new_id()
    row = {"id": network_id, "subnet": str(network), "note": kept}
    c.execute(insert(school_network).values(row))
    return _network(network_id, network, kept)


def remove_network(c: Connection, network_id: UUID) -> None:
    """Take a subnet off the list. NotFound if it isn't on it."""
    gone = c.execute(delete(school_network).where(school_network.c.id == network_id))
    if gone.rowcount != 1:
        raise NotFound(f"No subnet with the id {network_id} is listed.")


def list_networks(c: Connection) -> tuple[SchoolNetwork, ...]:
    """Every listed subnet, in the order of addresses."""
    rows = [(ip_network(row.subnet), row) for row in c.execute(select(school_network))]
    rows.sort(key=lambda pair: (pair[0].version, pair[0].network_address.packed))
    return tuple(_network(row.id, network, row.note) for network, row in rows)


def listed_subnets(c: Connection) -> tuple[str, ...]:
    """What agents are told."""
    return tuple(network.subnet for network in list_networks(c))


def _refuse_overlap(c: Connection, network: Network) -> None:
    subnets = c.execute(select(school_network.c.subnet)).scalars()
    listed = [each for each in map(ip_network, subnets) if overlap(each, network)]
    if network in listed:
        raise Conflict(f"{network} is listed already.")
    if listed and listed[0].prefixlen < network.prefixlen:
        raise Conflict(f"{network} is listed already, within {listed[0]}.")
    if listed:
        raise Conflict(
            f"{network} holds {listed[0]}, which is listed. Remove that first: "
            f"broadgauge networks remove {listed[0]}"
        )


def _network(network_id: UUID, network: Network, note: str) -> SchoolNetwork:
    return SchoolNetwork(id=network_id, subnet=str(network), note=note, caution=caution(network))
