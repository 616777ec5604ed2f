"""Every question gets the numbers that brute force gets, in whatever state a store is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from broadgauge_collector.store.questions import (
    Charted,
    Grouping,
    Metric,
    Questions,
    SchoolClock,
    Spread,
    Window,
)
from broadgauge_collector.store.results import ResultStore
from broadgauge_wire import RESULT_KINDS, Direction

from .oracle import Oracle
from .result_stores import (
    FACTORIES,
    STATES_OF,
    OpenedAgain,
    State,
    Term,
    all_ids,
    brought_to,
    ids_of,
)

TERM = Term()
ORACLE = Oracle(TERM.kept)

WINDOWS = {
    "term": Window(TERM.TODAY - timedelta(days=200), TERM.TODAY + timedelta(days=1)),
    "january": Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
    "last days": Window(TERM.TODAY - timedelta(days=9, hours=5), TERM.TODAY),
    "over a month's end": Window(
        datetime(2026, 2, 27, 6, 30, 1, 5, tzinfo=UTC), datetime(2026, 3, 1, 0, 0, 3, tzinfo=UTC)
    ),
    "nothing": Window(TERM.TODAY + timedelta(days=9), TERM.TODAY + timedelta(days=10)),
}


@pytest.fixture(
    scope="module",
    params=[(name, state) for name in sorted(FACTORIES) for state in STATES_OF[name]],
    ids=lambda param: "-".join(param),
)  # fmt: skip
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ResultStore]:
    """A store with the whole term, in one of the states that upkeep leaves."""
    name: str
    state: State
    name, state = request.param
    opened = OpenedAgain(FACTORIES[name], tmp_path_factory.mktemp("stores") / "store")
    yield brought_to(state, opened, TERM)
    opened.close()


@pytest.fixture
def questions(filled: ResultStore) -> Iterator[Questions]:
    with filled.questions() as asked:
        yield asked


@pytest.fixture(params=WINDOWS)
def window(request: pytest.FixtureRequest) -> Window:
    return WINDOWS[request.param]


TIMEZONES = ("America/Chicago", "Asia/Kathmandu", "Pacific/Auckland")

DIRECTIONS: tuple[Direction, ...] = ("download", "upload")


def test_every_result_is_there_once(filled: ResultStore) -> None:
    assert all_ids(filled) == sorted(one.result.id for one in TERM.kept)


def test_every_change_comes_once_in_the_order_of_commits(filled: ResultStore) -> None:
    seen: list[str] = []
    at = 0
    while (changes := filled.changes(at, 100)).tables:
        for table in changes.tables.values():
            seen += table.column("id").to_pylist()
        assert changes.upto > at
        at = changes.upto
    assert sorted(map(UUID, seen)) == sorted(one.result.id for one in TERM.kept)


def test_each_kind_comes_newest_first_whoever_is_asked_about(
    filled: ResultStore, window: Window
) -> None:
    for kind, struct in RESULT_KINDS.items():
        for school_id in (None, TERM.school_ids[0]):
            wanted = [
                one
                for one in TERM.kept
                if isinstance(one.result, struct)
                and window.since <= one.moment < window.until
                and school_id in (None, one.school_id)
            ]
            wanted.sort(key=lambda one: (one.moment, one.result.id), reverse=True)
            conditions = {"school_id": school_id, **window._asdict()}
            for limit in (3, 1000):
                found = ids_of(filled, kind, limit=limit, **conditions)
                assert found == [one.result.id for one in wanted[:limit]]


def test_each_result_is_found_by_its_id(filled: ResultStore) -> None:
    for one in TERM.kept[::23]:
        kind = str(one.result.__struct_config__.tag)
        (row,) = filled.find(kind, one.result.id).to_pylist()
        assert row["started_at"] == one.result.started_at.replace(tzinfo=None)
        assert (row["agent_id"], row["location"]) == (str(one.agent_id), one.result.location)


def test_a_batch_sent_again_is_known_wherever_its_results_are(filled: ResultStore) -> None:
    sent = TERM.kept[::70]
    count = len(all_ids(filled))
    outcomes = filled.commit([TERM.batch(one) for one in sent])
    assert {outcome.state for outcome in outcomes} == {"seen"}
    assert len(all_ids(filled)) == count


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_tests_of_schools(questions: Questions, window: Window, direction: Direction) -> None:
    asked = window, direction, TERM.school_ids[:2], TERM.reflector_ids
    found = questions.tests(*asked).to_pylist()
    assert _sorted(found) == _sorted(ORACLE.tests(*asked))
    found = questions.tests(*asked, with_location=True).to_pylist()
    assert _sorted(found) == _sorted(ORACLE.tests(*asked, with_location=True))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_seats_got(questions: Questions, window: Window, direction: Direction) -> None:
    asked = window, direction, TERM.school_ids[:2]
    found = questions.seats(*asked).to_pylist()
    assert {row["what"] for row in found} <= {"test", "skipped", "loss"}
    assert _sorted(found) == _sorted(ORACLE.seats(*asked))


@pytest.mark.parametrize("limit", [7, 500])
def test_newest_tests(questions: Questions, window: Window, limit: int) -> None:
    for school_id in TERM.school_ids:
        asked = window, school_id, limit
        assert questions.newest_tests(*asked) == ORACLE.newest_tests(*asked)


def test_readings_skipped_tests_and_ways(questions: Questions, window: Window) -> None:
    for school_id in TERM.school_ids:
        assert questions.readings(window, school_id) == ORACLE.readings(window, school_id)
        assert questions.skipped(window, school_id) == ORACLE.skipped(window, school_id)
        assert questions.ways(window, school_id) == ORACLE.ways(window, school_id)


def test_latest_rates_and_who_measured_inside_one_machine(
    questions: Questions, window: Window
) -> None:
    for school_id in (None, *TERM.school_ids):
        for direction in DIRECTIONS:
            asked = window, direction, school_id
            assert questions.latest(*asked) == ORACLE.latest(*asked)
        loopback = ORACLE.only_loopback(window, school_id)
        assert questions.only_loopback(window, school_id) == loopback


def test_schools_that_were_heard(questions: Questions, window: Window) -> None:
    assert questions.heard(window) == ORACLE.heard(window)


@pytest.mark.parametrize("by", ["day", "hour", "location"])
def test_spreads(questions: Questions, window: Window, by: Grouping) -> None:
    for school_id, timezone in zip(TERM.school_ids, TIMEZONES, strict=True):
        charted = Charted(school_id, "internet", "network", timezone, window)
        for name in ("rates", "round_trips", "loss"):
            found = getattr(questions, name)(charted, by)
            assert _rounded(found) == _rounded(getattr(ORACLE, name)(charted, by))


@pytest.mark.parametrize("metric", get_args(Metric))
def test_percentiles_by_school_segment_and_local_hour(
    questions: Questions, window: Window, metric: Metric
) -> None:
    clocks = tuple(map(SchoolClock, TERM.school_ids, TIMEZONES))
    for asked in (clocks, clocks[1:2], ()) if window == WINDOWS["term"] else (clocks,):
        found = questions.percentiles(metric, window, asked).to_pylist()
        assert _to_nine_digits(found) == _to_nine_digits(ORACLE.percentiles(metric, window, asked))


def test_newest_rates_that_were_received_since(questions: Questions, window: Window) -> None:
    assert sorted(questions.newest_rates(window.since), key=str) == sorted(
        ORACLE.newest_rates(window.since), key=str
    )


def test_last_results(questions: Questions, window: Window) -> None:
    assert questions.last_results(window.since) == ORACLE.last_results(window.since)


def test_inventories(questions: Questions) -> None:
    found = questions.inventories()
    assert {agent: row["id"] for agent, row in found.items()} == ORACLE.inventories()
    for agent_id, row in found.items():
        (one,) = (one for one in TERM.kept if one.result.id == row["id"])
        assert (row["agent_id"], row["serial"]) == (agent_id, getattr(one.result, "serial", None))


def test_rooms(questions: Questions, window: Window) -> None:
    for school_id in TERM.school_ids:
        found = sorted(questions.rooms(window, school_id), key=str)
        assert found == sorted(ORACLE.rooms(window, school_id), key=str)


def _sorted(tests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(tests, key=lambda test: str(sorted(test.items())))


def _to_nine_digits(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: f"{v:.9g}" if isinstance(v, float) else v for name, v in row.items()} for row in rows
    ]


def _rounded(spreads: list[Spread]) -> list[Any]:
    """To nine digits: the order of adding up is anybody's."""
    return [(*each[:3], *(f"{number:.9g}" for number in each[3:])) for each in spreads]
