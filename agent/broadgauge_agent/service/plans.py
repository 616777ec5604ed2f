"""The services there are: the agent, and a test server."""

from pathlib import Path

from broadgauge_host.service.model import STATE, Plan
from broadgauge_host.service.units import credential

AGENT = "broadgauge-agent"
REFLECTOR = "broadgauge-test-server"
ACCESS_KEY = "access-key"


def agent_plan(program: str, *options: str) -> Plan:
    """The agent: it waits until this machine has joined, then measures."""
    return Plan(
        name=AGENT,
        title="broadgauge agent: measures this machine and its network",
        command=(program, "--state", STATE, "run", "--wait", *options),
        reloads=True,
    )


def reflector_plan(
    program: str, *, host: str, port: int, tls: bool, access_key: Path | None = None
) -> Plan:
    """A test server that agents measure to; `access_key` is the file with its access key."""
    listen = ("--host", host, "--port", str(port), *(("--tls",) if tls else ()))
    shared = ("--access-key-file", credential(ACCESS_KEY)) if access_key else ()
    return Plan(
        name=REFLECTOR,
        title="broadgauge test server: the far end of measurements",
        command=(program, "--state", STATE, "reflector", *listen, *shared),
        credentials=((ACCESS_KEY, access_key.absolute()),) if access_key else (),
    )


def service_name(*, reflector: bool) -> str:
    """The name that this system's tools know the service by."""
    return REFLECTOR if reflector else AGENT
