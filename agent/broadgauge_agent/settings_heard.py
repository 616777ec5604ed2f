"""The collector's settings: asked for now and then, kept for the next start, and followed."""

import logging
import random
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from broadgauge_wire import Asleep, Settings, WireError, decode, encode
from broadgauge_wire.spec import API_PREFIX

from .client import Answer, send
from .clock import Clock
from .errors import AgentError, StateError
from .identity import load_settings, save_settings
from .live_config import LiveConfig

log = logging.getLogger(__name__)

SETTINGS_SECONDS = 600.0
SETTINGS_RETRY_SECONDS = 60.0

ASLEEP_SECONDS = 600.0
"""How often an agent away from school networks says that it is asleep, and hears its settings."""


class SettingsHeard:
    """What the collector said last. `changed` is called where it says something new."""

    def __init__(
        self,
        state: Path,
        live: LiveConfig,
        clock: Clock,
        chance: random.Random,
        changed: Callable[[], None],
    ) -> None:
        self._state = state
        self._live = live
        self._clock = clock
        self._chance = chance
        self._changed = changed
        self._due = 0.0
        self._asleep_due = 0.0
        self.latest: Settings = load_settings(state)
        self._follow()

    def due_seconds(self) -> float:
        """Until they are asked for again."""
        return max(0.0, self._due - time.monotonic())

    def refresh(self, client: httpx2.Client) -> None:
        """Ask for the settings when it is time; what was known stays where there is no answer."""
        self._asleep_due = 0.0
        if self.due_seconds() > 0:
            return
        spread = self._chance.uniform(0.9, 1.1)
        self._due = time.monotonic() + SETTINGS_RETRY_SECONDS * spread
        try:
            answer = send(client, "GET", f"{API_PREFIX}/settings")
            if answer.status != 200:
                log.info("settings not refreshed: the collector %s", answer.words)
                return
            self.learn(decode(answer.body, Settings))
        except (AgentError, WireError) as error:
            log.info("settings not refreshed: %s", error)
            return
        self._learn_clock_roughly(answer)
        self._due = time.monotonic() + SETTINGS_SECONDS * spread

    def say_asleep(self, client: httpx2.Client) -> None:
        """Say that, and nothing else, when it is time; the answer's settings may wake the agent.

        Nothing of an answer is logged or kept but the settings: whoever gives it may be the
        network of somebody's home.
        """
        if time.monotonic() < self._asleep_due:
            return
        spread = self._chance.uniform(0.9, 1.1)
        self._asleep_due = time.monotonic() + SETTINGS_RETRY_SECONDS * spread
        try:
            answer = send(client, "POST", f"{API_PREFIX}/asleep", encode(Asleep()))
            if answer.status != 200:
                log.debug("not heard asleep")
                return
            self.learn(decode(answer.body, Settings))
        except (AgentError, WireError):
            log.debug("not heard asleep")
            return
        self._asleep_due = time.monotonic() + ASLEEP_SECONDS * spread

    def learn(self, settings: Settings) -> None:
        """The collector said them with another answer."""
        if settings == self.latest:
            return
        try:
            save_settings(self._state, settings)
        except StateError as error:  # a full disk: they count all the same
            log.warning("settings not kept for the next start: %s", error)
        self.latest = settings
        self._follow()
        self._changed()

    def _follow(self) -> None:
        for refused in self._live.from_collector(self.latest.configuration):
            log.warning("setting left out key=%s: %s", refused.key, refused.reason)

    def _learn_clock_roughly(self, answer: Answer) -> None:
        """Before the first batch, so that results made until then can say how far the clock was
        off. The header counts whole seconds."""
        if answer.is_quick and answer.date is not None:
            self._clock.compare(answer.date + 0.5, answer.received_at, exact=False)
