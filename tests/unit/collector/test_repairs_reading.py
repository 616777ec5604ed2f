"""Repairs and the days on which they would be known, from what sources say."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection

from broadgauge_collector.fleet.device_rows import Devices
from broadgauge_collector.fleet.merging import Precedence
from broadgauge_collector.fleet.repairs import reasons
from broadgauge_collector.fleet.repairs.feeds import (
    Declarations,
    FeedDeclared,
    Told,
    days_of,
    declare_feed,
    feeds,
)
from broadgauge_collector.fleet.repairs.model import (
    CATEGORIES,
    NO,
    OUTSIDE,
)
from broadgauge_wire import new_id
from tests.unit.collector.fleet_days import (
    BOUGHT,
    LOG_BEGAN,
    NOW,
    SCHOOL,
    TODAY,
    lincoln,
    note_import,
    put_device,
    put_school,
    put_ticket,
    read,
)

__all__ = ("lincoln",)

DAY = date(2025, 3, 3)
ONE_DAY = timedelta(days=1)


def as_days(*days: date | None) -> list[Any]:
    return list(days)


def test_nothing_at_all_is_no_trouble(c: Connection) -> None:
    data = read(c)
    assert (data.tickets, data.schools, data.fleet.ids, data.repairs.key) == (0, (), (), ())


def test_a_repair_stands_with_its_device_day_and_figures(lincoln: Connection) -> None:
    put_ticket(
        lincoln, "1", "A", DAY, closed_on=DAY + timedelta(days=4), issue="Cracked screen",
        cost_cents=8050, under_warranty=False,
    )  # fmt: skip
    data = read(lincoln)
    repairs, fleet = data.repairs, data.fleet
    (device,) = repairs.device
    assert (fleet.models[fleet.model[device]], fleet.kinds[fleet.kind[device]]) == (
        "HP 11",
        "chromebook",
    )
    assert data.schools[fleet.school[device]].school == SCHOOL
    assert (repairs.source, repairs.key) == (("incident-iq",), ("1",))
    assert repairs.day.tolist() == as_days(DAY)
    assert repairs.in_rates.tolist() == [True]
    assert CATEGORIES[repairs.category[0]] == "accident"
    assert repairs.issues[repairs.issue[0]] == "Cracked screen"
    assert (repairs.cost_cents.tolist(), repairs.downtime_days.tolist()) == ([8050.0], [4.0])
    assert np.isnan(repairs.parts_cents[0])
    assert np.isnan(repairs.other_cents[0])
    assert repairs.under_warranty.tolist() == [NO]


def test_devices_are_watched_from_the_day_after_the_logs_first_ticket_to_today(
    lincoln: Connection,
) -> None:
    fleet = read(lincoln).fleet
    assert fleet.began.tolist() == as_days(BOUGHT)
    assert fleet.watched_from.tolist() == as_days(LOG_BEGAN + ONE_DAY)
    assert fleet.watched_until.tolist() == as_days(TODAY + ONE_DAY)
    assert fleet.watched_days.tolist() == [(TODAY - LOG_BEGAN).days]


def test_a_repair_by_which_alone_the_log_is_known_isnt_counted_in_rates(c: Connection) -> None:
    put_school(c)
    put_device(c, "A")
    put_ticket(c, "1", "A", DAY)
    put_ticket(c, "2", "A", DAY + ONE_DAY)
    data = read(c)
    assert data.repairs.in_rates.tolist() == [False, True]
    assert data.outside_rates == {"before_feed": 1}


def test_a_log_that_is_found_by_its_first_ticket_gives_the_true_rate() -> None:
    rng = np.random.default_rng(1)
    schools, days, rate = 2000, 1000, 0.005
    opened = [np.flatnonzero(rng.random(days) < rate) for _ in range(schools)]
    told = Told(
        school=np.repeat(np.arange(schools), [len(each) for each in opened]).astype(np.int32),
        day=np.concatenate(opened).astype("datetime64[D]"),
        source=np.zeros(sum(map(len, opened)), np.int32),
        sources=("tickets",),
    )
    named = [(n, new_id(), str(n)) for n in range(schools)]
    found = feeds(named, np.arange(schools, dtype=np.int32), told, Declarations(), {})
    has, since, _ = days_of(found, TODAY)
    begin = since.astype(np.int64)
    counted = sum(int((at >= begin[n]).sum()) for n, at in enumerate(opened) if has[n])
    watched = int((days - begin[has]).sum())
    assert counted / watched == pytest.approx(rate, rel=0.03)
    assert (counted + has.sum()) / (watched + has.sum()) > 1.15 * rate, "with the first ticket"


def test_a_school_without_a_feed_has_no_rate_and_is_listed(lincoln: Connection) -> None:
    put_school(lincoln, "Adams Middle")
    put_device(lincoln, "B", "Adams Middle")
    data = read(lincoln)
    assert [(f.school, f.has_feed, f.since, f.devices) for f in data.schools] == [
        ("Adams Middle", False, None, 1),
        (SCHOOL, True, LOG_BEGAN + ONE_DAY, 1),
    ]
    assert data.devices_left_out == {"no_feed": 1}
    assert int(data.fleet.watched_days[~data.fleet.in_rates].sum()) == 0


def test_a_feed_that_is_declared_holds_whatever_tickets_say(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "A", date(2024, 9, 1))
    assert read(lincoln).schools[0].since == date(2024, 9, 2)
    declare_feed(lincoln, FeedDeclared(school=SCHOOL, has_feed=True, since=LOG_BEGAN), TODAY)
    (feed,) = read(lincoln).schools
    assert (feed.declared, feed.since, feed.tickets) == (True, LOG_BEGAN, 2)
    assert read(lincoln).outside_rates == {"before_feed": 1}
    declare_feed(lincoln, FeedDeclared(school=SCHOOL, has_feed=False), TODAY)
    assert read(lincoln).devices_left_out == {"no_feed": 1}
    declare_feed(lincoln, FeedDeclared(school=SCHOOL), TODAY)
    assert read(lincoln).schools[0].declared is False


def test_a_school_of_which_nothing_broke_has_a_rate_once_its_feed_is_declared(
    c: Connection,
) -> None:
    put_school(c)
    put_device(c, "A")
    declare_feed(c, FeedDeclared(school=SCHOOL, has_feed=True, since=LOG_BEGAN), TODAY)
    data = read(c)
    assert data.fleet.watched_days.tolist() == [(TODAY - LOG_BEGAN).days + 1]
    assert len(data.repairs.key) == 0


def test_after_the_last_file_nobody_knows_of_repairs(lincoln: Connection) -> None:
    last = date(2025, 6, 30)
    note_import(lincoln, last)
    note_import(lincoln, TODAY, state="undone")
    note_import(lincoln, TODAY, format_="incident-iq-assets")
    data = read(lincoln)
    assert data.schools[0].through == last
    assert data.fleet.watched_until.tolist() == as_days(last + ONE_DAY)
    assert data.fleet.ended.tolist() == as_days(TODAY + ONE_DAY)
    put_ticket(lincoln, "1", "A", last)
    put_ticket(lincoln, "2", "A", last + ONE_DAY, source="by hand")
    data = read(lincoln)
    assert data.repairs.in_rates.tolist() == [True, False]
    assert data.outside_rates == {"after_feed": 1}


BEGINNINGS: list[tuple[dict[str, Any], date | None]] = [
    ({"enrolled_on": DAY, "purchased_on": BOUGHT, "manufactured_on": date(2024, 1, 1)}, DAY),
    ({"enrolled_on": date(2026, 8, 1), "purchased_on": BOUGHT}, BOUGHT),
    ({"purchased_on": BOUGHT, "manufactured_on": date(2024, 1, 1)}, BOUGHT),
    ({"manufactured_on": date(2024, 1, 1)}, date(2024, 1, 1)),
    ({"purchased_on": None, "state": "in_service", "state_since": DAY}, DAY),
    ({"purchased_on": None}, None),
]


@pytest.mark.parametrize(("facts", "began"), BEGINNINGS)
def test_a_device_begins_when_it_was_enrolled_else_bought_else_made(
    lincoln: Connection, facts: dict[str, Any], began: date | None
) -> None:
    put_device(lincoln, "A", **facts)
    data = read(lincoln)
    assert data.fleet.began.tolist() == as_days(began)
    assert data.devices_left_out == ({} if began else {"no_beginning": 1})


@pytest.mark.parametrize("state", ["retired", "lost", "stolen", "storage", "loaner"])
def test_a_device_ends_with_the_day_on_which_it_left_service(
    lincoln: Connection, state: str
) -> None:
    put_device(lincoln, "A", state=state, state_since=date(2025, 9, 1))
    put_ticket(lincoln, "1", "A", date(2025, 9, 1))
    put_ticket(lincoln, "2", "A", date(2025, 9, 2))
    data = read(lincoln)
    assert (data.fleet.ended.tolist(), data.fleet.gone.tolist()) == (
        as_days(date(2025, 9, 2)),
        [True],
    )
    assert data.repairs.in_rates.tolist() == [True, False]
    assert data.outside_rates == {"out_of_service": 1}


def test_a_device_that_is_repaired_now_is_in_service(lincoln: Connection) -> None:
    put_device(lincoln, "A", state="in_repair", state_since=date(2025, 9, 1))
    assert read(lincoln).fleet.gone.tolist() == [False]


def test_a_retired_device_ends_when_it_was_last_heard_of_if_nobody_says_since_when(
    lincoln: Connection,
) -> None:
    heard = NOW - timedelta(days=100)
    put_device(lincoln, "A", state="retired", last_seen_at=heard)
    assert read(lincoln).fleet.ended.tolist() == as_days(heard.date() + ONE_DAY)
    put_device(lincoln, "A", state="loaner", last_seen_at=heard)
    assert read(lincoln).devices_left_out == {"no_end": 1}
    put_device(lincoln, "A", state="retired")
    assert read(lincoln).devices_left_out == {"no_end": 1}


def test_a_device_that_vanished_ends_on_that_day(lincoln: Connection) -> None:
    gone = NOW - timedelta(days=30)
    Devices(lincoln, "google", Precedence()).vanish(["A"], gone)
    fleet = read(lincoln).fleet
    assert (fleet.ended.tolist(), fleet.gone.tolist()) == (as_days(gone.date() + ONE_DAY), [True])


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"byod": True}, "byod"),
        ({"place": None}, "no_school"),
        ({"state": "retired", "state_since": date(2024, 7, 1)}, "ended_before_bought"),
        ({"enrolled_on": TODAY + ONE_DAY}, "begins_in_future"),
    ],
)
def test_a_device_that_no_rate_can_hold_is_counted_with_its_reason(
    lincoln: Connection, facts: dict[str, Any], reason: str
) -> None:
    put_device(lincoln, "B", **facts)
    put_ticket(lincoln, "1", "B", DAY, cost_cents=100)
    data = read(lincoln)
    assert data.devices_left_out == {reason: 1}
    if reason == "begins_in_future":
        assert data.left_out == {"other_category": 1, "before_bought": 1}
    else:
        assert data.outside_rates == {"device_left_out": 1}
        assert data.repairs.cost_cents.tolist() == [100.0]


@pytest.mark.parametrize(
    ("opened", "said", "reason"),
    [
        (None, {}, "no_day"),
        (TODAY + ONE_DAY, {}, "in_future"),
        (BOUGHT - ONE_DAY, {}, "before_bought"),
        (DAY, {"category": "maintenance"}, "other_category"),
        (DAY, {"category": None}, "no_category"),
        (DAY, {"category": None, "kind": "Upgrade"}, "other_kind"),
        (DAY, {"status": "Cancelled"}, "cancelled"),
    ],
)
def test_a_ticket_that_is_no_repair_is_counted_with_its_reason(
    c: Connection, opened: date | None, said: dict[str, Any], reason: str
) -> None:
    put_school(c)
    put_device(c, "A")
    put_ticket(c, "1", "A", opened, **said)
    data = read(c)
    assert data.left_out == {reason: 1}
    impossible = reason in {"no_day", "in_future", "before_bought"}
    assert data.schools[0].has_feed is not impossible, "a wrong day begins no log"


def test_a_repair_of_an_unknown_device_is_told_and_in_no_rate(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "unheard of", DAY, cost_cents=500)
    data = read(lincoln)
    assert (data.repairs.device.tolist(), data.repairs.in_rates.tolist()) == ([-1], [False])
    assert data.outside_rates == {"no_device": 1}


def test_a_repair_before_service_is_in_no_rate(lincoln: Connection) -> None:
    put_device(lincoln, "A", purchased_on=BOUGHT, enrolled_on=date(2025, 4, 1))
    put_ticket(lincoln, "1", "A", DAY)
    assert read(lincoln).outside_rates == {"before_service": 1}


def test_losses_stand_apart_from_repairs(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "A", DAY, category="loss")
    put_ticket(lincoln, "2", "A", DAY, category="theft", cost_cents=30000)
    data = read(lincoln)
    assert data.repairs.key == ()
    assert data.losses.key == ("1", "2")
    assert data.losses.in_rates.tolist() == [True, True]


def test_every_reason_has_a_sentence() -> None:
    assert set(reasons.OUTSIDE) == set(OUTSIDE)
