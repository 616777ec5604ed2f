"""The Windows service as data: what Windows is told when the agent is installed."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from broadgauge_host.service.model import STATE, Plan

HOST = "broadgauge_agent.service.windows_host"
ADMINISTRATORS, SYSTEM = "*S-1-5-32-544", "*S-1-5-18"
"""By number: their names differ from language to language."""


def account(name: str) -> str:
    """The service's own account, which Windows makes; nobody can sign in as it."""
    return f"NT SERVICE\\{name}"


def host_command(plan: Plan, python: str, state: Path) -> str:
    """The command line of the process that Windows starts.

    `python` is the base interpreter: a virtual environment's python.exe only starts that one, and
    Windows would wait in vain for the process it knows to answer.
    """
    words = [str(state) if word == STATE else word for word in plan.command[1:]]
    place = words[words.index("--state") : words.index("--state") + 2]
    return subprocess.list2cmdline([python, "-m", HOST, *place])


def host_environment(executable: str, base: str) -> Mapping[str, str]:
    """What makes the base interpreter the environment's, as CPython's multiprocessing does."""
    return {} if executable == base else {"__PYVENV_LAUNCHER__": executable}


def permitting(state: Path, name: str) -> tuple[str, ...]:
    """The state directory is for the service and for administrators; it holds the agent's key."""
    full = "(OI)(CI)F"
    return (
        *("icacls", str(state), "/inheritance:r", "/grant:r"),
        *(f"{SYSTEM}:{full}", f"{ADMINISTRATORS}:{full}", f"{account(name)}:(OI)(CI)M"),
    )


def described(plan: Plan, python: str, executable: str, state: Path) -> str:
    """What installing does, for people to read."""
    variables = host_environment(executable, python).items()
    lines = [
        f"service    {plan.name}: {plan.title}",
        f"command    {host_command(plan, python, state)}",
        f"account    {account(plan.name)}",
        "start      automatic, delayed; again 30 s after a failure",
        *(f"variable   {name}={value}" for name, value in variables),
        f"directory  {state}",
        f"           {subprocess.list2cmdline(permitting(state, plan.name))}",
    ]
    return "\n".join(lines)
