"""Whether this machine stands on a school network, without which nothing is measured."""

from collections.abc import Iterator

from broadgauge_agent.identity import Identity
from broadgauge_agent.school_network import prove
from broadgauge_host.diagnosis import Check, trouble, well
from broadgauge_wire import Settings

NAME = "school network"


def check_school_network(identity: Identity, settings: Settings) -> Iterator[Check]:
    """Awake or asleep, and why."""
    proof = prove(identity, settings)
    if proof.proven:
        yield well(NAME, f"proven: {proof.words}")
        return
    yield trouble(
        NAME,
        f"not proven: {proof.words}",
        "Without a proof the agent sleeps. Away from school that is right. At school, list this "
        "subnet on the server (broadgauge networks add --help), or register a test server that "
        "shows its own certificate.",
        cause="asleep",
    )
