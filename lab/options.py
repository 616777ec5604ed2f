"""What the command line says of a link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from . import units
from .path import MTU_BYTES, State


@dataclass(frozen=True)
class Wish:
    """The link that was asked for: its hops' plans, the load on it, and the near host's limits."""

    plans: tuple[tuple[State, ...], ...]
    load_bits_per_second: float | None
    load_is_down: bool
    nic_bits_per_second: float | None
    window_bytes: float | None
    processor_share: float | None
    tcp: str


LEAST_BYTES = 2 * MTU_BYTES
LEAST_PROCESSOR_SHARE = 0.01


class _Unit(click.ParamType[Any]):
    """A number with a unit."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _hop(text: str) -> State:
    rate, *further = text.split(":")
    rtt, loss, *rest = (*further, *("0s", "0%")[len(further) :])
    if rest:
        raise ValueError(f"{text!r} is not RATE[:RTT[:LOSS]], such as 100mbit:20ms:0.1%")
    return State(units.rate(rate), units.seconds(rtt), units.share(loss))


def _step(text: str) -> tuple[float, float]:
    time, colon, rate = text.partition(":")
    if not colon:
        raise ValueError(f"{text!r} is not TIME:RATE, such as 5s:20mbit")
    return units.seconds(time), units.rate(rate)


RATE, TIME = _Unit("rate", units.rate), _Unit("time", units.seconds)
SHARE, SIZE = _Unit("share", units.share), _Unit("size", units.size)
HOP, STEP = _Unit("rate[:rtt[:loss]]", _hop), _Unit("time:rate", _step)

OPTIONS = (
    click.option("--rate", type=RATE, help="What passes in each direction, such as 100mbit."),
    click.option("--rtt", type=TIME, help="Round trip of the empty link, such as 20ms."),
    click.option("--loss", type=SHARE, help="Share of packets lost, in each direction: 0.1%."),
    click.option("--queue", type=SIZE, help="What may wait: 64kb. Default: the rate's, for a rtt."),
    click.option("--burst", type=SIZE, help="What a token bucket saves up, to pass at --peak."),
    click.option("--peak", type=RATE, help="Default: a burst passes at once."),
    click.option("--step", type=STEP, multiple=True, help="A new rate from then on. Repeatable."),
    click.option("--hop", type=HOP, multiple=True, help="Hops from near to far, without --rate."),
    click.option("--load", type=RATE, help="Datagrams between a sibling of near and far."),
    click.option(
        "--load-direction", type=click.Choice(["up", "down"]), default="down",
        show_default=True, help="down is towards near's side.",
    ),
    click.option("--nic", type=RATE, help="Speed of near's network card."),
    click.option("--window", type=SIZE, help="Receive window of near's connections."),
    click.option("--cpu", type=SHARE, help="Share of one processor for COMMAND."),
    click.option("--tcp", default="cubic", show_default=True, help="Congestion control."),
)  # fmt: skip


def link_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; `wish` makes one thing of them."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def wish(said: Mapping[str, Any]) -> Wish:
    """What was asked for. click.UsageError for what doesn't go together, or lets nothing pass."""
    for name in ("queue", "window"):
        if said[name] is not None and said[name] < LEAST_BYTES:
            raise click.UsageError(f"--{name} is less than two packets: nothing would pass")
    if said["cpu"] is not None and said["cpu"] < LEAST_PROCESSOR_SHARE:
        raise click.UsageError("--cpu is less than 1%: the kernel can't share so finely")
    return Wish(
        plans=tuple((hop,) for hop in _hops(said)) if said["hop"] else (_plan(said),),
        load_bits_per_second=said["load"],
        load_is_down=said["load_direction"] == "down",
        nic_bits_per_second=said["nic"],
        window_bytes=said["window"],
        processor_share=said["cpu"],
        tcp=said["tcp"],
    )


def _hops(said: Mapping[str, Any]) -> tuple[State, ...]:
    beside = ("rate", "rtt", "loss", "queue", "burst", "peak", "step")
    if given := [name for name in beside if said[name]]:
        raise click.UsageError(f"--hop says what --{given[0]} says of a link of one hop: use one")
    return tuple(said["hop"])


def _plan(said: Mapping[str, Any]) -> tuple[State, ...]:
    if said["rate"] is None:
        raise click.UsageError("say --rate, or --hop for each hop of a longer path")
    if said["peak"] and not said["burst"]:
        raise click.UsageError("--peak is the rate of a --burst: say its size")
    first = State(
        said["rate"],
        rtt_seconds=said["rtt"] or 0.0,
        loss_ratio=said["loss"] or 0.0,
        queue_bytes=said["queue"],
        burst_bytes=said["burst"] or 0.0,
        peak_bits_per_second=said["peak"] or 0.0,
    )
    later = [
        replace(first, rate_bits_per_second=rate, since_seconds=since)
        for since, rate in sorted(said["step"])
    ]
    return (first, *later)
