"""Every check, in the order in which one depends on another."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import entry_points

from broadgauge_host.addresses import endpoint
from broadgauge_host.diagnosis import (
    Check,
    Look,
    Names,
    check_honesty,
    once_each,
    side_by_side,
    trouble,
    unknown,
    well,
)

from ..app import DASHBOARD
from ..cli.client import ServerClient
from ..errors import CollectorError
from . import data, fleet, gaps, measured, serving, stores
from .plan import Plan
from .reflectors import check_test_server
from .shared_control import check_shared_control
from .shared_results import check_shared_results
from .upkeep import check_upkeep

NETWORK_SECONDS = 20.0
"""For what is on the network: whatever is wrong, the whole takes half a minute."""


def examine(plan: Plan) -> Iterator[Check]:
    """Checks as they come. A cause that several share is told once."""
    return once_each(_examine(plan))


def _examine(plan: Plan) -> Iterator[Check]:
    directory = data.check_directory(plan.data)
    yield directory
    yield from _settings(plan)
    yield _dashboard()
    if directory.cause == data.UNUSABLE:
        yield unknown("databases, server and agents", "skipped: there is no data directory to read")
        return
    control, facts = _control(plan)
    joined = [agent.joined_at for agent in facts.agents] if facts else []
    yield data.check_disk(plan.data, min(joined, default=None))
    yield control
    running = data.check_running(plan.data)
    yield running
    yield from serving.check_certificate(plan)
    yield from _network(plan, facts or stores.Facts(), running=running.state == "ok")
    if facts is None:
        yield unknown("schools and agents", "skipped: the control database can't be read")
        return
    yield from _district(plan, facts)


def _control(plan: Plan) -> tuple[Check, stores.Facts | None]:
    if plan.control_url is not None:
        return check_shared_control(plan.control_url)
    return stores.check_control(plan.data)


def _settings(plan: Plan) -> Iterator[Check]:
    if plan.fault:
        yield trouble("settings", plan.fault, "See what they are: broadgauge config show --origin")
    else:
        yield well("settings", "each is one there is, and within its bounds")


def _dashboard() -> Check:
    found = entry_points(group=DASHBOARD)
    if found:
        return well("dashboard", "installed")
    return trouble(
        "dashboard", "not installed, so there are no pages", "Install broadgauge-dashboard."
    )


def _network(plan: Plan, facts: stores.Facts, *, running: bool) -> Iterator[Check]:
    url = plan.url()
    hosts = [endpoint(url)[0]] if url else []
    honesty, names = check_honesty([*hosts, *(r.host for r in facts.reflectors)])
    yield honesty
    asked = (
        partial(_running_server, plan, facts, names) if running else partial(_files, plan, facts)
    )
    looks = [Look("server", NETWORK_SECONDS, asked)]
    tokens = {access.reflector_id: access.token for access in facts.access_tokens}
    looks += [
        Look(
            f"test server {r.name}",
            NETWORK_SECONDS,
            partial(check_test_server, r, tokens.get(r.id), names),
        )
        for r in facts.reflectors
    ]
    yield from side_by_side(looks)


def _running_server(plan: Plan, facts: stores.Facts, names: Names) -> Iterator[Check]:
    for check in serving.check_address(plan, names):
        yield check
        if check.state == "trouble":
            return
    token, client = serving.check_token(plan)
    yield token
    if client:
        with closing(client):
            yield from _results(client, facts)


def _files(plan: Plan, facts: stores.Facts) -> Iterator[Check]:
    """The results database of a server that doesn't run."""
    if plan.results_url is not None:
        yield check_shared_results(plan.results_url)
        return
    results = stores.check_results(plan.data)
    yield results
    if results.state == "ok":
        yield from fleet.check_clocks(facts.agents, measured.seen_in_file(plan.data))


def _results(client: ServerClient, facts: stores.Facts) -> Iterator[Check]:
    try:
        seen = measured.seen_by_server(client)
    except CollectorError as error:
        yield trouble(stores.RESULTS, f"the server says: {error}", "See the server's log.")
        return
    yield well(stores.RESULTS, "answers through the server")
    yield from fleet.check_clocks(facts.agents, seen)


def _district(plan: Plan, facts: stores.Facts) -> Iterable[Check]:
    now = datetime.now(UTC)
    yield from gaps.check_gaps(facts, now.date())
    yield from gaps.check_school_networks(facts, plan.url())
    yield from fleet.check_agents(facts.agents, now)
    yield from fleet.check_copies(facts.agents)
    yield from fleet.check_versions(facts.agents)
    yield from check_upkeep(plan.data, facts.upkeep, now)
