"""Mutations of JSON that stay JSON: most of what a decoder has to get right lies behind a parse,
and bytes turned at random hardly ever get there."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

import atheris

from tests.fuzz.fuzzing import compact

TROUBLE: tuple[Any, ...] = (
    None, True, [], {}, 0, -1, 0.0, -0.0, 0.5, 1e-320, 1e308, -1e13, 2**31, 2**53, 2**53 + 1, 2**63,
    2**64, 10**400, "", " ", "\0", "\ud800", "\udc00a", "\U0001f4e1", "e\u0301", "\u202e", "=1+1",
    "x" * 201, "x" * 1001, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00",
    "2026-02-30T00:00:00Z", "2026-03-02T15:04:60Z", "2026-03-02T15:04:05", "2026-03-02",
    "0192aaaa-0000-7000-8000-000000000000", "00000000000000000000000000000000", "NaN", "throughput",
)  # fmt: skip
"""Values that decoders have been wrong about."""

FROM_A_SEED = 0.25
WITHOUT_STRUCTURE = 0.1

Mutator = Callable[[bytes, int, int], bytes]
Place = tuple[Any, Any]


def mutator(seeds: Sequence[bytes]) -> Mutator:
    """A libFuzzer mutator for inputs of one byte that chooses and a JSON document after it."""

    def mutate(data: bytes, max_bytes: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < FROM_A_SEED or not data:
            data = rng.choice(seeds)
        try:
            document = json.loads(data[1:])
        except (ValueError, RecursionError):
            return bytes(atheris.Mutate(data, max_bytes))
        if rng.random() < WITHOUT_STRUCTURE:
            return bytes(atheris.Mutate(data, max_bytes))
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            document = changed(document, rng)
        made = data[:1] + compact(document)
        return made if len(made) <= max_bytes else data[:max_bytes]

    return mutate


def changed(document: Any, rng: random.Random) -> Any:
    """The document with one place of it changed."""
    places = list(places_of(document))
    if not places:
        return rng.choice(TROUBLE)
    container, key = rng.choice(places)
    rng.choice((_trouble, _nudge, _copy, _drop, _rename))(container, key, places, rng)
    return document


def places_of(node: Any) -> Iterator[Place]:
    """Every place a value stands at: its container, and its key or index there."""
    match node:
        case dict():
            entries = list(node.items())
        case list():
            entries = list(enumerate(node))
        case _:
            return
    for key, value in entries:
        yield node, key
        yield from places_of(value)


def _trouble(container: Any, key: Any, _places: list[Place], rng: random.Random) -> None:
    container[key] = rng.choice(TROUBLE)


def _nudge(container: Any, key: Any, _places: list[Place], rng: random.Random) -> None:
    match container[key]:
        case bool() as value:
            container[key] = not value
        case int() | float() as value:
            container[key] = rng.choice((-value, value + 1, value - 1, value // 3))
        case str() as value:
            at = rng.randrange(len(value) + 1)
            container[key] = value[:at] + rng.choice(("", "\0", "-", "9", "z")) + value[at + 1 :]
        case list() as value:
            container[key] = value * rng.choice((2, 3, 20))
        case value:
            container[key] = [value]


def _copy(container: Any, key: Any, places: list[Place], rng: random.Random) -> None:
    other, place = rng.choice(places)
    container[key] = deepcopy(other[place])


def _drop(container: Any, key: Any, _places: list[Place], _rng: random.Random) -> None:
    del container[key]


def _rename(container: Any, key: Any, places: list[Place], rng: random.Random) -> None:
    if isinstance(container, dict):
        names = [name for _, name in places if isinstance(name, str)]
        container[rng.choice((*names, "", "tomorrow"))] = container.pop(key)
