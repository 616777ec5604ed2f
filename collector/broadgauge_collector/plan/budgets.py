"""How many bytes tests may cost a school and an agent, a day and a month.

What a test may cost at most is set aside before it, and what it didn't use is given back after it.
A test whose end is never told of, because its agent or this server went away, counts whole.

Functions take a connection inside a write transaction.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Column, Connection, Table, delete, insert, select, update

from broadgauge_wire.settings import PROBE_SETTINGS

from ..schools.agent_settings import configuration_for
from ..store.tables import agent_spending, school_spending

DAY_KEY = "probes.throughput.max_bytes_per_day"
MONTH_KEY = "probes.throughput.max_bytes_per_month"
SCHOOL_DAY_KEY = "probes.throughput.school_max_bytes_per_day"
SCHOOL_MONTH_KEY = "probes.throughput.school_max_bytes_per_month"

KEPT = timedelta(days=400)
"""Of what was spent: a year, and the month that it is compared with."""

UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class Account(Struct, frozen=True, kw_only=True):
    """What one school or one agent may spend in one day or month, and has spent."""

    table: Table
    owner: Column[UUID]
    owner_id: UUID
    period: str
    """The day (2026-03-02) or month (2026-03), by the school's local time."""

    whose: str
    limit_bytes: float
    ends_at: datetime
    spent_bytes: int = 0

    @property
    def left_bytes(self) -> int:
        """What may still be set aside."""
        return max(0, int(self.limit_bytes) - self.spent_bytes)

    def words(self, bytes_expected: int) -> str:
        """Why a test doesn't fit, in words."""
        expected = f", and this one may cost {size(bytes_expected)}" if bytes_expected else ""
        return (
            f"Tests may cost {self.whose} {size(self.limit_bytes)}: {size(self.spent_bytes)} are "
            f"spent or set aside{expected}."
        )


def accounts(
    c: Connection, *, school_id: UUID, agent_id: UUID, timezone: str, at: datetime
) -> tuple[Account, ...]:
    """The four that a test at an instant is charged to."""
    day = at.astimezone(ZoneInfo(timezone)).date()
    return tuple(_with_spending(c, a) for a in _accounts(c, school_id, agent_id, day, timezone))


def charge(c: Connection, charged: tuple[Account, ...], num_bytes: int) -> None:
    """Set so many bytes aside in each."""
    for account in charged:
        _add(c, account.table, account.owner, account.owner_id, account.period, num_bytes)


def give_back(c: Connection, *, school_id: UUID, agent_id: UUID, day: date, num_bytes: int) -> None:
    """Of what was set aside on a local day, what wasn't used; what was used beyond it, if less
    than nothing."""
    for table, owner, owner_id in _owners(school_id, agent_id):
        for period in _periods(day):
            _add(c, table, owner, owner_id, period, -num_bytes)


def forget_old(c: Connection, now: datetime) -> None:
    """What was spent so long ago that nobody compares with it."""
    before = (now - KEPT).date().isoformat()
    for table in (school_spending, agent_spending):
        c.execute(delete(table).where(table.c.period < before))


def size(num_bytes: float) -> str:
    """Bytes for people."""
    for unit_bytes, unit in UNITS:
        if num_bytes >= unit_bytes:
            return f"{num_bytes / unit_bytes:.3g} {unit}"
    return f"{num_bytes:.0f} bytes"


def _accounts(
    c: Connection, school_id: UUID, agent_id: UUID, day: date, timezone: str
) -> Iterator[Account]:
    limits = configuration_for(c, school_id)
    keys = {
        school_id: ("this school", SCHOOL_DAY_KEY, SCHOOL_MONTH_KEY),
        agent_id: ("this machine", DAY_KEY, MONTH_KEY),
    }
    ends = (day + timedelta(days=1), (day.replace(day=1) + timedelta(days=32)).replace(day=1))
    for table, owner, owner_id in _owners(school_id, agent_id):
        whose, *both = keys[owner_id]
        for key, period, end, unit in zip(both, _periods(day), ends, ("day", "month"), strict=True):
            yield Account(
                table=table,
                owner=owner,
                owner_id=owner_id,
                period=period,
                whose=f"{whose} a {unit}",
                limit_bytes=float(limits.get(key, PROBE_SETTINGS[key].default)),
                ends_at=datetime.combine(end, time(), ZoneInfo(timezone)),
            )


def _with_spending(c: Connection, account: Account) -> Account:
    table = account.table
    same = (account.owner == account.owner_id) & (table.c.period == account.period)
    spent = c.execute(select(table.c.bytes).where(same)).scalar_one_or_none()
    return replace(account, spent_bytes=spent or 0)


def _owners(school_id: UUID, agent_id: UUID) -> tuple[tuple[Table, Column[UUID], UUID], ...]:
    return (
        (school_spending, school_spending.c.school_id, school_id),
        (agent_spending, agent_spending.c.agent_id, agent_id),
    )


def _periods(day: date) -> tuple[str, str]:
    return day.isoformat(), f"{day:%Y-%m}"


def _add(
    c: Connection, table: Table, owner: Column[UUID], owner_id: UUID, period: str, num_bytes: int
) -> None:
    same = (owner == owner_id) & (table.c.period == period)
    if not c.execute(update(table).where(same).values(bytes=table.c.bytes + num_bytes)).rowcount:
        row = {owner.name: owner_id, "period": period, "bytes": num_bytes}
        c.execute(insert(table).values(row))
