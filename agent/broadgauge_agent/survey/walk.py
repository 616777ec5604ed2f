"""The walk: a question for each room, its tests, their line of result, and the next question."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from broadgauge_agent.identity import Identity, load_identity, load_settings
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.presence import ADVICE, FACT, Presence
from broadgauge_agent.spool_beside import put_beside

from .keeping import Sender
from .progress import Progress, Reading, SurveyedRoom, save_progress
from .rooms import Choice, UnusableNameError, next_room, rooms_of, understood
from .servers import servers_for_a_room
from .testing import SleptError, Surveyed, test_room
from .words import HELP, count_words, list_lines, room_line, room_words

Line = Callable[[str], None]


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a walk works with: whose it is, and how it speaks and hears."""

    state: Path
    identity: Identity
    live: LiveConfig
    sender: Sender
    say: Line
    """Words for the person."""
    tell: Line
    """A room's line of result."""
    ask: Callable[[str], str | None]
    """A question, and what was typed; None at the end of the input."""


class Walk:
    """One session of a survey. What it did is kept after every room."""

    def __init__(self, around: Surroundings, progress: Progress) -> None:
        self.progress = progress
        self.troubles: set[str] = set()
        """Rooms that were to be tested in this session, and could not be."""
        self._around = around
        self._added: list[str] = []
        self._last: str | None = None
        self._look_anew()

    def run(self) -> None:
        """Until the person ends it, or the input does. AgentError if nothing can be kept."""
        self._is_at_school()
        self._list()
        while (typed := self._around.ask(self._question())) is not None:
            try:
                choice = understood(typed, self.rooms())
            except UnusableNameError as error:
                self._around.say(str(error))
                continue
            if choice.order == "quit":
                return
            self._follow(choice)

    def rooms(self) -> tuple[str, ...]:
        """All that are known by now."""
        known = load_settings(self._around.state).locations
        return rooms_of(dict.fromkeys((*known, *self._added)), self.progress)

    def _next(self) -> str | None:
        return next_room(self.rooms(), self.progress, self._last)

    def _question(self) -> str:
        if room := self._next():
            return f"Test in {room}? Enter, or another room; s skips it, l lists, q ends, ? helps: "
        if self.rooms():
            return "All rooms are done. A room to test again, or a new one; q ends: "
        return "Which room are you in? Type its name; q ends: "

    def _follow(self, choice: Choice) -> None:
        room = choice.room or self._next()
        if choice.order == "help":
            self._around.say(HELP)
        elif choice.order == "list":
            self._list()
        elif room is None:
            self._around.say("No room is left. Type the name of the room you are in.")
        elif choice.order == "skip":
            self._finish(room, "skipped")
        elif choice.order == "next" or self._is_meant(room, is_new=choice.is_new):
            self._test(room)

    def _is_meant(self, room: str, *, is_new: bool) -> bool:
        """New rooms may be slips of the finger; rooms that are done, too."""
        known = self.progress.room(room)
        if is_new:
            question = f"{room} isn't on the list. Test in it as a new room? [y/N] "
        elif known is not None and known.state == "done":
            question = f"{room} is done ({room_words(known)}). Test again? [y/N] "
        else:
            return True
        return (self._around.ask(question) or "").strip().casefold() in ("y", "yes")

    def _test(self, room: str) -> None:
        self._last = room
        self._added.append(room)
        self.troubles.add(room)
        if not self._is_at_school():
            return
        surveyed = self._surveyed(room)
        if surveyed is None or not self._is_at_school():
            return
        # On a copied machine the agent may have a name of its own since the walk began.
        agent_id = load_identity(self._around.state).agent_id
        put_beside(self._around.state, agent_id, surveyed.results)
        self._around.sender.begin()
        self._around.tell(room_line(room, surveyed.readings))
        if surveyed.is_whole:
            self.troubles.discard(room)
            self._finish(room, "done", surveyed.readings)
        else:
            self._around.say(f"{room} is not done. Enter tests it again.")

    def _surveyed(self, room: str) -> Surveyed | None:
        around = self._around
        settings = load_settings(around.state)
        servers = servers_for_a_room(settings.reflectors)
        if not servers:
            around.say("No test server is known. Register one: broadgauge reflectors add --help")
            return None
        around.say(f"Testing in {room}. Stay there for half a minute ...")
        try:
            return test_room(
                room, servers, settings, around.state, around.live.current(), around.say
            )
        except SleptError:
            around.say(f"This computer slept meanwhile, so {room} is not done. Enter tests again.")
            return None

    def _look_anew(self) -> None:
        self._facts = _Facts()
        self._presence = Presence(self._around.identity, self._facts)

    def _is_at_school(self) -> bool:
        if self._presence.is_awake(load_settings(self._around.state)):
            return True
        why = self._facts.kept[FACT]["words"]
        self._look_anew()  # whoever asks again has done something about it
        self._around.say(
            f"No school network is proven here ({why}), so nothing is tested or kept. {ADVICE}"
        )
        return False

    def _finish(
        self, room: str, how: Literal["done", "skipped"], readings: tuple[Reading, ...] = ()
    ) -> None:
        surveyed = SurveyedRoom(name=room, state=how, at=time.time(), readings=readings)
        self.progress = self.progress.with_room(surveyed)
        save_progress(self._around.state, self.progress)
        self._last = room

    def _list(self) -> None:
        rooms = self.rooms()
        for line in list_lines(rooms, self.progress, encoding=sys.stderr.encoding):
            self._around.say(line)
        if rooms:
            self._around.say(count_words(rooms, self.progress))


class _Facts:
    """For looks that `status` need not hear of."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def fact(self, key: str) -> object:
        return self.kept.get(key)

    def note(self, key: str, value: object) -> None:
        self.kept[key] = value
