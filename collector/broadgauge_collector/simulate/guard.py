"""Made-up data never comes beside real data by accident."""

from ..capacity.words import some
from ..cli.client import ServerClient
from ..errors import CannotStart
from ..schools.model import Agent, School
from ..seed import THIS_COMPUTER


def refuse_real_data(client: ServerClient) -> None:
    """CannotStart if the collector has schools that aren't simulated, unless it is only the one
    that `up` begins with, and nobody has measured there."""
    real = [school for school in client.get("/schools", tuple[School, ...]) if not school.simulated]
    if not real:
        return
    ids = {school.id for school in real}
    measured = any(agent.school_id in ids for agent in client.get("/agents", tuple[Agent, ...]))
    if measured or any(school.name != THIS_COMPUTER for school in real):
        raise CannotStart(
            f"This collector holds real data: {_named(real)}. Simulate in a data directory of its "
            "own, as 'make demo' does. To have both beside each other, add --beside-real-data."
        )


def refuse_another_simulation(client: ServerClient, file: object) -> None:
    """CannotStart if the collector has a simulation already, whose keys aren't known here."""
    if any(school.simulated for school in client.get("/schools", tuple[School, ...])):
        raise CannotStart(
            f"This collector holds a simulation already, and its keys aren't in {file}. Name the "
            "file it was begun with (--state), or start with an empty data directory."
        )


def _named(schools: list[School]) -> str:
    return some([repr(school.name) for school in schools], 3)
