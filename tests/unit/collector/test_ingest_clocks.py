"""When results began, by agents whose clocks are right, years off, or set right meanwhile."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from broadgauge_collector.ingest.clocks import Clock, clock_of, date_faults, is_well_placed, placed
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import SkippedResult, encode
from tests.collecting import NOW, an_agent, batch, skipped

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Y2099 = datetime(2099, 6, 1, tzinfo=UTC)


def sent_by(clock: datetime | None, *results: SkippedResult, **changes: Any) -> Incoming:
    """Results as the collector takes them from an agent whose clock says so, at NOW."""
    date = None if clock is None else format_datetime(clock, usegmt=True)
    agent = an_agent()
    body = encode(batch(agent, *results, **changes))
    return read(agent, body, None, NOW, date)


def began(result: Any) -> datetime:
    """When it began by the collector's clock, as judging has it."""
    at: datetime = result.started_at + timedelta(seconds=result.clock_offset_seconds or 0)
    return at


@pytest.mark.parametrize("clock", [EPOCH, Y2099], ids=["1970", "2099"])
def test_a_clock_that_is_decades_off_is_corrected_and_flagged(clock: datetime) -> None:
    made = skipped(started_at=clock - timedelta(hours=3))
    (kept,) = sent_by(clock, made, sent_at=clock).accepted
    assert began(kept) == NOW - timedelta(hours=3)
    assert kept.clock_corrected
    assert kept.started_at == made.started_at


@pytest.mark.parametrize("clock", [EPOCH, Y2099], ids=["1970", "2099"])
def test_without_a_date_the_moment_the_batch_was_numbered_tells_of_nonsense(
    clock: datetime,
) -> None:
    made = skipped(started_at=clock - timedelta(hours=3))
    incoming = sent_by(None, made, sent_at=clock)
    assert began(incoming.accepted[0]) == NOW - timedelta(hours=3)
    assert incoming.clock_offset_seconds == (NOW - clock).total_seconds()


def test_a_batch_that_waited_long_after_it_was_numbered_moves_nothing() -> None:
    made = skipped(started_at=NOW - 3 * DAY)
    incoming = sent_by(None, made, sent_at=NOW - 2 * DAY)
    assert incoming.accepted == (made,)
    assert incoming.clock_offset_seconds is None


def test_a_date_tells_of_a_clock_that_is_a_few_hours_off() -> None:
    made = skipped(started_at=NOW - timedelta(hours=7))
    incoming = sent_by(NOW - timedelta(hours=6), made)
    assert began(incoming.accepted[0]) == NOW - timedelta(hours=1)
    assert incoming.accepted[0].clock_corrected


def test_the_time_a_request_takes_is_no_wrong_clock() -> None:
    made = skipped(started_at=NOW - timedelta(hours=1))
    incoming = sent_by(NOW - timedelta(seconds=45), made)
    assert incoming.accepted == (made,)
    assert not incoming.accepted[0].clock_corrected


def test_what_the_agent_knew_of_its_clock_goes_before_what_the_collector_finds() -> None:
    made = skipped(started_at=NOW - 100 * DAY, clock_offset_seconds=99 * 86400.0)
    (kept,) = sent_by(EPOCH, made).accepted
    assert kept == made


def test_a_clock_that_broke_after_the_result_was_made_moves_nothing() -> None:
    made = skipped(started_at=NOW - timedelta(hours=2))
    (kept,) = sent_by(EPOCH, made).accepted
    assert kept == made


@pytest.mark.parametrize(
    ("at", "words"), [(EPOCH, "before 2020"), (Y2099, "a day ahead")], ids=["1970", "2099"]
)
def test_a_result_of_before_the_clock_was_set_right_is_kept_aside_with_the_reason(
    at: datetime, words: str
) -> None:
    before, after = skipped(started_at=at), skipped(started_at=NOW - timedelta(minutes=1))
    incoming = sent_by(NOW, before, after)
    assert incoming.accepted == (after,)
    (aside,) = incoming.refused
    assert words in aside.refusal.reason
    assert "can't be known" in aside.refusal.reason
    assert encode(before).startswith(aside.record)


@pytest.mark.parametrize("offset", [1e11, -1e11])
def test_an_offset_out_of_all_reason_is_left_out_and_the_result_kept(offset: float) -> None:
    made = skipped(clock_offset_seconds=offset)
    (kept,) = sent_by(NOW, made).accepted
    assert began(kept) == made.started_at
    assert kept.clock_corrected


def test_only_the_collector_says_that_it_corrected_a_time() -> None:
    for made in (
        skipped(clock_corrected=True, clock_offset_seconds=0.0),
        skipped(clock_corrected=True),
    ):
        (kept,) = sent_by(NOW, made).accepted
        assert not kept.clock_corrected
        assert kept.clock_offset_seconds == made.clock_offset_seconds


@pytest.mark.parametrize(
    "moment",
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
    ids=["the first", "the last"],
)
def test_the_ends_of_time_are_refused_or_placed_and_never_a_fault(moment: datetime) -> None:
    assert not sent_by(NOW, skipped(started_at=moment)).accepted
    (kept,) = sent_by(None, skipped(started_at=moment), sent_at=moment).accepted
    assert abs((kept.clock_offset_seconds or 0) - (NOW - moment).total_seconds()) < 1


@pytest.mark.parametrize("date", ["", "yesterday", "\x00", "Mon, 99 Foo 2026 00:00:00 GMT", "1"])
def test_a_date_that_is_none_is_as_if_it_was_not_sent(date: str) -> None:
    assert clock_of(NOW, date, NOW) == Clock(now=NOW)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=24)])
def test_a_clock_may_lead_by_a_day_before_it_is_doubted(ahead: timedelta) -> None:
    made = skipped(started_at=NOW + ahead)
    assert sent_by(NOW, made).accepted == (made,)


@pytest.mark.parametrize("offset", [None, 0.0, -5e4, 9e4, 1e11])
@pytest.mark.parametrize("senders", [None, 3e5, -3e5])
@pytest.mark.parametrize("days", [-30_000, -2200, -1, 0, 1, 2, 30_000])
def test_what_seems_well_placed_at_a_glance_is_left_as_it_is(
    offset: float | None, senders: float | None, days: int
) -> None:
    clock = Clock(now=NOW, offset_seconds=senders)
    made = skipped(started_at=NOW + days * DAY, clock_offset_seconds=offset)
    if is_well_placed(made, clock):
        assert placed(made, clock) == made
        assert not list(date_faults(made, NOW))
