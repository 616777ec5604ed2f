"""Which release of the agent this is."""

from functools import cache
from importlib import metadata


@cache
def agent_version() -> str:
    """The installed version of broadgauge-agent, as results and requests carry it."""
    return metadata.version("broadgauge-agent")
