"""Login links, join tokens and agents."""

from urllib.parse import urlsplit
from uuid import UUID

import click

from broadgauge_wire.tokens import parse_join_token

from ..access.copies import copies
from ..config import is_loopback
from ..schools.model import Agent, School
from .client import ServerClient
from .common import (
    ListingGroup,
    counted,
    json_option,
    marked,
    print_json,
    print_table,
    say,
    talks_to_server,
)


@click.command()
@json_option
@talks_to_server
def login(client: ServerClient, as_json: bool) -> None:
    """Print a one-time login link for a browser.

    \b
    Example: broadgauge login
    """
    from ..api.tokens import LoginLink

    link = client.send("POST", "/login-links", LoginLink)
    address = client.where.url + link.path
    if as_json:
        print_json({"url": address, "expires_at": link.expires_at})
        return
    say("Open this address; it signs you in once, within 15 minutes:")
    click.echo(address)


@click.group(cls=ListingGroup)
def token() -> None:
    """Join tokens: what an agent needs to join a school. Alone, lists them.

    \b
    Example: broadgauge token create --school "Lincoln Elementary"
    """


@token.command("create")
@click.option("--school", required=True, help="School the agents are in, by name or id.")
@click.option(
    "--uses",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="How many agents may join with it.",
)
@click.option(
    "--hours",
    "lifetime_hours",
    type=click.FloatRange(min=0, max=366 * 24, min_open=True),
    default=24.0,
    show_default=True,
    help="How long it works.",
)
@json_option
@talks_to_server
def create_token(
    client: ServerClient, school: str, uses: int, lifetime_hours: float, as_json: bool
) -> None:
    """Make a join token. It is printed once and kept as a hash only.

    \b
    Example: broadgauge token create --school "Lincoln Elementary" --uses 30 --hours 8
    """
    from ..api.tokens import MadeToken

    body = {"school": school, "uses": uses, "lifetime_hours": lifetime_hours}
    made = client.send("POST", "/tokens", MadeToken, body)
    if as_json:
        print_json({"url": client.where.url, "token": made})
        return
    agents = counted(made.uses, "agent")
    say(f"For {agents} at {made.school}, until {made.expires_at:%Y-%m-%d %H:%M} UTC.")
    say(f"On the machine: broadgauge-agent join {client.where.url} --token - (and paste it)")
    if is_loopback(urlsplit(client.where.url).hostname or ""):
        say("Only this machine reaches that address. For others, start the server with --host.")
    if parse_join_token(made.token).fingerprint:
        say("The digits after its dot are this server's fingerprint: agents trust no other server.")
    click.echo(made.token)


@token.command("list")
@json_option
@talks_to_server
def list_tokens(client: ServerClient, as_json: bool) -> None:
    """List join tokens, without the tokens themselves.

    \b
    Example: broadgauge token list
    """
    from ..access.join import JoinToken

    found = client.get("/tokens", tuple[JoinToken, ...])
    if as_json:
        print_json(found)
        return
    names = _school_names(client)
    rows = [
        (names.get(t.school_id), f"{t.uses_left} of {t.uses}", f"{t.expires_at:%Y-%m-%d %H:%M}")
        for t in found
    ]
    print_table(("SCHOOL", "USES LEFT", "EXPIRES (UTC)"), rows)


@click.group(cls=ListingGroup)
def agents() -> None:
    """Agents: what measures, and where. Alone, lists them.

    \b
    Example: broadgauge agents
    """


@agents.command("list")
@json_option
@talks_to_server
def list_agents(client: ServerClient, as_json: bool) -> None:
    """List agents.

    \b
    Example: broadgauge agents list --json
    """
    _print_agents(client, client.get("/agents", tuple[Agent, ...]), as_json)


@agents.command("revoke")
@click.argument("agent")
@click.option(
    "--copies",
    "with_copies",
    is_flag=True,
    help="Shut out the copies made of it, and of them, as well: for a stolen machine.",
)
@json_option
@talks_to_server
def revoke_agent(client: ServerClient, agent: str, with_copies: bool, as_json: bool) -> None:
    """Shut an agent out for good, by its name or id. What it measured stays.

    Machines that were made from an image of its machine are agents of their own, and stay. Where
    the machine itself is in wrong hands, shut out its copies too.

    \b
    Example: broadgauge agents revoke 01999b4e-8c1a-7d6e-9a51-0d2f6b1c7e10
    """
    chosen = _agent_id(client, agent)
    made = copies(client.get("/agents", tuple[Agent, ...])).get(chosen, [])
    wish = "true" if with_copies else None
    revoked = client.send("POST", f"/agents/{chosen}/revoke", Agent, copies=wish)
    _print_agents(client, (revoked,), as_json)
    if made and with_copies:
        say(f"Shut out with it: {_copies(len(made))} of it.")
    elif made:
        say(
            f"{_copies(len(made))} of it can still send. To shut them out as well: "
            f"broadgauge agents revoke {chosen} --copies"
        )


def _copies(number: int) -> str:
    return "1 copy" if number == 1 else f"{number:,} copies"


def _agent_id(client: ServerClient, name_or_id: str) -> UUID:
    """BadParameter unless exactly one agent is meant. Those shut out are known by id alone."""
    found = [
        agent.id
        for agent in client.get("/agents", tuple[Agent, ...])
        if name_or_id == str(agent.id) or (name_or_id == agent.name and agent.revoked_at is None)
    ]
    if len(found) == 1:
        return found[0]
    what = "Several agents are" if found else "No agent is"
    raise click.BadParameter(f"{what} called {name_or_id!r}. See each one's ID: broadgauge agents")


def _print_agents(client: ServerClient, found: tuple[Agent, ...], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    names = _school_names(client)
    rows = [
        (
            marked(a.name, a.simulated),
            names.get(a.school_id),
            a.location,
            a.version,
            _last_heard(a),
            a.id,
        )
        for a in found
    ]
    print_table(("AGENT", "SCHOOL", "LOCATION", "VERSION", "LAST HEARD (UTC)", "ID"), rows)


def _last_heard(agent: Agent) -> str:
    if agent.revoked_at is not None:
        return "revoked"
    heard = f"{agent.last_seen_at:%Y-%m-%d %H:%M}" if agent.last_seen_at else "never"
    return f"{heard}, asleep" if agent.asleep_since else heard


def _school_names(client: ServerClient) -> dict[object, str]:
    return {school.id: school.name for school in client.get("/schools", tuple[School, ...])}
