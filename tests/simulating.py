"""A small made-up district at a real server."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_user_token
from broadgauge_collector.cli.client import ServerClient, Where
from broadgauge_collector.simulate.running import Options, Simulation, prepare
from broadgauge_collector.simulate.world import World
from tests.browser.serving import Board

WORLD = World(
    seed=3, scale="district", schools=3, agents_per_school=2, since=date(2026, 2, 2), days=3
)
UNTIL = datetime(2026, 2, 4, 21, 0, tzinfo=UTC)


@contextmanager
def client_of(board: Board) -> Iterator[ServerClient]:
    """An administrator's client."""
    with board.services.stores.control.begin() as c:
        token = create_user_token(
            c,
            name=f"simulate {datetime.now(UTC).isoformat()}",
            permissions=(Permission.READ, Permission.MANAGE),
            now=board.services.now(),
        )
    with closing(ServerClient(Where(url=board.url, token=token))) as client:
        yield client


def simulated(client: ServerClient, file: Path, world: World = WORLD) -> Simulation:
    """A simulation that is set up and has sent nothing yet."""
    made = prepare(client, world, Options(file=file, connections=3), print)
    made.set_up(print)
    return made


def lately(schools: int = 2, days: int = 2) -> World:
    """A district whose history ends now."""
    since = datetime.now(UTC).date() - timedelta(days=days)
    return World(
        seed=3, scale="district", schools=schools, agents_per_school=2, since=since, days=days
    )
