"""Lines: what each was bought for, delivers and costs, and how they hang together."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from ..capacity.daypart import local_day
from ..capacity.model import Target, Verdict
from ..capacity.targets import find_target
from ..errors import NotFound
from ..schools.line_tree import LineTree, grow
from ..schools.model import Link, School
from ..store import Stores
from .asked import Asked
from .district import District, read_district
from .judging import judge_links
from .model import LinkVerdict
from .summary import by_school, worst

SOON = timedelta(days=365)
"""A contract that ends within that is one to see to: a new one takes months to get."""

Contract = Literal["unknown", "runs", "ends_soon", "ended"]


class LineFacts(Struct, frozen=True, kw_only=True):
    """A line with what its contract and its verdict say together.

    `judged` is None where the target is not about the line, or no school is behind it. Rates in
    bit/s; `spare` is what the line carries beyond its need, below zero where it falls short;
    `delivered` the share of the contracted rate that was measured, and `price_per_mbps` what each
    measured megabit costs a month. Where the capacity is a lower bound, so are the first two, and
    the price is an upper one.
    """

    link: Link
    upstream: Link | None
    schools: tuple[str, ...]
    students: int | None
    judged: LinkVerdict | None
    spare_bits_per_second: float | None
    delivered: float | None
    price_per_mbps: float | None
    contract: Contract
    contract_days: int | None

    @property
    def at_least(self) -> bool:
        """Whether what was measured is a lower bound."""
        capacity = self.judged.verdict.capacity if self.judged else None
        return capacity is not None and capacity.at_least


class LinesReport(Struct, frozen=True, kw_only=True):
    """Every line, by name, and the district as a tree. `deciding` has each school's worst line."""

    target: Target
    days: int
    as_of: datetime
    lines: tuple[LineFacts, ...]
    tree: LineTree
    deciding: Mapping[UUID, LinkVerdict]


class LineReport(Struct, frozen=True, kw_only=True):
    """One line, what hangs on it, and who is behind it."""

    target: Target
    days: int
    as_of: datetime
    facts: LineFacts
    below: tuple[Link, ...]
    schools: tuple[School, ...]


def lines(stores: Stores, target_key: str, days: int, now: datetime) -> LinesReport:
    """Every line. NotFound for an unknown target."""
    target = find_target(target_key)
    district = read_district(stores)
    links = list(district.links.values())
    judged = judge_links(stores, district, Asked(target, days, now), links)
    answers = {one.answer.link.id: one.answer for one in judged}
    decides = {school: worst(found) for school, found in by_school(judged).items()}
    return LinesReport(
        target=target,
        days=days,
        as_of=now,
        lines=tuple(facts(district, link, answers.get(link.id), now) for link in links),
        tree=grow(links, district.schools.values()),
        deciding={school: found for school, found in decides.items() if found is not None},
    )


def line(stores: Stores, link_id: UUID, target_key: str, days: int, now: datetime) -> LineReport:
    """One line. NotFound for one that isn't known, or an unknown target."""
    target = find_target(target_key)
    district = read_district(stores)
    link = district.links.get(link_id)
    if link is None:
        raise NotFound(f"There is no line with the id {link_id}.")
    judged = judge_links(stores, district, Asked(target, days, now), [link])
    return LineReport(
        target=target,
        days=days,
        as_of=now,
        facts=facts(district, link, judged[0].answer if judged else None, now),
        below=tuple(one for one in district.links.values() if one.upstream_id == link_id),
        schools=district.behind(link),
    )


def facts(district: District, link: Link, judged: LinkVerdict | None, now: datetime) -> LineFacts:
    """What a line's contract and its verdict say together."""
    schools = district.behind(link)
    today = local_day(now, schools[0].timezone) if schools else now.date()
    counted = [school.people_on(today) for school in schools]
    known = [people.students for people in counted if people is not None]
    verdict = judged.verdict if judged else None
    capacity = verdict.capacity if verdict else None
    carries = capacity.bits_per_second if capacity else None
    bought, price = link.contracted_bits_per_second, link.price_per_month
    return LineFacts(
        link=link,
        upstream=district.links.get(link.upstream_id) if link.upstream_id else None,
        schools=tuple(school.name for school in schools),
        students=sum(known) if known and len(known) == len(counted) else None,
        judged=judged,
        spare_bits_per_second=_spare(verdict),
        delivered=carries / bought if carries is not None and bought else None,
        price_per_mbps=price / (carries / 1e6) if carries and price is not None else None,
        contract=contract(link.contract_ends, today),
        contract_days=(link.contract_ends - today).days if link.contract_ends else None,
    )


def contract(ends: date | None, today: date) -> Contract:
    """How a contract stands that ends with a day."""
    if ends is None:
        return "unknown"
    if ends < today:
        return "ended"
    return "ends_soon" if ends - today <= SOON else "runs"


def _spare(verdict: Verdict | None) -> float | None:
    if verdict is None or verdict.capacity is None or verdict.need is None:
        return None
    return verdict.capacity.bits_per_second - verdict.need.bits_per_second
