"""Whether the agent is awake: proofs of a school network, made again when they have to be."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Settings

from .errors import SpoolError
from .identity import Identity
from .network import IPAddress, addresses_on_networks
from .school_network import Proof, prove

log = logging.getLogger(__name__)

FRESH_SECONDS = 30.0
"""A look serves for this long, if nothing moved meanwhile."""

KEPT_SECONDS = 900.0
"""A proof outlives a pulled cable, and one by key its server's silence, by this: enough for an
update and a restart, and to tell of an outage."""

JUMP_SECONDS = 5.0
"""Clocks that part by more than this say that the machine slept, or that its clock was set."""

FACT = "school_network"
EVER = "school_network_proven_ever"
ADVICE = (
    "If this is a school network, list its subnet on the server: "
    "broadgauge networks add SUBNET (such as 10.20.0.0/16)"
)

Here = frozenset[tuple[str, IPAddress]]


class Facts(Protocol):
    """What `status` is told by: a spool, as a rule."""

    def fact(self, key: str) -> object:
        """A fact noted earlier, or None."""

    def note(self, key: str, value: object) -> None:
        """Keep a fact."""


class Moment(Struct, frozen=True):
    """An instant by both clocks, in seconds. The monotonic one may stand still in a suspend."""

    monotonic: float
    unix: float

    def slept_since(self, other: "Moment") -> bool:
        """Whether the clocks parted in between."""
        apart = (self.unix - other.unix) - (self.monotonic - other.monotonic)
        return abs(apart) > JUMP_SECONDS


class Look(Struct, frozen=True):
    """A proof, when it was made, of what, and where the machine was. In memory alone."""

    proof: Proof
    at: Moment
    settings: Settings
    here: Here

    def is_young(self, now: Moment, seconds: float) -> bool:
        """Whether that much time has not passed, and the machine did not sleep."""
        return now.monotonic - self.at.monotonic < seconds and not now.slept_since(self.at)

    def holds(self, now: Moment, here: Here, seconds: float) -> bool:
        """Whether it is young, and the machine is where it was."""
        return self.is_young(now, seconds) and here == self.here


def this_moment() -> Moment:
    """Now, by both clocks."""
    return Moment(time.monotonic(), time.time())


class Presence:
    """What the threads of an agent ask before they measure or send."""

    def __init__(
        self, identity: Identity, facts: Facts, moment: Callable[[], Moment] = this_moment
    ) -> None:
        self._identity = identity
        self._facts = facts
        self._moment = moment
        self._lock = threading.Lock()
        self._last: Look | None = None
        self._proven: Look | None = None
        self._said: Proof | None = None
        self.listeners: list[Callable[[], None]] = []
        """Called when the agent falls asleep or wakes."""

    @property
    def was_awake(self) -> bool:
        """What the last look found. Takes no time."""
        return self._said is not None and self._said.proven

    def is_awake(self, settings: Settings) -> bool:
        """Whether a school network is proven, as of FRESH_SECONDS ago at most. May take seconds."""
        with self._lock:
            now, here = self._moment(), addresses_on_networks()
            last = self._last
            if (
                last is None
                or last.settings != settings
                or not last.holds(now, here, FRESH_SECONDS)
            ):
                last = self._last = Look(self._prove(settings, now, here), now, settings, here)
                self._say(last.proof)
            return last.proof.proven

    def _prove(self, settings: Settings, now: Moment, here: Here) -> Proof:
        proof = prove(self._identity, settings)
        if proof.proven:
            self._proven = Look(proof, now, settings, here)
            return proof
        former = self._proven
        if former is not None and not here and former.is_young(now, KEPT_SECONDS):
            # A machine that is on no network is nowhere else either: this is an outage.
            return replace(former.proof, words=f"on no network now; before, {former.proof.words}")
        if former is not None and _is_kept(former, proof, now, here):
            return replace(former.proof, words=f"{former.proof.words}: not just now, but lately")
        self._proven = None
        return proof

    def _say(self, proof: Proof) -> None:
        former, self._said = self._said, proof
        if former is not None and former.words == proof.words:
            return
        turned = former is None or former.proven != proof.proven
        if turned and proof.proven:
            log.info("awake: %s", proof.words)
        elif turned:
            log.info("asleep, no school network is proven: %s", proof.words)
        self._note(proof, turned=turned)
        if turned:
            for listener in self.listeners:
                listener()

    def _note(self, proof: Proof, *, turned: bool) -> None:
        """For `status`, which has no other way to know."""
        try:
            known = self._facts.fact(FACT)
            since = time.time() if turned or not isinstance(known, dict) else known["since"]
            fact = {"proven": proof.proven, "words": proof.words, "since": since}
            self._facts.note(FACT, fact)
            if proof.proven:
                self._facts.note(EVER, value=True)
            elif turned and not self._facts.fact(EVER):
                log.warning("nothing was measured here yet. %s", ADVICE)
        except SpoolError as error:
            log.debug("%s", error)


def _is_kept(former: Look, proof: Proof, now: Moment, here: Here) -> bool:
    """Whether a proof by key holds although its server is silent just now."""
    return former.proof.by in proof.silent and former.holds(now, here, KEPT_SECONDS)
