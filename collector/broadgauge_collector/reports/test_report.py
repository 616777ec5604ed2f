"""Everything a test's page shows."""

from datetime import datetime, timedelta
from uuid import UUID

import pyarrow as pa

from broadgauge_wire import ThroughputResult

from ..capacity.targets import find_target
from ..errors import NotFound
from ..store import Stores
from ..store.questions import Measured
from ..store.rows import throughput_result
from .asked import Asked
from .district import District, Ways, read_district
from .judging import judge_links
from .model import TestReport
from .school_report import Standing


def test(stores: Stores, test_id: UUID, target_key: str, days: int, now: datetime) -> TestReport:
    """One throughput test, and whether it counts. NotFound for an unknown test or target."""
    asked = Asked(find_target(target_key), days, now)
    table = stores.results.find("throughput", test_id)
    result = throughput_result(table)
    if result is None:
        raise NotFound(f"There is no throughput test with the id {test_id}.")
    school_id, agent_id = _receipt(table)
    district = read_district(stores)
    measured = _measured(result, school_id)
    reflector = district.reflectors.get(result.reflector_id) if result.reflector_id else None
    return TestReport(
        result=result,
        started_at=measured.moment,
        school=district.school(school_id),
        agent=next((agent.name for agent in district.agents if agent.id == agent_id), ""),
        link=Ways(district).link_of(measured),
        reflector=reflector.name if reflector else None,
        target=asked.target,
        days=days,
        as_of=now,
        why_not=_why_not(stores, district, asked, measured, result),
        named=_named(district, result),
    )


def _named(district: District, result: ThroughputResult) -> dict[UUID, str]:
    agents = {part.agent_id for part in result.swarm_parts}
    schools = {part.school_id for part in result.swarm_parts}
    return {
        **{agent.id: agent.name for agent in district.agents if agent.id in agents},
        **{key: school.name for key, school in district.schools.items() if key in schools},
    }


def _why_not(
    stores: Stores, district: District, asked: Asked, test: Measured, result: ThroughputResult
) -> str | None:
    school = district.school(test.school_id)
    links = [link for link in district.links.values() if school.id in link.school_ids]
    judged = judge_links(stores, district, asked, links)
    standing = Standing(judged, asked.target, Ways(district))
    return standing.why_not([(test, result.direction)])[0]


def _receipt(table: pa.Table) -> tuple[UUID, UUID]:
    """School and agent that a stored row came from."""
    row = table.select(["school_id", "agent_id"]).to_pylist()[0]
    return UUID(row["school_id"]), UUID(row["agent_id"])


def _moment(result: ThroughputResult) -> datetime:
    """Its start by the collector's clock, as far as the agent knew that."""
    try:
        return result.started_at + timedelta(seconds=result.clock_offset_seconds or 0)
    except OverflowError:
        return result.started_at


def _measured(result: ThroughputResult, school_id: UUID) -> Measured:
    return Measured(
        moment=_moment(result),
        school_id=school_id,
        segment=result.segment,
        reflector_id=result.reflector_id,
        path_kind=result.path_kind,
        trigger=result.trigger,
        failed=result.error is not None,
        line=result.line_bits_per_second,
        ceiling=result.ceiling_bits_per_second,
        bound=result.bound,
        simulated=result.simulated,
        method=result.method,
        client=result.client,
        public_server=result.public_server,
        is_part=result.swarm_id not in (None, result.id),
    )
