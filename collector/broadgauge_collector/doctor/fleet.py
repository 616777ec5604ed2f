"""Agents: heard, silent, asleep, of which version, and whether their clocks agree."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from statistics import median
from uuid import UUID

from broadgauge_host.diagnosis import Check, trouble, well

from ..access.copies import MAX_COPIES, copies
from ..capacity.words import some
from ..cli.common import counted
from ..reports.fleet import state
from ..reports.model import AgentState
from ..schools.model import Agent
from ..version import VERSION
from .measured import Seen

NAME = "agents"
CLOCK_SECONDS = 30.0
"""More than this, and results are filed under the wrong hour's neighbours."""

ENOUGH = 3
"""Agents that have to agree with one another before the server's own clock is doubted."""

MOST_NAMED = 5

WORDS: dict[AgentState, str] = {
    "ok": "heard within a day",
    "stale": "silent for more than a day",
    "asleep": "asleep, away from school networks",
    "never": "never heard since joining",
    "revoked": "revoked",
}


def check_agents(agents: Sequence[Agent], now: datetime) -> Iterator[Check]:
    """How many there are in each state, and which are silent."""
    if not agents:
        yield trouble(NAME, "none has joined", "Make a token: broadgauge token create --help")
        return
    states = Counter(state(agent, now) for agent in agents)
    detail = ", ".join(f"{states[each]} {words}" for each, words in WORDS.items() if states[each])
    quiet = [agent for agent in agents if state(agent, now) in ("stale", "never")]
    if quiet:
        yield trouble(
            NAME,
            f"{detail} (silent: {named(agent.name for agent in quiet)})",
            "On each silent machine, run: broadgauge-agent doctor. Revoke what is gone for good: "
            "broadgauge agents revoke ID",
        )
        return
    yield well(NAME, detail)


def check_copies(agents: Sequence[Agent]) -> Iterator[Check]:
    """Where so many machines run on copies of one agent that no more are let in."""
    made = copies(agents)
    full = [agent.name for agent in agents if len(made.get(agent.id, ())) >= MAX_COPIES]
    if full:
        yield trouble(
            "copies of agents",
            f"{MAX_COPIES} machines run on copies of: {named(full)}; no more are let in",
            "Shut out copies that are gone: broadgauge agents revoke ID. Join further machines "
            "with a token of their own",
        )


def check_versions(agents: Sequence[Agent]) -> Iterator[Check]:
    """Old agents go on working: what they send is understood for ever."""
    others = [a for a in agents if a.revoked_at is None and a.version != VERSION]
    if others:
        versions = Counter(agent.version for agent in others)
        said = ", ".join(f"{count} of {each}" for each, count in sorted(versions.items()))
        note = "They go on working. Update them when it suits."
        yield well("versions", f"the server is {VERSION}; agents of others: {said}", note)


def check_clocks(agents: Sequence[Agent], seen: Iterable[Seen]) -> Iterator[Check]:
    """The server's clock against what most agents say, then each agent's against the server's."""
    offsets = _latest_offsets(seen)
    if not offsets:
        return
    common = median(offsets.values())
    if len(offsets) >= ENOUGH and abs(common) > CLOCK_SECONDS:
        side = "ahead of" if common > 0 else "behind"
        yield trouble(
            "clock",
            f"this server's clock is {abs(common):.0f} s {side} that of most agents",
            "Turn on network time (NTP) on this server. Until then tokens and sessions end at the "
            "wrong time, and agents are told that their clocks are wrong.",
        )
        return
    wrong = [a.name for a in agents if abs(offsets.get(a.id, 0.0)) > CLOCK_SECONDS]
    if wrong:
        advice = "Turn on network time (NTP) there: their results count for the wrong hours."
        yield trouble("clocks of agents", f"off by more than 30 s: {named(wrong)}", advice)
        return
    agreeing = counted(len(offsets), "agent")
    yield well("clocks", f"those of {agreeing} agree with this server's, to half a minute")


def named(names: Iterable[str]) -> str:
    """Some of the names, and how many more there are."""
    return some(list(names), MOST_NAMED)


def _latest_offsets(seen: Iterable[Seen]) -> dict[UUID, float]:
    """By agent; `seen` begins with the newest."""
    offsets: dict[UUID, float] = {}
    for each in seen:
        if each.clock_offset_seconds is not None:
            offsets.setdefault(each.agent_id, each.clock_offset_seconds)
    return offsets
