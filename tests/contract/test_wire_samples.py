"""What any release ever sent is taken by today's decoder, with the same values."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import broadgauge_wire
from broadgauge_collector.ingest.clocks import Clock
from broadgauge_collector.ingest.decode import decode_batch
from broadgauge_collector.ingest.records import sort_records
from broadgauge_wire import RESULT_KINDS, decode, decode_result, encode, kind_of

SAMPLES = Path(__file__).parent / "samples"
RESULTS = sorted(SAMPLES.glob("*/results/*.json"))
MESSAGES = sorted(SAMPLES.glob("*/messages/*.json"))
NOW = datetime(2026, 3, 2, 15, 6, tzinfo=UTC)


def message_type(path: Path) -> type[msgspec.Struct]:
    found: type[msgspec.Struct] = getattr(broadgauge_wire, path.stem.partition("-")[0])
    return found


def assert_says(decoded: Any, sample: Any) -> None:
    """Every value of the sample is in what was decoded; what the sample left out may be there."""
    if isinstance(sample, dict):
        for name, value in sample.items():
            assert_says(decoded[name], value)
    elif isinstance(sample, list):
        assert len(decoded) == len(sample)
        for one, other in zip(decoded, sample, strict=True):
            assert_says(one, other)
    elif isinstance(sample, str) and sample[:2] == "20" and "T" in sample:
        assert datetime.fromisoformat(decoded) == datetime.fromisoformat(sample)
    else:
        assert decoded == sample


def with_a_field_of_tomorrow(sample: Any) -> Any:
    if isinstance(sample, dict):
        inner = {name: with_a_field_of_tomorrow(value) for name, value in sample.items()}
        return {"tomorrow": {"says": [1, None]}, **inner}
    if isinstance(sample, list):
        return [with_a_field_of_tomorrow(value) for value in sample]
    return sample


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_stored_result_is_read_with_the_same_values(path: Path) -> None:
    result = decode_result(path.read_bytes())
    assert_says(json.loads(encode(result)), json.loads(path.read_bytes()))
    assert kind_of(result) == path.stem.partition("-")[0]
    assert decode_result(encode(result)) == result


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_a_stored_message_is_read_with_the_same_values(path: Path) -> None:
    message = decode(path.read_bytes(), message_type(path))
    assert_says(json.loads(encode(message)), json.loads(path.read_bytes()))


@pytest.mark.parametrize("path", [*RESULTS, *MESSAGES], ids=lambda path: path.stem)
def test_fields_of_a_later_release_change_nothing(path: Path) -> None:
    sample = json.loads(path.read_bytes())
    later = json.dumps(with_a_field_of_tomorrow(sample)).encode()
    if path in RESULTS:
        assert decode_result(later) == decode_result(path.read_bytes())
    else:
        assert_says(json.loads(encode(decode(later, message_type(path)))), sample)


@pytest.mark.parametrize("name", ["Batch", "Batch-least"])
def test_every_record_of_a_stored_batch_is_accepted(name: str) -> None:
    for path in SAMPLES.glob(f"*/messages/{name}.json"):
        batch = decode_batch(path.read_bytes())
        accepted, refused = sort_records(batch, Clock(now=NOW))
        assert (len(accepted), refused) == (len(batch.results), ())


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_stored_result_is_accepted_by_ingest(path: Path) -> None:
    sample = json.loads((SAMPLES / "0.1/messages/Batch-least.json").read_bytes())
    sample["results"] = [json.loads(path.read_bytes())]
    _, refused = sort_records(decode_batch(json.dumps(sample).encode()), Clock(now=NOW))
    assert refused == ()


def test_every_message_and_kind_of_result_has_a_full_sample() -> None:
    structs = {
        name
        for name in broadgauge_wire.__all__
        if isinstance(kind := getattr(broadgauge_wire, name), type)
        and kind.__module__.endswith(".messages")
    }
    assert {path.stem for path in MESSAGES} >= structs
    for kind, struct in RESULT_KINDS.items():
        full = json.loads((SAMPLES / f"0.1/results/{kind}-full.json").read_bytes())
        assert set(full) == {"kind", *struct.__struct_fields__}
