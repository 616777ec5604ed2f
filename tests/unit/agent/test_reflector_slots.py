"""A test server keeps slots of one line apart, whatever any clock shows."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import jwt
import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from broadgauge_agent.reflector.access import Access
from broadgauge_agent.reflector.answers_to_tests import Grant, Occupied, Refusal
from broadgauge_agent.reflector.limits import Limits
from broadgauge_agent.reflector.slot_book import REMEMBERED_SECONDS, SlotBook, SlotGrant, Transfer
from broadgauge_wire import SlotPass, new_id

KEY = "bgr_" + "k" * 43
CIRCUIT, OTHER_CIRCUIT, INTERNET = new_id(), new_id(), new_id()
COLLECTOR_TIME = 1.9e9
"""Of another year than the test server's clock may show: nobody looks at that."""


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transfers() -> list[Transfer]:
    return []


@pytest.fixture
def book(clock: Clock, transfers: list[Transfer]) -> SlotBook:
    return SlotBook(clock, transfers.append)


def slot(
    begins: float = 0.0, *lines: UUID, seconds: float = 10.0, num_bytes: int = 10**9
) -> SlotPass:
    return SlotPass(
        id=new_id(),
        lines=lines or (CIRCUIT,),
        begins=COLLECTOR_TIME + begins,
        seconds=seconds,
        bytes=num_bytes,
    )


def let_in(decision: SlotGrant | Refusal | Occupied) -> SlotGrant:
    assert isinstance(decision, SlotGrant)
    return decision


def refused(decision: Grant | Refusal | Occupied) -> Refusal:
    assert isinstance(decision, Refusal)
    return decision


def test_a_slot_has_as_many_connections_as_it_likes_until_it_is_over(
    book: SlotBook, clock: Clock
) -> None:
    mine = slot(seconds=10)
    grants = [let_in(book.enter(mine)) for _ in range(16)]
    clock.seconds += 9.9
    assert all(grant.take(1000) for grant in grants)
    clock.seconds += 0.2
    assert all(grant.is_over for grant in grants)
    assert not grants[0].take(1000)
    assert "is over" in refused(book.enter(mine)).words


def test_a_later_slot_of_a_line_waits_until_the_one_before_has_closed(
    book: SlotBook, clock: Clock, transfers: list[Transfer]
) -> None:
    cuts = list[str]()
    first = let_in(book.enter(slot(0)))
    first.cut = lambda: cuts.append("first")
    clock.seconds += 3
    later = slot(2)
    assert isinstance(book.enter(later), Occupied)
    assert cuts == ["first"]
    assert first.is_over
    clock.seconds += 0.1
    first.end()
    second = let_in(book.enter(later))
    second.end()
    assert [one.began_seconds for one in transfers] == [1000, 1003.1]
    assert transfers[0].ended_seconds <= transfers[1].began_seconds


def test_a_slot_that_a_later_one_followed_is_let_in_no_more(book: SlotBook) -> None:
    early, late = slot(0), slot(11)
    let_in(book.enter(late)).end()
    assert refused(book.enter(early)).status == HTTPStatus.FORBIDDEN


def test_slots_of_different_lines_are_held_at_once(book: SlotBook) -> None:
    assert let_in(book.enter(slot(0, CIRCUIT))).take(1)
    assert let_in(book.enter(slot(0.5, OTHER_CIRCUIT))).take(1)


def test_one_shared_line_is_enough_to_be_in_the_way(book: SlotBook) -> None:
    let_in(book.enter(slot(0, CIRCUIT, INTERNET)))
    assert isinstance(book.enter(slot(1, OTHER_CIRCUIT, INTERNET)), Occupied)


def test_a_slot_that_comes_late_ends_when_the_collector_said(book: SlotBook, clock: Clock) -> None:
    """How late it is, is known from slots of other lines: the collector's clock shows no less than
    when they began."""
    let_in(book.enter(slot(0, OTHER_CIRCUIT))).end()
    clock.seconds += 12
    late = let_in(book.enter(slot(5, seconds=10)))
    assert late.seconds_left == pytest.approx(3)
    assert "is over" in refused(book.enter(slot(1, INTERNET, seconds=10))).words


def test_a_collectors_clock_that_is_set_back_keeps_nobody_out_for_long(
    book: SlotBook, clock: Clock
) -> None:
    let_in(book.enter(slot(0))).end()
    refused(book.enter(slot(-3600)))
    clock.seconds += REMEMBERED_SECONDS + 1
    let_in(book.enter(slot(-3600)))


@pytest.mark.parametrize("num_bytes", [100_000, 10**9])
def test_a_slot_ends_before_its_last_byte_so_that_what_was_begun_fits(
    book: SlotBook, num_bytes: int
) -> None:
    mine = slot(num_bytes=num_bytes)
    grant = let_in(book.enter(mine))
    moved = 0
    while grant.take(10_000):
        moved += 10_000
    assert num_bytes * 15 / 16 - 10_000 <= moved < num_bytes
    grant.end()
    assert "used up" in refused(book.enter(mine)).words


def test_connections_of_a_slot_share_its_bytes(book: SlotBook) -> None:
    mine = slot(num_bytes=160_000)
    one, other = let_in(book.enter(mine)), let_in(book.enter(mine))
    assert one.take(100_000)
    assert not other.take(100_000)


def test_members_of_a_group_share_its_slot_and_each_has_bytes_of_its_own(
    book: SlotBook, transfers: list[Transfer]
) -> None:
    mine = replace(slot(0.0, CIRCUIT, INTERNET, num_bytes=160_000), member_id=new_id())
    theirs = replace(mine, member_id=new_id())
    one, other = let_in(book.enter(mine)), let_in(book.enter(theirs))
    assert not one.take(200_000)
    assert other.take(100_000)
    assert refused(book.enter(mine)).status == HTTPStatus.FORBIDDEN
    let_in(book.enter(theirs))
    one.end()
    other.end()
    assert {transfer.slot_id for transfer in transfers} == {mine.id}
    assert [transfer.num_bytes for transfer in transfers] == [200_000, 100_000]


def token(**claims: Any) -> str:
    whole = {"sub": "agent", "exp": datetime.now(UTC) + timedelta(hours=1), **claims}
    return f"/ndt/v7/download?access_token={jwt.encode(whole, KEY, 'HS256')}"


@pytest.fixture
def access(clock: Clock) -> Access:
    return Access(KEY, Limits(open_bytes_per_address=100), clock)


def test_the_slot_comes_in_a_signed_token(access: Access) -> None:
    target = token(slot=to_builtins(slot()))
    assert isinstance(access.admit(target, "192.0.2.1"), SlotGrant)
    assert "isn't signed" in refused(access.admit(target[:-4] + "AAAA", "192.0.2.1")).words


def test_a_slot_that_makes_no_sense_is_refused(access: Access) -> None:
    for nonsense in ("?", {}, {"id": 1}, to_builtins(slot()) | {"lines": []}):
        assert "makes no sense" in refused(access.admit(token(slot=nonsense), "192.0.2.1")).words


def test_an_agent_that_asks_for_slots_is_a_stranger_without_one(access: Access) -> None:
    verdict = access.admit(token(asks_for_slots=True), "192.0.2.1")
    assert isinstance(verdict, Grant)
    assert not verdict.take(101)


def test_an_agent_of_an_earlier_version_tests_as_before(access: Access) -> None:
    verdict = access.admit(token(), "192.0.2.1")
    assert isinstance(verdict, Grant)
    assert verdict.take(10**12)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_inside_one_machine_there_is_no_line_to_hold(access: Access, address: str) -> None:
    verdict = access.admit(token(asks_for_slots=True), address)
    assert isinstance(verdict, Grant)
    assert verdict.take(10**12)
