"""One session of a survey at a terminal, from its greeting to what is left to send."""

import contextlib
import logging
import sys
import time
from pathlib import Path

import click
from msgspec import Struct

from broadgauge_agent.command import say
from broadgauge_agent.identity import load_identity
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.state import make_state_directory

from .keeping import Sender
from .progress import Progress, SurveyedRoom, load_progress
from .walk import Surroundings, Walk
from .words import count_words, day_words

SETTINGS_SECONDS = 5.0
"""For the collector to name the rooms before the first question."""

SENDING_SECONDS = 20.0
"""For the last results to be sent. What isn't by then is sent later."""

HURRY_SECONDS = 3.0
"""The same after Ctrl-C."""

LONGEST_LINE = 10_000


class Survey(Struct, frozen=True, kw_only=True):
    """What `--json` prints. Instants are Unix seconds."""

    school: str
    started_at: float
    rooms: tuple[SurveyedRoom, ...]
    rooms_left: tuple[str, ...]
    rooms_in_trouble: tuple[str, ...]
    """Those that were to be tested in this session, and could not be."""
    unsent: str | None
    """How many results wait to be sent, and why; null if none does."""


def session(state: Path, live: LiveConfig, *, anew: bool, quiet: bool) -> Survey:
    """Walk until the person ends it. NotJoinedError before the first question, SpoolError or
    StateError if nothing can be kept."""
    logging.getLogger("broadgauge_agent").addHandler(logging.NullHandler())  # it speaks itself
    identity = load_identity(state)
    make_state_directory(state)
    sender = Sender(state, identity, live)
    sender.begin()
    sender.wait(SETTINGS_SECONDS)
    known = None if anew else load_progress(state, identity.agent_id)
    progress = known or Progress(agent_id=identity.agent_id, started_at=time.time())
    say(
        f"Survey of {identity.school}"
        + (f", begun {day_words(known.started_at)}." if known else ".")
    )
    around = Surroundings(
        state=state,
        identity=identity,
        live=live,
        sender=sender,
        say=say,
        tell=say if quiet else click.echo,
        ask=ask,
    )
    return _survey(identity.school, _walked(around, progress), sender)


def ask(question: str) -> str | None:
    """One line from standard input, whatever bytes it holds; None at its end."""
    click.echo(question, err=True, nl=False)
    line = sys.stdin.buffer.readline(LONGEST_LINE)
    if not line:
        click.echo(err=True)
        return None
    return line.decode(errors="replace")


def _walked(around: Surroundings, progress: Progress) -> Walk:
    walk, patience = Walk(around, progress), SENDING_SECONDS
    try:
        walk.run()
    except KeyboardInterrupt:
        say("")
        patience = HURRY_SECONDS
    with contextlib.suppress(KeyboardInterrupt):  # asked twice: at once
        around.sender.begin()
        around.sender.wait(patience)
    return walk


def _survey(school: str, walk: Walk, sender: Sender) -> Survey:
    rooms, unsent = walk.rooms(), sender.unsent_words()
    say(f"{count_words(rooms, walk.progress)}. To go on: broadgauge-agent survey")
    if unsent:
        say(f"{unsent}. They are sent by the next survey, or when the agent runs.")
    return Survey(
        school=school,
        started_at=walk.progress.started_at,
        rooms=walk.progress.rooms,
        rooms_left=tuple(room for room in rooms if walk.progress.room(room) is None),
        rooms_in_trouble=tuple(sorted(walk.troubles)),
        unsent=unsent,
    )
