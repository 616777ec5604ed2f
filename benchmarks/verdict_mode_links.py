"""Made-up links, interval by interval, for the rule that ends a test which is asked about a rate.

No packet is sent: what is tried is the rule alone, on more links than could be waited for.
"""

import random
from dataclasses import dataclass, replace
from uuid import UUID

from broadgauge_agent.known_lines import LONG_SHARE
from broadgauge_agent.probes.base import KnownLine
from broadgauge_agent.probes.throughput.progress import INTERVAL_SECONDS
from broadgauge_agent.probes.throughput.stopping import StoppingRule, View, knows_to_carry
from broadgauge_agent.probes.throughput.target import Target
from broadgauge_wire import StopReason

NEED = 100e6
TOLERANCE = 0.95
"""A reading of so much of the need counts as reaching it."""

MAX_SECONDS = 10.0
FIRST_WINDOW_BITS = 10 * 1448 * 8
LONGEST_BURST_SECONDS = 3.0
CHANGED_SHARE = 0.05
"""Of the links, are another line by the time of the test that knows them."""


@dataclass(frozen=True)
class Link:
    """What a link does. Rates are payload."""

    rate: float
    """That it carries for ever, in bits per second."""

    peak: float
    burst_bits: float
    rtt_seconds: float
    noise: float
    """Standard deviation of what it carries in an interval."""

    jitter: float
    """Of what arrives in an interval, that comes in the next instead."""

    stalls: float
    """Chance of an interval in which nothing arrives; it comes afterwards."""

    others: float
    """Mean rate of others, who don't yield, half the time."""

    pace_share: float
    """Of a pace, that arrives: some kernels count headers."""

    @property
    def left(self) -> float:
        """What others leave."""
        return self.rate - self.others


@dataclass(frozen=True)
class Ended:
    """One made-up test."""

    stop_reason: StopReason
    seconds: float
    bits: float
    estimate: float | None
    """None if the rate never settled, or may have been a burst's."""

    @property
    def vote(self) -> bool | None:
        """Whether the need is reached, as a collector counts it."""
        return None if self.estimate is None else self.estimate >= TOLERANCE * NEED


def any_link(chance: random.Random) -> Link:
    """Half to twice the need; every third with a burst, every fifth with others on it."""
    rate = NEED * 2 ** chance.uniform(-1, 1)
    peak = rate * chance.uniform(1.05, 4) if chance.random() < 1 / 3 else rate
    others = rate * chance.uniform(0, 0.4) if chance.random() < 1 / 5 else 0.0
    return Link(
        rate=rate,
        peak=peak,
        burst_bits=(peak - rate) * chance.uniform(0.1, LONGEST_BURST_SECONDS),
        rtt_seconds=chance.choice([0.002, 0.01, 0.02, 0.05, 0.1]),
        noise=chance.choice([0.0, 0.01, 0.03, 0.08]),
        jitter=chance.choice([0.0, 0.02, 0.1]),
        stalls=chance.choice([0.0, 0.0, 0.01]),
        others=others,
        pace_share=chance.choice([1.0, 0.956]),
    )


class Load:
    """What arrives of one test, interval by interval."""

    def __init__(self, link: Link, chance: random.Random) -> None:
        self.link = link
        self._chance = chance
        self._tokens = link.burst_bits
        self._ramp = FIRST_WINDOW_BITS / link.rtt_seconds
        self._late = 0.0
        self.bits = 0.0

    def next_rate(self, pace: float | None) -> float:
        """Bits per second that were seen in the next interval."""
        sent = self._sent(pace)
        self.bits += sent
        waiting, link = self._late + sent, self.link
        is_stalled = self._chance.random() < link.stalls
        self._late = waiting if is_stalled else sent * link.jitter * self._chance.random()
        return (waiting - self._late) / INTERVAL_SECONDS

    def _sent(self, pace: float | None) -> float:
        link, chance = self.link, self._chance
        earned = link.rate * max(0.0, chance.gauss(1, link.noise)) * INTERVAL_SECONDS
        others = 2 * link.others * INTERVAL_SECONDS * (chance.random() < 1 / 2)
        most = min(link.peak * INTERVAL_SECONDS, earned + self._tokens)
        wanted = self._ramp if pace is None else min(self._ramp, pace * link.pace_share)
        sent = max(0.0, min(wanted * INTERVAL_SECONDS, most - others))
        self._tokens = min(link.burst_bits, max(0.0, self._tokens + earned - sent - others))
        self._ramp = min(self._ramp * 2 ** (INTERVAL_SECONDS / link.rtt_seconds), 100 * NEED)
        return sent


def measure(
    link: Link,
    chance: random.Random,
    known: KnownLine | None = None,
    need: float | None = NEED,
) -> Ended:
    """One test to its end; without a need, one that finds all there is."""
    load, rtt = Load(link, chance), link.rtt_seconds
    is_known = known is not None and need is not None and knows_to_carry(known, need, rtt)
    rule = StoppingRule(
        max_seconds=MAX_SECONDS,
        max_bytes=1e12,
        max_streams=16,
        known=known,
        target=Target(need, is_known_to_carry=is_known) if need else None,
    )
    rates: list[float] = []
    streams = rule.streams_to_begin(rtt)
    while True:
        rates.append(load.next_rate(rule.pace_bits_per_second))
        decision = rule.look(_view(rates, streams, rtt))
        streams = max(streams, decision.streams)
        if decision.stop_reason is not None:
            seconds = len(rates) * INTERVAL_SECONDS
            reason = decision.stop_reason
            return Ended(reason, seconds, load.bits, _lasting(rule, rates, reason, rtt))


def known_of(ended: Ended, link: Link) -> KnownLine | None:
    """What an agent keeps of a long test."""
    if ended.estimate is None:
        return None
    return KnownLine(
        test_id=UUID(int=1),
        interface="eth0",
        direction="download",
        bound="exact",
        throughput_bits_per_second=ended.estimate,
        idle_rtt_seconds=link.rtt_seconds,
    )


@dataclass(frozen=True)
class Trial:
    """One link, tested by who doesn't know it, who does, and at full length."""

    link: Link
    now: Link
    """What it is by the time of the test that knows it."""

    full: Ended
    first: Ended
    later: Ended

    def wrong(self) -> list[str]:
        """Of the two tests that were asked about the need, how those went wrong that did."""
        return [
            f"{name}: {words}"
            for name, ended, link in (
                ("first", self.first, self.link),
                ("later", self.later, self.now),
            )
            if (words := _wrong(ended, link))
        ]


def trial(number: int) -> Trial:
    """The link of this number: always the same."""
    chance = random.Random(number)
    link = any_link(chance)
    full = measure(link, chance, need=None)
    first = measure(link, chance)
    is_changed = chance.random() < CHANGED_SHARE
    now = replace(any_link(chance), rtt_seconds=link.rtt_seconds) if is_changed else link
    known = None if chance.random() < LONG_SHARE else known_of(full, link)
    return Trial(link, now, full, first, measure(now, chance, known))


def _view(rates: list[float], streams: int, rtt_seconds: float) -> View:
    return View(
        rates=rates,
        unbroken_from=0,
        idle_rtt_seconds=rtt_seconds,
        streams=streams,
        window_share=0.0,
        elapsed_seconds=len(rates) * INTERVAL_SECONDS,
        moved_bytes=0,
    )


def _lasting(
    rule: StoppingRule, rates: list[float], reason: StopReason, rtt_seconds: float
) -> float | None:
    """What is read, if it may be said to last."""
    if rule.estimate is None:
        return None
    is_sure = reason == "target_reached" or rule.matches_known(rtt_seconds)
    is_long = rule.outlasted_burst(rates) and not rule.may_be_burst(rates, rule.estimate)
    return rule.estimate.bits_per_second if is_sure or is_long else None


def _wrong(ended: Ended, link: Link) -> str | None:
    """A line that carries the need doesn't have to be said to where others leave less."""
    if ended.vote is True and link.rate < TOLERANCE * NEED:
        return f"reached, and the line carries {link.rate / NEED:.3f}"
    if ended.vote is False and link.left >= TOLERANCE * NEED:
        return f"missed, and the line carries {link.left / NEED:.3f}"
    return None
