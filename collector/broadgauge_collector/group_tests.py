"""Group tests from call to sum: whom to tell what, and what is due when.

All that counts is in the control database, so any collector goes on with what another began.
"""

import asyncio
import random
import time
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from msgspec import Raw

from broadgauge_wire import Batch, Direction, GroupAnswer, GroupAsk, ThroughputResult, encode

from .errors import CollectorError, Conflict
from .plan.group_book import (
    CALL_AHEAD,
    answer_to,
    call_group,
    call_members,
    fail,
    finish,
    note_asker,
    settle,
)
from .plan.group_model import Begun, GroupTest, Wish
from .plan.group_records import (
    askers,
    begun,
    get_group,
    is_called,
    last_called,
    open_groups,
    wish_of,
)
from .plan.group_sum import INTERVAL_SECONDS, GroupSum, Part, sum_up
from .plan.groups import GROUP_SECONDS, choose, groups_of
from .reports.groups import Able, able, caps, is_of_use, lines_for_groups, parts
from .schools.model import Agent
from .services import Services
from .version import VERSION

LOOK_SECONDS = 2.0
"""How often it is looked at what is due: an index of what is open is read."""

KNOWN_SECONDS = 1.0
"""For so long it is taken as known who is called."""

ASKS_A_SECOND = 50.0
LEAST_ASK_SECONDS, MOST_ASK_SECONDS = 15.0, 60.0
"""How often agents ask whether they are called: all of them together no more than so often, but
each once a minute, so that a group test begins within two."""

PARTS_WITHIN = timedelta(minutes=15)
"""Of the end: parts that come later are kept as results, and are in no sum."""

PLAN_LOOK_SECONDS = 600.0
PLAN_CHANCE = 1 / 18
"""At each look in closed hours: once in three hours on average, at no moment that can be told."""

PLAN_EVERY = timedelta(hours=20)
"""On one line: a day has one vote, whatever many tests there are."""

DIRECTION: Direction = "download"
"""Of what the plan starts: verdicts are about it."""

log = structlog.get_logger()


class GroupTests:
    """For one event loop."""

    def __init__(self, services: Services, chance: random.Random | None = None) -> None:
        self._services = services
        self._chance = chance or random.Random()  # noqa: S311 - nobody gains by guessing it
        self._called: frozenset[UUID] = frozenset()
        self._called_known_at = float("-inf")
        self._askers: dict[UUID, str] | None = None

    async def start(
        self,
        line: str,
        direction: Direction,
        server: str | None,
        wanted_at: datetime | None,
        *,
        in_school_hours: bool,
    ) -> GroupTest:
        """Start one by hand, now or at a time to come. What is wrong with that is said at once."""
        now = self._services.now()
        found = await self._services.read(able, line, direction, server, now)
        return await self._start(found, direction, wanted_at or now, "hand", in_school_hours)

    async def answer(self, agent: Agent, said: GroupAsk) -> GroupAnswer:
        """What an agent that asks is told. Most are told that there is nothing, and no database is
        asked for that."""
        await self._note(agent)
        idle = self._ask_again_seconds()
        if agent.id not in await self._is_called():
            return GroupAnswer(ask_again_seconds=idle)
        services = self._services
        return await services.write_notes(
            lambda c: answer_to(c, agent, said, services.now(), idle_seconds=idle)
        )

    async def live(self) -> None:
        """Do what is due, for ever."""
        planned_at = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
                if time.monotonic() - planned_at >= PLAN_LOOK_SECONDS:
                    planned_at = time.monotonic()
                    await self._plan()
            except CollectorError as error:  # a full disk, perhaps: it is tried again
                log.warning("group_tests_put_off", why=str(error))
            except Exception:
                log.exception("group_tests_put_off")

    async def _start(
        self, found: Able, direction: Direction, at: datetime, by: str, in_school_hours: bool
    ) -> GroupTest:
        services = self._services
        wish = Wish(
            link=found.link,
            reflector=found.reflector,
            direction=direction,
            called_by="plan" if by == "plan" else "hand",
            wanted_at=at,
            in_school_hours=in_school_hours,
            wanted=found.wanted,
        )
        chosen = choose(found.candidates, found.wanted)
        group_id = await services.write(call_group, wish, chosen, services.now())
        self._called_known_at = float("-inf")
        log.info("group_called", group_id=str(group_id), agents=len(chosen), by=by)
        return await services.look_up(get_group, group_id)

    async def _note(self, agent: Agent) -> None:
        if self._askers is None:
            self._askers = await self._services.look_up(askers)
        if self._askers.get(agent.id) != agent.version:
            await self._services.write_notes(note_asker, agent)
            self._askers[agent.id] = agent.version

    async def _is_called(self) -> frozenset[UUID]:
        if time.monotonic() - self._called_known_at > KNOWN_SECONDS:
            self._called_known_at = time.monotonic()
            self._called = await self._services.look_up(is_called)
        return self._called

    def _ask_again_seconds(self) -> float:
        seconds = len(self._askers or ()) / ASKS_A_SECOND
        spread = self._chance.uniform(0.9, 1.0)
        return spread * min(MOST_ASK_SECONDS, max(LEAST_ASK_SECONDS, seconds))

    async def _look(self) -> None:
        services = self._services
        now = services.now()
        for group_id, state, wanted_at, ends_at, has_members in await services.look_up(open_groups):
            if state == "called" and has_members:
                await services.write_notes(settle, group_id, now)
            elif state == "called" and wanted_at - CALL_AHEAD <= now:
                await self._call(group_id)
            elif state == "running" and ends_at is not None and ends_at < now:
                await self._assemble(group_id, now)

    async def _call(self, group_id: UUID) -> None:
        """Choose the agents of one whose time has come."""
        services = self._services
        wish = await services.look_up(wish_of, group_id)
        try:
            found = await services.read(
                able, str(wish.link.id), wish.direction, str(wish.reflector.id), services.now()
            )
            chosen = choose(found.candidates, wish.wanted)
            await services.write(call_members, group_id, chosen, wish.wanted_at)
        except CollectorError as error:
            await services.write(fail, group_id, error.detail)
        self._called_known_at = float("-inf")

    async def _assemble(self, group_id: UUID, now: datetime) -> None:
        """Sum up, once all parts are there or are waited for no longer."""
        services = self._services
        group = await services.look_up(begun, group_id)
        found = await services.read(parts, group)
        is_whole = all(part.result or part.said_no for part in found)
        if not is_whole and now < group.ends_at + PARTS_WITHIN:
            return
        summed = sum_up(found, await services.read(caps, group))
        if isinstance(summed, str):
            await services.write(fail, group_id, summed)
            log.info("group_failed", group_id=str(group_id), why=summed)
            return
        await self._keep(group, found, summed)
        await services.write(finish, group_id, summed.line, summed.bound)
        log.info("group_done", group_id=str(group_id), bound=summed.bound)

    async def _keep(self, group: Begun, found: tuple[Part, ...], summed: GroupSum) -> None:
        """Its sum as a result like all others. The id is the group's, and so is the batch's epoch:
        a collector that was killed in between stores it no second time."""
        schools = [part.school_id for part in found]
        school_id = max(sorted(set(schools), key=str), key=schools.count)
        batch = Batch(
            agent_id=groups_of(school_id),
            epoch=group.id,
            lane="live",
            sequence=1,
            sent_at=group.ends_at,
            results=(Raw(encode(result_of(group, found, summed))),),
        )
        try:
            await self._services.ingest.keep(batch, school_id, self._services.now())
        except Conflict:
            log.info("group_kept_before", group_id=str(group.id))

    async def _plan(self) -> None:
        """In closed hours, on lines that no single machine can fill."""
        services = self._services
        for link in await services.read(lines_for_groups, services.now()):
            now = services.now()
            last = await services.look_up(last_called, link.id)
            if (last and now - last < PLAN_EVERY) or self._chance.random() > PLAN_CHANCE:
                continue
            try:
                found = await services.read(able, str(link.id), DIRECTION, None, now)
                if is_of_use(found):
                    await self._start(found, DIRECTION, now, "plan", in_school_hours=False)
            except CollectorError as error:  # school hours, a blackout, agents that are off
                log.debug("no_group_planned", line=str(link.id), why=error.detail)


def result_of(group: Begun, found: tuple[Part, ...], summed: GroupSum) -> ThroughputResult:
    """The sum, as a test of its line."""
    ways = {part.result.path_kind for part in found if part.result and not part.result.error}
    server = next(part.result.server for part in found if part.result and not part.result.error)
    other = sorted(way or "" for way in ways if way != "network")
    return ThroughputResult(
        id=group.id,
        started_at=group.begins_at,
        duration_seconds=GROUP_SECONDS,
        clock_offset_seconds=0.0,  # it began by the collector's own clock
        segment=group.reflector.segment,
        path_kind=next((way for way in ways if way != "network"), None) if other else "network",
        trigger="swarm",
        swarm_id=group.id,
        agent_version=VERSION,
        direction=group.direction,
        method="ndt7",
        server=server,
        reflector_id=group.reflector.id,
        streams=summed.streams,
        throughput_bits_per_second=summed.payload,
        line_bits_per_second=max(summed.line, summed.payload),
        payload_ratio=min(1.0, summed.payload / summed.line) if summed.line else None,
        ceiling_bits_per_second=summed.ceiling,
        bound=summed.bound,
        limited_by=summed.limited_by,
        stop_reason="deadline",
        rates_bits_per_second=summed.rates,
        rate_interval_seconds=INTERVAL_SECONDS,
        measured_from_seconds=summed.from_seconds,
        measured_to_seconds=summed.to_seconds,
        swarm_parts=summed.parts,
        swarm_stages=summed.stages,
    )
