"""Sends spooled results to the collector, in a thread of its own, for as long as the agent runs."""

import gzip
import logging
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from broadgauge_wire import (
    Asleep,
    Batch,
    BatchAnswer,
    Lane,
    Settings,
    WireError,
    decode,
    encode,
)
from broadgauge_wire.spec import API_PREFIX

from .at_work import Work
from .backoff import Backoff
from .client import Answer, client_of, send
from .errors import AgentError, SpoolError, UnreachableError
from .identity import Identity, load_settings, save_settings
from .live_config import LiveConfig
from .presence import FRESH_SECONDS, Presence
from .spool import Spool, SpooledBatch
from .text import printable

log = logging.getLogger(__name__)

SETTINGS_SECONDS = 600.0
SETTINGS_RETRY_SECONDS = 60.0

ASLEEP_SECONDS = 600.0
"""How often an agent away from school networks says that it is asleep, and hears its settings."""

NOT_PERMITTED_SECONDS = 600.0
"""A key that is refused seldom becomes valid again; but it may (a restored collector)."""

CLOCK_SECONDS = 5.0
"""An answer that took longer says too little about the other clock."""

NEVER_TAKEN = (400, 409, 413, 422)
"""The collector's answers to a whole batch that no repetition changes: it is kept aside. From
anything else on the way, which can be mended, they are no reason to give up."""

HANG_SECONDS = 300.0
"""A request is given up on long before; beyond this, the thread will not come back."""

LARGEST_CLOCK_OFFSET_SECONDS = 1e10
"""Three hundred years: more than any clock is off, and small enough to be said in a result."""


class Shipper:
    """Everything said between this agent and its collector after joining."""

    def __init__(
        self,
        state: Path,
        identity: Identity,
        spool: Spool,
        presence: Presence,
        live: LiveConfig,
        stop: threading.Event,
        chance: random.Random | None = None,
    ) -> None:
        self._state = state
        self._identity = identity
        self._spool = spool
        self._presence = presence
        self._live = live
        self._stop = stop
        self._news = threading.Event()
        self._turned = threading.Event()
        self._chance = chance or random.Random()  # noqa: S311
        self._backoff = Backoff(self._chance)
        self._settings_due = 0.0
        self._asleep_due = 0.0
        self._said = ""
        self.work = Work(HANG_SECONDS)
        self.settings: Settings = load_settings(state)
        self.clock_offset_seconds: float | None = None
        self._follow(self.settings)
        presence.listeners.append(self._turn)

    def wake(self) -> None:
        """There is something to send, or it is time to stop."""
        self._news.set()
        if self._stop.is_set():
            self._turned.set()

    def _turn(self) -> None:
        """The agent fell asleep or woke: no pause for other reasons must delay what that means."""
        self._turned.set()
        self._news.set()

    def run(self) -> None:
        """Send until `stop` is set and `wake` called."""
        with client_of(self._identity) as client:
            while not self._stop.is_set():
                self._news.clear()
                self._turned.clear()
                with self.work.under_way():
                    pause = self.ship_all(client) if self.is_awake() else None
                    if not self.is_awake():
                        self.say_asleep(client)
                self._rest(pause)

    def is_awake(self) -> bool:
        """Whether this machine stands on a school network."""
        return self._presence.is_awake(self.settings)

    def ship_all(self, client: httpx2.Client) -> float | None:
        """Send all there is. Seconds to pause before trying again, or None if all went."""
        self._asleep_due = 0.0
        self._refresh_settings(client)
        try:
            while self._may_send() and (batch := self._next()):
                pause = self._ship(client, batch)
                self.work.goes_on()
                if pause is not None:
                    return pause
        except SpoolError as error:
            return self._trouble(str(error), self._backoff.next_seconds())
        return None

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
            self._learn(decode(answer.body, Settings))
        except (AgentError, WireError):
            log.debug("not heard asleep")
            return
        self._asleep_due = time.monotonic() + ASLEEP_SECONDS * spread

    def _rest(self, pause: float | None) -> None:
        if pause is not None:
            self._turned.wait(pause)
        elif self.is_awake():
            self._news.wait(max(0.0, self._settings_due - time.monotonic()))
        else:
            self._news.wait(FRESH_SECONDS)

    def _may_send(self) -> bool:
        return not self._stop.is_set() and self.is_awake()

    def _next(self) -> SpooledBatch | None:
        """Live results first, looked for again after every batch of the backlog."""
        lanes: tuple[Lane, Lane] = ("live", "backlog")
        return next((batch for lane in lanes if (batch := self._spool.next_batch(lane))), None)

    def _ship(self, client: httpx2.Client, batch: SpooledBatch) -> float | None:
        """Send one batch and act on the answer. Seconds to pause if it has to be sent again."""
        try:
            answer = send(client, "POST", f"{API_PREFIX}/batches", *self._request(batch))
        except UnreachableError as error:
            return self._trouble(str(error), self._backoff.next_seconds())
        if answer.status // 100 == 2:
            return self._committed(answer, batch)
        if answer.status in NEVER_TAKEN and answer.problem is not None:
            self._set_aside(answer, batch)
            return None
        return self._not_taken(answer)

    def _request(self, batch: SpooledBatch) -> tuple[bytes, dict[str, str]]:
        key = batch.key
        message = Batch(
            agent_id=key.agent_id,
            epoch=key.epoch,
            lane=key.lane,
            sequence=key.sequence,
            sent_at=datetime.fromtimestamp(batch.numbered_at, UTC),
            results=batch.results,
            spooled_results=batch.waiting,
            dropped_results=batch.dropped,
        )
        return gzip.compress(encode(message), 6, mtime=0), {"content-encoding": "gzip"}

    def _committed(self, answer: Answer, batch: SpooledBatch) -> float | None:
        try:
            said = decode(answer.body, BatchAnswer)
        except WireError:
            words = (
                "the collector's address answered, but not as a collector does; "
                "a filter or sign-in page may stand in between"
            )
            return self._trouble(words, self._backoff.next_seconds())
        if batch.key not in said.committed:
            words = "the collector answered without naming the batch committed; it is kept"
            return self._trouble(words, self._backoff.next_seconds())
        self._spool.commit(batch, said.refused)
        for refusal in said.refused:
            log.warning(
                "refused by the collector index=%d: %s", refusal.index, printable(refusal.reason)
            )
        self._learn_clock(answer, said)
        self._well(len(batch.rows), batch.key.lane)
        return None

    def _set_aside(self, answer: Answer, batch: SpooledBatch) -> None:
        self._spool.set_aside(batch, f"the collector {answer.words}")
        if answer.status == 409:
            # Another copy of this spool used the number: number on where no copy does.
            self._spool.begin_epoch()
        log.error(
            "batch kept aside lane=%s sequence=%d results=%d: the collector %s",
            batch.key.lane, batch.key.sequence, len(batch.rows), answer.words,
        )  # fmt: skip

    def _not_taken(self, answer: Answer) -> float:
        words = f"the collector {answer.words}".rstrip(".")
        if answer.status in (401, 403):
            words += (
                ". Nothing is sent until it accepts this agent again; results are kept. "
                "If the agent was removed, run: broadgauge-agent join URL --token TOKEN --force"
            )
            return self._trouble(words, self._chance.uniform(0.5, 1) * NOT_PERMITTED_SECONDS)
        asked = answer.retry_after_seconds(answer.received_at)
        return self._trouble(words, self._backoff.next_seconds(asked))

    def _learn_clock(self, answer: Answer, said: BatchAnswer) -> None:
        middle = (answer.sent_at + answer.received_at) / 2
        offset = said.received_at.timestamp() - middle
        quick = answer.received_at - answer.sent_at <= CLOCK_SECONDS
        if quick and abs(offset) <= LARGEST_CLOCK_OFFSET_SECONDS:
            self.clock_offset_seconds = offset
            self._note("clock_offset_seconds", offset)

    def _refresh_settings(self, client: httpx2.Client) -> None:
        """Ask for the settings when it is time; what was known stays where there is no answer."""
        if time.monotonic() < self._settings_due:
            return
        spread = self._chance.uniform(0.9, 1.1)
        self._settings_due = time.monotonic() + SETTINGS_RETRY_SECONDS * spread
        try:
            answer = send(client, "GET", f"{API_PREFIX}/settings")
            if answer.status != 200:
                log.info("settings not refreshed: the collector %s", answer.words)
                return
            self._learn(decode(answer.body, Settings))
        except (AgentError, WireError) as error:
            log.info("settings not refreshed: %s", error)
            return
        self._settings_due = time.monotonic() + SETTINGS_SECONDS * spread

    def _learn(self, settings: Settings) -> None:
        if settings != self.settings:
            save_settings(self._state, settings)
            self.settings = settings
            self._follow(settings)
            self.wake()

    def _follow(self, settings: Settings) -> None:
        for refused in self._live.from_collector(settings.configuration):
            log.warning("setting left out key=%s: %s", refused.key, refused.reason)

    def _well(self, results: int, lane: Lane) -> None:
        self._backoff.reset()
        log.info("committed results=%d lane=%s", results, lane)
        self._say("")

    def _trouble(self, words: str, pause: float) -> float:
        if words != self._said:
            log.warning("not sent: %s", words)
        log.debug("next try seconds=%.1f", pause)
        self._say(words)
        return pause

    def _say(self, words: str) -> None:
        """Note for `status` how sending goes, when that changes."""
        if words != self._said:
            self._said = words
            self._note("shipping_trouble", {"what": words, "since": time.time()} if words else None)

    def _note(self, key: str, value: object) -> None:
        try:
            self._spool.note(key, value)
        except SpoolError as error:
            log.debug("%s", error)
