"""Whatever records are sent, in whatever order, however often: nothing is lost or doubled."""

import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from broadgauge_collector.ingest.clocks import Clock, date_faults, placed
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.ingest.validate import faults
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import WireError, decode_result, encode
from tests.collecting import NOW, an_agent, batch, latency, skipped, stored_ids, throughput

text = st.text(max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
good = st.one_of(
    st.builds(lambda room: encode(throughput(location=room)), st.none() | text),
    st.builds(lambda lost: encode(latency(lost=lost)), st.integers(0, 99)),
    st.builds(
        lambda days: encode(skipped(started_at=NOW - timedelta(days=days))), st.integers(-1, 2000)
    ),
)
CONTRADICTIONS: list[dict[str, Any]] = [
    {"error": "failed"},
    {"started_at": NOW + timedelta(days=3)},
    {"throughput_bits_per_second": None},
]
contradictory = st.sampled_from(CONTRADICTIONS).map(lambda changes: encode(throughput(**changes)))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A result with one field replaced by anything that is JSON."""
    record = json.loads(encode(draw(st.sampled_from([throughput(), latency(), skipped()]))))
    record[draw(st.sampled_from(sorted(record)))] = draw(json_values)
    return anything(record)


def anything(value: Any) -> bytes:
    """Any value as JSON, which has no NaN and no infinity."""
    return json.dumps(value).replace("NaN", "null").replace("Infinity", "9").encode()


records = st.lists(
    good | contradictory | json_values.map(anything) | damaged(), min_size=1, max_size=8
)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_is_accepted_is_stored_once_in_any_order_of_resends(data: st.DataObject) -> None:
    agent = an_agent()
    bodies = data.draw(st.lists(records, min_size=1, max_size=5))
    sent = [_read(agent, number, body) for number, body in enumerate(bodies, 1)]
    for incoming, body in zip(sent, bodies, strict=True):
        assert len(incoming.accepted) + len(incoming.refused) == len(body)
        places = {aside.refusal.index for aside in incoming.refused}
        assert len(places) == len(incoming.refused)
    order = data.draw(st.lists(st.sampled_from(sent), max_size=12)) + sent
    with TemporaryDirectory() as folder:
        results = DuckDBResults.open(Path(folder) / "hot.duckdb")
        _send_in_groups(results, order, data.draw(st.integers(1, 4)))
        assert stored_ids(results) == sorted(_accepted(sent))
        assert _count(results, "refused") == sum(len(incoming.refused) for incoming in sent)
        results.close()


@settings(deadline=None, max_examples=300)
@given(records)
def test_a_record_is_refused_exactly_if_it_breaks_the_contract_or_itself(made: list[bytes]) -> None:
    incoming = _read(an_agent(), 1, made)
    refused = {aside.refusal.index: aside.refusal.reason for aside in incoming.refused}
    for index, record in enumerate(made):
        assert (index in refused) == bool(_faults(record))
        assert refused.get(index) != ""


def _read(agent: Agent, sequence: int, made: list[bytes]) -> Incoming:
    return read(agent, encode(batch(agent, *made, sequence=sequence)), None, NOW)


def _send_in_groups(results: DuckDBResults, order: list[Incoming], size: int) -> None:
    answers: dict[int, Any] = {}
    for start in range(0, len(order), size):
        group = order[start : start + size]
        for incoming, outcome in zip(group, results.commit(group), strict=True):
            assert outcome.state in ("stored", "seen")
            first = answers.setdefault(incoming.key.sequence, outcome.refused)
            assert outcome.refused == first


def _accepted(sent: list[Incoming]) -> list[UUID]:
    return [result.id for incoming in sent for result in incoming.accepted]


def _count(results: DuckDBResults, table: str) -> int:
    with results.cursor() as cursor:
        return int(cursor.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _faults(record: bytes) -> list[str]:
    try:
        result = placed(decode_result(record), Clock(now=NOW))
    except WireError as error:
        return [str(error)]
    return [*date_faults(result, NOW), *faults(result)]
