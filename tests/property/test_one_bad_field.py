"""One wrong field in one record of a batch refuses that record, names the field, and costs no
other."""

import json
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from broadgauge_collector.ingest.ingest import read
from broadgauge_wire import RESULT_KINDS, encode
from broadgauge_wire.spec import MAX_EXPLANATION, MAX_TEXT
from tests.collecting import NOW, an_agent, batch, latency, skipped, throughput
from tests.contract.test_wire_samples import RESULTS

NEVER_RIGHT = st.sampled_from(
    (
        {"no": ["field", "is", "like", "this"]},
        [[{}]],
        "x" * (MAX_EXPLANATION + 1),
        2**64,
        10**400,
        -1e300,
        "\u0000" * (MAX_EXPLANATION + 1),
    )
)
SAMPLES: list[dict[str, Any]] = [json.loads(path.read_bytes()) for path in RESULTS]


def good_records() -> list[bytes]:
    """One of each kind that is made here, each with an id of its own."""
    return [encode(made(id=uuid4())) for made in (throughput, latency, skipped)]


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, bytes]:
    """A stored result, all its fields well but one; and that one's name."""
    record = dict(draw(st.sampled_from(SAMPLES)))
    known = RESULT_KINDS[record["kind"]].__struct_fields__
    field = draw(st.sampled_from(sorted(set(record) & set(known))))
    record[field] = draw(NEVER_RIGHT)
    return field, json.dumps(record).encode()


@settings(deadline=None, max_examples=300)
@given(spoilt(), st.integers(0, 3))
def test_one_bad_field_refuses_its_record_alone_and_is_named(
    spoilt: tuple[str, bytes], place: int
) -> None:
    field, record = spoilt
    records = good_records()
    records.insert(place, record)
    agent = an_agent()

    taken = read(agent, encode(batch(agent, *records)), None, NOW)

    assert [aside.refusal.index for aside in taken.refused] == [place]
    assert len(taken.accepted) == len(records) - 1
    assert field in taken.refused[0].refusal.reason
    assert len(taken.refused[0].refusal.id or "") <= MAX_TEXT
