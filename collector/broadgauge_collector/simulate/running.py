"""A simulation from its beginning to now, and on: spans of time, each sent whole before the next.

A span is noted before it is sent and after, so that one that was cut off goes again with the same
numbers and the same bytes, and is stored once.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Result

from ..cli.client import ServerClient
from ..cli.common import counted
from ..errors import CannotStart
from . import inventory
from .agents import SimulatedAgent, agents_in_all, agents_of
from .guard import refuse_another_simulation, refuse_real_data
from .measurements import ended_at, results_of
from .saved import Saved, Span, load, save
from .sending import Encoding, Progress, Sender
from .setting_up import set_up
from .world import World

SPAN = timedelta(days=10)
"""Of history: about a batch of each agent."""

SAVED_TIMES = 50
"""While it is set up; a nation's file is too large to be written for every district."""

LIVE_SECONDS = 15.0
LOOKED_AHEAD_DAYS = 14
Say = Callable[[str], None]


class Options(Struct, frozen=True, kw_only=True):
    """How a simulation is run. `results_per_second`: None for as fast as the collector takes."""

    file: Path
    beside_real_data: bool = False
    connections: int = 8
    results_per_second: float | None = None
    encoding: Encoding = "gzip"


class Simulation:
    """One world at one collector."""

    def __init__(self, client: ServerClient, saved: Saved, options: Options) -> None:
        self.saved = saved
        self.progress = Progress(options.results_per_second)
        self._client = client
        self._options = options
        self._sender = Sender(client=client, progress=self.progress, encoding=options.encoding)

    @property
    def world(self) -> World:
        return self.saved.world

    def set_up(self, say: Say) -> None:
        """Make schools, lines and agents that aren't there yet."""

        def keep(index: int) -> None:
            if index % each == 0 or index == self.world.districts - 1:
                self.save()
                schools = self.world.schools_before(index + 1)
                say(f"{schools:,} of {self.world.schools:,} schools are set up.")

        each = max(1, self.world.districts // SAVED_TIMES)

        self.save()  # first, or a run that is cut off would leave schools that nobody goes on with
        set_up(self._client, self.saved, keep)

    def bring_inventory(self, say: Say) -> None:
        """Bring the lists of devices and tickets in, once; not beside real ones, whose rates they
        would change, and whose roster would be gone."""
        is_there = self.saved.has_inventory or not inventory.has_inventory(self.world)
        if is_there or self._options.beside_real_data:
            return
        lists = inventory.bring(self._client, self.world)
        self.saved.has_inventory = True
        self.save()
        devices, tickets = counted(lists.devices, "device"), counted(lists.tickets, "ticket")
        say(f"{devices} and {tickets} are in the inventory.")

    def send_history(self, until: datetime, say: Say) -> None:
        """Send what was made before an instant, oldest first, and say how far it is."""
        self.progress.begin()
        if self.saved.sending is not None:
            self._send(self.saved.sending, self.agents())
        begin = self.saved.sent_until
        while self.saved.sent_until < until:
            since = self.saved.sent_until
            span = Span(since=since, until=min(since + SPAN, until), lane="backlog")
            self._begin(span)
            self._send(span, self.agents())
            say(self._how_far(begin, until))

    def go_live(self, say: Say, stop: threading.Event) -> None:
        """Send results as they are made, until told to stop."""
        due = self._due_list()
        say("Live from now on: results come as they would be made.")
        while not stop.wait(LIVE_SECONDS):
            span = Span(since=self.saved.sent_until, until=now(), lane="live")
            ready = []
            while due and due[0][0] < span.until:
                ready.append(heappop(due)[2])
            if not ready:
                continue
            self._begin(span)
            self._send(span, ready)
            for agent in ready:
                heappush(due, self._next_due(agent, span.until))

    def agents(self) -> Iterator[SimulatedAgent]:
        """Every agent."""
        for index in range(self.world.districts):
            yield from agents_of(self.world, self.world.district(index))

    def save(self) -> None:
        """Keep how far it is."""
        save(self._options.file, self.saved)

    def _begin(self, span: Span) -> None:
        self.saved.sending = span
        self.save()

    def _send(self, span: Span, agents: Iterable[SimulatedAgent]) -> None:
        took: dict[int, int] = {}

        def work(agent: SimulatedAgent) -> None:
            joined = self.saved.joined[agent.key]
            results = list(self.made(agent, span.since, span.until))
            took[agent.key] = self._sender.send(agent, joined, results, span.lane, span.until)

        in_threads(self._options.connections, iter(agents), work)
        for key, batches in took.items():
            sequences = self.saved.joined[key].sequences
            sequences[span.lane] = sequences.get(span.lane, 0) + batches
        self.saved.sending, self.saved.sent_until = None, span.until
        self.save()

    def made(self, agent: SimulatedAgent, since: datetime, until: datetime) -> Iterator[Result]:
        """What an agent made from an instant on and before another."""
        zone = ZoneInfo(agent.school.timezone)
        ends = self.saved.joined[agent.key].far_ends(agent)
        # A result belongs to the day it began on, and may end on the next.
        day = (since.astimezone(zone) - timedelta(hours=1)).date()
        while day <= until.astimezone(zone).date():
            for result in results_of(self.world, agent, day, ends):
                if since <= ended_at(result) < until:
                    yield result
            day += timedelta(days=1)

    def _due_list(self) -> list[tuple[datetime, int, SimulatedAgent]]:
        due = [self._next_due(agent, self.saved.sent_until) for agent in self.agents()]
        heapify(due)
        return due

    def _next_due(
        self, agent: SimulatedAgent, after: datetime
    ) -> tuple[datetime, int, SimulatedAgent]:
        """When an agent's next result is there; a laptop's may be weeks away, in summer."""
        for days in range(LOOKED_AHEAD_DAYS):
            since = after + timedelta(days=days)
            first = next(self.made(agent, since, since + timedelta(days=1)), None)
            if first is not None:
                return ended_at(first), agent.key, agent
        return after + timedelta(days=LOOKED_AHEAD_DAYS), agent.key, agent

    def _how_far(self, begin: datetime, until: datetime) -> str:
        share = (self.saved.sent_until - begin) / (until - begin)
        pace = self.progress.results / max(self.progress.seconds, 0.001)
        return (
            f"{self.saved.sent_until:%Y-%m-%d}  {share:4.0%}  {self.progress.results:,} results, "
            f"{pace:,.0f} a second"
        )


def prepare(client: ServerClient, world: World, options: Options, say: Say) -> Simulation:
    """A simulation that goes on where its file says it was, or a new one.

    CannotStart if the collector holds real data, or another simulation.
    """
    if not options.beside_real_data:
        refuse_real_data(client)
    saved = load(options.file)
    if saved is None:
        refuse_another_simulation(client, options.file)
        began = datetime.combine(world.since, datetime.min.time(), UTC)
        saved = Saved(world=world, sent_until=began)
    else:
        check_same(saved.world, world, options.file)
        say(f"Going on with the simulation in {options.file}.")
    made = Simulation(client, saved, options)
    say(in_words(saved.world))
    return made


def in_words(world: World) -> str:
    """How large a simulation is."""
    schools, districts = counted(world.schools, "school"), counted(world.districts, "district")
    agents = counted(agents_in_all(world), "agent")
    return f"{schools} in {districts}, {agents}, since {world.since}, seed {world.seed}"


def check_same(was: World, asked: World, file: Path) -> None:
    """CannotStart if the file is of another simulation than the one asked for."""
    if was == replace(asked, since=was.since, days=was.days):
        return
    raise CannotStart(
        f"{file} is of a simulation with seed {was.seed}, {was.schools:,} schools and "
        f"{was.agents_per_school} agents in each ({was.scale}). Ask for the same, or name another "
        "file with --state and start with an empty collector."
    )


def in_threads(
    threads: int, work: Iterator[SimulatedAgent], do: Callable[[SimulatedAgent], None]
) -> None:
    """Do it for each, some at a time. The first error ends it, and is raised."""
    lock, failed = threading.Lock(), threading.Event()

    def drain() -> None:
        while not failed.is_set():
            with lock:
                one = next(work, None)
            if one is None:
                return
            try:
                do(one)
            except BaseException:
                failed.set()
                raise

    with ThreadPoolExecutor(threads, thread_name_prefix="simulate") as pool:
        try:
            for done in [pool.submit(drain) for _ in range(threads)]:
                done.result()
        finally:
            failed.set()  # Ctrl-C, too: what was under way is noted, and goes again the next time


def now() -> datetime:
    """This machine's clock, UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
