"""A state directory that was copied to a second machine: the copy becomes an agent of its own.

It is noticed by the machine's id, or by the collector: both number on, and one uses a number that
the other has used. See docs/design/dd-002.
"""

import httpx2
from msgspec.structs import replace

from broadgauge_wire import ForkRequest, JoinAnswer, WireError, decode, encode
from broadgauge_wire.spec import API_PREFIX

from .client import Answer, send
from .identity import Identity
from .machine import machine_hash
from .spool import Spool
from .version import agent_version

COPY = " (copy)"

TOO_MANY = 403
"""The collector's answer where as many machines run on copies of one agent as may."""

TOO_MANY_SECONDS = 3600.0
"""Somebody has to do something about it."""


def ask_for_a_name(client: httpx2.Client, original: Identity, spool: Spool) -> Answer:
    """Ask the collector for an agent for this copy. UnreachableError if it doesn't answer."""
    name = spool.fork_id(machine_hash(original.key))
    request = ForkRequest(id=name, agent_version=agent_version())
    return send(client, "POST", f"{API_PREFIX}/agents/fork", encode(request))


def name_in(answer: Answer) -> JoinAnswer | None:
    """The copy's name and key, if the answer gives them."""
    if answer.status // 100 != 2:
        return None
    try:
        return decode(answer.body, JoinAnswer)
    except WireError:
        return None


def forked(original: Identity, said: JoinAnswer) -> Identity:
    """Who the copy is from now on. In which room it is, nobody has said."""
    return replace(
        original,
        agent_id=said.agent_id,
        key=said.key,
        school_id=said.school_id,
        school=said.school,
        name=original.name.removesuffix(COPY) + COPY if original.name else None,
        location=None,
        machine=machine_hash(said.key),
        forked_from=original.agent_id,
    )
