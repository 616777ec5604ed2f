"""`broadgauge up`: collector, dashboard, a test server and one agent, on one machine."""

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, closing
from socket import AF_INET, SOCK_DGRAM, socket

from msgspec import Struct
from msgspec.structs import replace

from .access.users import create_login_link
from .certificates import browser_words
from .children import Say, first_of, keep_running
from .config import is_loopback, url_of
from .data_directory import locked
from .errors import CannotStart
from .garbage import collect_seldom
from .local_agent import LocalAgent, agent_command, run_agent
from .schools.checks import check_timezone
from .seed import local_timezone, own_access_key, seed
from .serve import ServeOptions, listening, opened, shown_certificate, vouched_for
from .services import ReadyCheck, Services
from .stopping import stop_event
from .upkeep.restoring import finish_restore
from .web_server import bind

CONNECT_SECONDS = 1.0
POLL_SECONDS = 0.1

KEY_VARIABLE = "BROADGAUGE_REFLECTOR_KEY"
"""From which the agent's command takes a test server's access key."""


class UpOptions(Struct, frozen=True, kw_only=True):
    """How to listen, where the test server listens, and whether this machine has an agent."""

    serving: ServeOptions
    reflector_port: int
    agent: bool = True

    @property
    def reflector_host(self) -> str:
        """Where agents find the test server."""
        return reachable_host(self.serving.host)


async def up(options: UpOptions, say: Say) -> None:
    """Run everything until a signal asks it to stop; `say` gets what a person should read."""
    serving = options.serving
    with locked(serving.config.data), closing(bind(serving.host, serving.port)) as listener:
        _refuse_taken_port(serving.host, options.reflector_port)
        finish_restore(serving.config.data)
        options = replace(options, serving=vouched_for(serving))
        with opened(options.serving.config) as services, stop_event() as stop:
            await _run_all(options, listener, services, stop, say)


async def _run_all(
    options: UpOptions, listener: socket, services: Services, stop: asyncio.Event, say: Say
) -> None:
    command = agent_command()
    agent = await _seeded(options, services)
    key = await services.write(
        own_access_key, others_reach_it=not is_loopback(options.serving.host), now=services.now()
    )
    services.ready_checks.append(_reflector_answers(options))
    async with listening(listener, services, shown_certificate(options.serving)) as server:
        work = [_reflector(command, options, key, stop, say)]
        if options.agent:
            work.append(run_agent(agent, command, services, stop, say))
        async with _running(stop, *work):
            await _greet_when_ready(options, services, stop, say)
            collect_seldom()
            await first_of(stop.wait(), asyncio.shield(server))
            say("Stopping.")


def reachable_host(host: str) -> str:
    """The address under which others find a server bound to this host."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1" if host == "localhost" else host
    with socket(AF_INET, SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: nothing is sent, only the route looked up
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


async def _seeded(options: UpOptions, services: Services) -> LocalAgent:
    serving = options.serving
    school = await services.write(
        seed,
        host=options.reflector_host,
        port=options.reflector_port,
        timezone=check_timezone(local_timezone()),
    )
    here = reachable_host(serving.host)
    return LocalAgent(
        state=serving.config.data / "agent",
        collector_url=url_of(here, serving.port, tls=serving.tls is not None),
        school_id=school.id,
        fingerprint=serving.config.fingerprint,
    )


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        bind(host, port).close()
    except CannotStart as error:
        raise CannotStart(
            f"Port {port} for the test server can't be had. Choose one with --reflector-port."
        ) from error


def _reflector_answers(options: UpOptions) -> ReadyCheck:
    async def check() -> str | None:
        connecting = asyncio.open_connection(options.reflector_host, options.reflector_port)
        try:
            _, writer = await asyncio.wait_for(connecting, CONNECT_SECONDS)
        except (OSError, TimeoutError):
            return "The test server doesn't answer yet."
        writer.close()
        return None

    return check


async def _reflector(
    command: str, options: UpOptions, key: str | None, stop: asyncio.Event, say: Say
) -> None:
    listen = ("--host", options.serving.host, "--port", str(options.reflector_port))
    variables = {KEY_VARIABLE: key} if key else {}
    await keep_running("test server", (command, "reflector", *listen), stop, say, variables)


@asynccontextmanager
async def _running(
    stop: asyncio.Event, *work: Coroutine[object, object, None]
) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(part) for part in work]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def _greet_when_ready(
    options: UpOptions, services: Services, stop: asyncio.Event, say: Say
) -> None:
    while not stop.is_set():
        if all([await check() is None for check in services.ready_checks]):
            secret = await services.write(create_login_link, services.now())
            say(greeting(options, f"{services.config.public_url}/login?token={secret}"))
            return
        await asyncio.sleep(POLL_SECONDS)


def greeting(options: UpOptions, login: str) -> str:
    """What a person needs to know once everything runs."""
    serving = options.serving
    data = serving.config.data
    reach = "start with --host 0.0.0.0, then open" if is_loopback(serving.host) else "open"
    command = shlex.join([sys.argv[0], "login", "--data", str(data)])
    fingerprint = serving.config.fingerprint
    return f"""{browser_words(fingerprint) if fingerprint else ""}
broadgauge is ready. Open this address; it signs you in once, within 15 minutes:

    {login}

Another login link:   {command}
Data:                 {data.resolve()}
Stop:                 Ctrl-C. The next start continues with the same data.
A second machine:     {reach} the Agents page, which has the commands for it.
"""
