"""A state directory that was copied to a second machine: the copy becomes an agent of its own.

It is noticed by the machine's id, or by the collector: both number on, and one uses a number that
the other has used. See docs/design/dd-002.
"""

from uuid import UUID

import httpx2
from msgspec.structs import replace

from broadgauge_wire import ForkRequest, JoinAnswer, WireError, decode, encode, new_id
from broadgauge_wire.spec import API_PREFIX

from .client import Answer, send
from .identity import Identity
from .machine import machine_hash
from .spool import FORK, Spool
from .version import agent_version


def ask_for_a_name(client: httpx2.Client, spool: Spool) -> Answer:
    """Ask the collector for an agent for this copy. UnreachableError if it doesn't answer."""
    request = ForkRequest(id=_name_to_ask_for(spool), agent_version=agent_version())
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
    """Who the copy is from now on."""
    return replace(
        original,
        agent_id=said.agent_id,
        key=said.key,
        school_id=said.school_id,
        school=said.school,
        name=f"{original.name} (copy)" if original.name else None,
        machine=machine_hash(said.key),
        forked_from=original.agent_id,
    )


def _name_to_ask_for(spool: Spool) -> UUID:
    """The same each time, since the answer may get lost."""
    known = spool.fact(FORK)
    if isinstance(known, str):
        return UUID(known)
    name = new_id()
    spool.note(FORK, str(name))
    return name
