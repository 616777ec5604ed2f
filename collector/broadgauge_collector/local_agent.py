"""The agent that `up` runs on its own machine: joined over HTTP with a token, like any other."""

import asyncio
import json
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection

from .access.join import create_join_token
from .children import Say, first_of, keep_running, run_once
from .data_directory import write_private
from .errors import CannotStart
from .services import Services
from .upkeep.own_agent import forget_if_erased

COMMAND = "broadgauge-agent"
NAME = "This computer"
CONFIGURATION = """# Written by `broadgauge up`.
log_level = "warning"

# Inside one machine, a longer test says no more.
[probes.throughput]
max_seconds = 1
"""
JOIN_TOKEN_LIFETIME = timedelta(minutes=5)
JOIN_PAUSE_SECONDS = 5.0


class LocalAgent(Struct, frozen=True, kw_only=True):
    """Where the agent's state is, which collector it reports to, and for which school.

    `fingerprint` is of the certificate that the collector made itself, if it did.
    """

    state: Path
    collector_url: str
    school_id: UUID
    fingerprint: str | None = None

    @property
    def identity(self) -> Path:
        """The file that joining makes."""
        return self.state / "identity.json"


def agent_command() -> str:
    """The agent's command beside this Python, else on the PATH. CannotStart if there is none."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(COMMAND, path=beside) or shutil.which(COMMAND)
    if found is None:
        raise CannotStart(f"{COMMAND} isn't installed here. Install it, then try again.")
    return found


async def run_agent(
    agent: LocalAgent, command: str, services: Services, stop: asyncio.Event, say: Say
) -> None:
    """Join if this agent never did, then keep it running until `stop`."""
    await services.look_up(forget_if_erased, services.config.data)
    prepare(agent)
    base = (command, "--state", str(agent.state))
    while not stop.is_set() and not agent.identity.exists():
        await _join(agent, base, services, stop, say)
    await keep_running("agent", (*base, "run"), stop, say)


def prepare(agent: LocalAgent) -> None:
    """Make the state directory, and tell an agent of an earlier start where its collector is."""
    agent.state.mkdir(mode=0o700, exist_ok=True)
    configuration = agent.state / "agent.toml"
    if not configuration.exists():
        configuration.write_text(CONFIGURATION)
    if agent.identity.exists():
        known = json.loads(agent.identity.read_text())
        here = {"collector_url": agent.collector_url, "fingerprint": agent.fingerprint}
        if known != known | here:
            write_private(agent.identity, json.dumps(known | here))


async def _join(
    agent: LocalAgent, base: tuple[str, ...], services: Services, stop: asyncio.Event, say: Say
) -> None:
    token = await services.write(_join_token, agent, services.now())
    joining = (*base, "join", agent.collector_url, "--token", "-", "--name", NAME)
    if await run_once("agent", joining, f"{token}\n".encode(), say) != 0:
        await first_of(stop.wait(), asyncio.sleep(JOIN_PAUSE_SECONDS))


def _join_token(c: Connection, agent: LocalAgent, now: datetime) -> str:
    return create_join_token(
        c,
        school_id=agent.school_id,
        lifetime=JOIN_TOKEN_LIFETIME,
        uses=1,
        now=now,
        fingerprint=agent.fingerprint,
    )
