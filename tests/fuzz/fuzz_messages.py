"""Every message of the wire: bytes are one of its kind, which says the same again, or WireError."""

from collections.abc import Iterator

import atheris

from tests.fuzz.fuzzing import SAMPLES, compact, fuzz
from tests.fuzz.json_mutations import mutator

with atheris.instrument_imports(include=["broadgauge_wire"]):
    import msgspec

    import broadgauge_wire
    from broadgauge_wire import WireError, decode, encode, messages

KINDS: tuple[type[msgspec.Struct], ...] = tuple(
    kind
    for _, kind in sorted(vars(broadgauge_wire).items())
    if isinstance(kind, type) and kind.__module__ == messages.__name__
)
"""The first byte chooses among these."""


def seeds() -> Iterator[bytes]:
    """Every stored message after its kind's byte."""
    for number, kind in enumerate(KINDS):
        for path in sorted(SAMPLES.glob(f"*/messages/{kind.__name__}*.json")):
            yield bytes([number]) + compact(msgspec.json.decode(path.read_bytes()))


def one(data: bytes) -> None:
    """What is read can be said again, and is then read as the same."""
    if not data:
        return
    kind = KINDS[data[0] % len(KINDS)]
    try:
        message = decode(data[1:], kind)
    except WireError as error:
        assert str(error).encode()
        return
    assert decode(encode(message), kind) == message


if __name__ == "__main__":
    fuzz(one, seeds(), mutator(list(seeds())))
