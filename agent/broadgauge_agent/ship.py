"""Sends spooled results to the collector, in a thread of its own, for as long as the agent runs."""

import gzip
import logging
import random
import threading
import time
from email.utils import formatdate
from pathlib import Path

import httpx2
from msgspec.structs import replace

from broadgauge_wire import BatchAnswer, Lane, Settings, WireError, decode
from broadgauge_wire.spec import API_PREFIX

from .at_work import Work
from .backoff import Backoff
from .client import Answer, client_of, send
from .errors import SpoolError, StateError, UnreachableError
from .forking import TOO_MANY, TOO_MANY_SECONDS, ask_for_a_name, forked, name_in
from .groups import GroupsHeard
from .identity import Identity, save_identity
from .live_config import LiveConfig
from .machine import machine_hash, settle_copy
from .plan import PlanHeard
from .presence import FRESH_SECONDS, Presence
from .settings_heard import SettingsHeard
from .spool import Spool
from .spool_numbering import SpooledBatch, body_of
from .spool_sent import KeptBatch, Receipt
from .text import printable

log = logging.getLogger(__name__)

NOT_PERMITTED_SECONDS = 600.0
"""A key that is refused seldom becomes valid again; but it may (a restored collector)."""

NEVER_TAKEN = (400, 409, 413, 422)
"""The collector's answers to a whole batch that no repetition changes: it is kept aside. From
anything else on the way, which can be mended, they are no reason to give up."""

HANG_SECONDS = 300.0
"""A request is given up on long before; beyond this, the thread will not come back."""

GZIPPED = {"content-encoding": "gzip"}

NO_FORKS = (404, 405)
"""Of a collector that knows of no copies: an earlier one."""

NEITHER_HERE_NOR_THERE = (
    "the collector's address answered, but not as a collector does; "
    "a filter or sign-in page may stand in between"
)


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
        self._stop = stop
        self._news = threading.Event()
        self._turned = threading.Event()
        self._chance = chance or random.Random()  # noqa: S311
        self._backoff = Backoff(self._chance)
        self._said = ""
        self.work = Work(HANG_SECONDS)
        self._heard = SettingsHeard(state, live, spool.clock, self._chance, self.wake)
        self.plan = PlanHeard(spool, self._chance)
        self.groups = GroupsHeard(self._chance, self.wake_at_once)
        self._is_copy = settle_copy(spool, identity)
        presence.listeners.append(self._turn)

    def wake(self) -> None:
        """There is something to send, or it is time to stop."""
        self._news.set()
        if self._stop.is_set():
            self._turned.set()

    def wake_at_once(self) -> None:
        """There is something to say that no pause must delay."""
        self._turned.set()
        self._news.set()

    def _turn(self) -> None:
        """The agent fell asleep or woke: no pause for other reasons must delay what that means."""
        self._turned.set()
        self._news.set()

    @property
    def is_copy(self) -> bool:
        """Whether this machine has a copy of another's agent, and no name of its own yet."""
        return self._is_copy

    @property
    def identity(self) -> Identity:
        """Who this agent is by now: a copy gets a name of its own."""
        return self._identity

    @property
    def settings(self) -> Settings:
        """What the collector set, as it is known by now."""
        return self._heard.latest

    @property
    def clock_offset_seconds(self) -> float | None:
        """Collector's clock minus this one, as it is set now; None if they were never compared."""
        return self._spool.clock.offset_seconds()

    def run(self) -> None:
        """Send until `stop` is set and `wake` called."""
        while not self._stop.is_set():
            with client_of(self._identity) as client:
                self._run_as(self._identity, client)

    def _run_as(self, identity: Identity, client: httpx2.Client) -> None:
        while not self._stop.is_set() and identity is self._identity:
            self._news.clear()
            self._turned.clear()
            with self.work.under_way():
                pause = self.ship_all(client) if self.is_awake() else None
                if pause is None and self._may_send() and not self._is_copy:
                    self.plan.refresh(client)
                if self._may_hear_of_groups(pause):
                    self.groups.refresh(client)
                if not self.is_awake():
                    self._heard.say_asleep(client)
            self._rest(pause)

    def _may_hear_of_groups(self, pause: float | None) -> bool:
        """Whoever is called goes on asking, though a collector that starts again takes nothing."""
        is_called = self.groups.called is not None
        return (pause is None or is_called) and self._may_send() and not self._is_copy

    def is_awake(self) -> bool:
        """Whether this machine stands on a school network."""
        return self._presence.is_awake(self.settings)

    def ship_all(self, client: httpx2.Client) -> float | None:
        """Send all there is. Seconds to pause before trying again, or None if all went."""
        self._heard.refresh(client)
        try:
            return self._ship_as(self._identity, client)
        except StateError as error:
            return self._trouble(str(error), self._backoff.next_seconds())

    def _ship_as(self, identity: Identity, client: httpx2.Client) -> float | None:
        """Until all is sent, or this agent has another name: then another key is needed."""
        if self._is_copy:
            return self._fork(client)
        while identity is self._identity and self._may_send():
            if batch := self._next():
                pause = self._ship(client, batch)
            elif kept := self._spool.next_again():
                pause = self._ship_again(client, kept)
            else:
                return None
            self.work.goes_on()
            if pause is not None:
                return pause
        return None

    def _rest(self, pause: float | None) -> None:
        if pause is not None:
            is_called = self.groups.called is not None
            self._turned.wait(min(pause, self.groups.due_seconds()) if is_called else pause)
        elif self.is_awake():
            due = (self._heard, self.plan, self.groups)
            self._news.wait(min(heard.due_seconds() for heard in due))
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
        body = gzip.compress(body_of(batch), 6, mtime=0)
        try:
            answer = self._post(client, body, batch.key.lane)
        except UnreachableError as error:
            return self._trouble(str(error), self._backoff.next_seconds())
        if answer.status // 100 == 2:
            return self._committed(answer, batch, body)
        if answer.status in NEVER_TAKEN and answer.problem is not None:
            return self._never_taken(client, answer, batch)
        return self._not_taken(answer)

    def _ship_again(self, client: httpx2.Client, kept: KeptBatch) -> float | None:
        """The same for a batch that a collector had committed before it was restored."""
        try:
            answer = self._post(client, kept.body, kept.key.lane)
        except UnreachableError as error:
            return self._trouble(str(error), self._backoff.next_seconds())
        if answer.status in NEVER_TAKEN and answer.problem is not None:
            log.error("not sent again sequence=%d: the collector %s",
                      kept.key.sequence, answer.words)  # fmt: skip
            self._spool.sent_again(kept)
            return None
        if answer.status // 100 != 2:
            return self._not_taken(answer)
        try:
            said = decode(answer.body, BatchAnswer)
        except WireError:
            return self._trouble(NEITHER_HERE_NOR_THERE, self._backoff.next_seconds())
        if kept.key not in said.committed:
            words = "the collector answered without naming the batch committed; it is kept"
            return self._trouble(words, self._backoff.next_seconds())
        self._spool.sent_again(kept, said.store_id)
        self._well(0, kept.key.lane)
        return None

    def _post(self, client: httpx2.Client, body: bytes, lane: Lane) -> Answer:
        # What the clock says now: a batch says what it said when it was numbered (RFC 9110, 6.6.1).
        date = formatdate(self._spool.clock.wall(), usegmt=True)
        headers = GZIPPED | {"date": date, "broadgauge-lane": lane}
        return send(client, "POST", f"{API_PREFIX}/batches", body, headers)

    def _committed(self, answer: Answer, batch: SpooledBatch, body: bytes) -> float | None:
        try:
            said = decode(answer.body, BatchAnswer)
        except WireError:
            return self._trouble(NEITHER_HERE_NOR_THERE, self._backoff.next_seconds())
        if batch.key not in said.committed:
            words = "the collector answered without naming the batch committed; it is kept"
            return self._trouble(words, self._backoff.next_seconds())
        # Inherited ones are kept aside by the collector: they are the original's.
        refused = () if batch.inherited else said.refused
        self._spool.commit(
            batch, refused, Receipt(body, said.received_at.timestamp(), said.store_id)
        )
        for refusal in refused:
            log.warning(
                "refused by the collector index=%d: %s", refusal.index, printable(refusal.reason)
            )
        self._learn_clock(answer, said)
        self._well(len(batch.rows), batch.key.lane)
        return None

    def _never_taken(
        self, client: httpx2.Client, answer: Answer, batch: SpooledBatch
    ) -> float | None:
        """Another copy of this spool used the number, or the batch as it was before the disk
        damaged it arrived; or the collector can do nothing with it."""
        if answer.status == 409 and not batch.mended:
            return self._fork(client, answer, batch)
        self._set_aside(answer, batch)
        return None

    def _fork(
        self,
        client: httpx2.Client,
        conflict: Answer | None = None,
        batch: SpooledBatch | None = None,
    ) -> float | None:
        """Become an agent of this copy's own."""
        try:
            answer = ask_for_a_name(client, self._identity, self._spool)
        except UnreachableError as error:
            return self._trouble(str(error), self._backoff.next_seconds())
        if answer.status in NO_FORKS and answer.problem is not None:
            self._stay(conflict, batch)
            return None
        if answer.status == TOO_MANY and answer.problem is not None:
            return self._too_many_copies(answer.problem)
        if answer.status == 409:
            self._spool.forget_fork_id()
        said = name_in(answer)
        if said is None:
            return self._not_taken(answer)
        self._become(forked(self._identity, said), batch)
        self._heard.learn(said.settings)
        return None

    def _too_many_copies(self, problem: str) -> float:
        words = f"this machine has a copy of another's agent, and no name of its own: {problem}"
        words = f"{words.rstrip('.')}. Nothing is sent until then; results are kept"
        return self._trouble(words, self._chance.uniform(1, 1.5) * TOO_MANY_SECONDS)

    def _become(self, identity: Identity, batch: SpooledBatch | None) -> None:
        """Identity first: at the next start at the latest, the original's spool is taken over."""
        log.warning(
            "this is a copy of agent=%s: from now on agent=%s",
            self._identity.agent_id, identity.agent_id,
        )  # fmt: skip
        save_identity(self._state, identity)
        self._spool.become(identity.agent_id, batch)
        self._identity = identity
        self._is_copy = False
        self._well(0, "live")
        self.wake()

    def _stay(self, conflict: Answer | None, batch: SpooledBatch | None) -> None:
        """Where the collector knows of no copies: number on where no copy does."""
        if conflict and batch:
            self._set_aside(conflict, batch)
        self._spool.begin_epoch()
        if self._is_copy:
            self._identity = replace(self._identity, machine=machine_hash(self._identity.key))
            save_identity(self._state, self._identity)
            self._spool.forget_copying()
            self._is_copy = False
            self.wake()

    def _set_aside(self, answer: Answer, batch: SpooledBatch) -> None:
        self._spool.set_aside(batch, f"the collector {answer.words}")
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
        if answer.is_quick:
            middle = (answer.sent_at + answer.received_at) / 2
            self._spool.clock.compare(said.received_at.timestamp(), middle)
            self._note("clock_offset_seconds", self.clock_offset_seconds)

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
