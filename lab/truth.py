"""The truth of a link in words: what a test that runs on it should find."""

from collections.abc import Iterator

from .limits import card_payload, window_payload
from .options import Wish
from .path import State
from .units import rate_words, size_words


def truth(wish: Wish) -> Iterator[str]:
    """Line by line."""
    for number, plan in enumerate(wish.plans, start=1):
        hop = f"hop {number}: " if len(wish.plans) > 1 else ""
        yield from (f"{hop}{_state(state)}" for state in plan)
    yield from _limits(wish)
    yield f"TCP payload: {_payload(wish)}"


def _state(state: State) -> str:
    since = f"from {state.since_seconds:g}s " if state.since_seconds else ""
    burst = ""
    if state.burst_bytes:
        peak = rate_words(state.peak_bits_per_second) if state.peak_bits_per_second else "once"
        burst = f", burst {size_words(state.burst_bytes)} at {peak}"
    return (
        f"{since}{rate_words(state.rate_bits_per_second)}, rtt {state.rtt_seconds * 1e3:g}ms, "
        f"loss {state.loss_ratio * 100:g}%, queue {size_words(state.queue)}{burst}"
    )


def _limits(wish: Wish) -> Iterator[str]:
    if wish.load_bits_per_second:
        direction = "down" if wish.load_is_down else "up"
        yield f"load {direction}: {rate_words(wish.load_bits_per_second)} of others"
    if wish.nic_bits_per_second:
        payload = rate_words(card_payload(wish.nic_bits_per_second))
        yield f"near's card: {rate_words(wish.nic_bits_per_second)}, payload {payload} at most"
    if wish.window_bytes and (rtt := sum(plan[0].rtt_seconds for plan in wish.plans)):
        payload = rate_words(window_payload(wish.window_bytes, rtt))
        yield f"near's window: {size_words(wish.window_bytes)}, about {payload} a connection down"
    if wish.processor_share is not None:
        yield f"near's processor: {wish.processor_share * 100:g}% of one"


def _payload(wish: Wish) -> str:
    times = sorted({state.since_seconds for plan in wish.plans for state in plan})
    return ", ".join(_payload_at(wish, time) for time in times)


def _payload_at(wish: Wish, time: float) -> str:
    states = [[s for s in plan if s.since_seconds <= time][-1] for plan in wish.plans]
    card = card_payload(wish.nic_bits_per_second) if wish.nic_bits_per_second else float("inf")
    alone = min(*(s.payload_bits_per_second for s in states), card)
    since = f"from {time:g}s " if time else ""
    if not (load := wish.load_bits_per_second):
        return f"{since}{rate_words(alone)}"
    beside = min(*(s.payload_beside(load) for s in states), card)
    down, up = (beside, alone) if wish.load_is_down else (alone, beside)
    if down == up:
        return f"{since}{rate_words(up)} down and up"
    return f"{since}{rate_words(down)} down and {rate_words(up)} up"
