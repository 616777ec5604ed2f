"""Bodies of `POST join` up to the store: an agent's key, or one of the errors that say why not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import atheris

from tests.fuzz.fuzzing import fuzz, samples, work_directory
from tests.fuzz.json_mutations import mutator

with atheris.instrument_imports(
    include=["broadgauge_wire", "broadgauge_collector.access", "broadgauge_collector.schools"]
):
    from msgspec.structs import replace
    from sqlalchemy import Connection

    from broadgauge_collector.access.agents import get_agent
    from broadgauge_collector.access.join import create_join_token, join
    from broadgauge_collector.errors import Conflict, Invalid, NotPermitted, Unauthenticated
    from broadgauge_collector.schools.repository import add_school
    from broadgauge_collector.store.control import ControlStore
    from broadgauge_wire import JoinRequest, WireError, decode, encode

NOW = datetime(2026, 3, 2, 15, 6, tzinfo=UTC)
SCHOOL = "Lincoln Elementary"


def a_store() -> tuple[ControlStore, str]:
    """A control database with one school and a token for it."""
    store = ControlStore.open(work_directory() / "control.sqlite")
    with store.begin() as c:
        school: UUID = add_school(c, name=SCHOOL, timezone="America/Chicago").id
        token = create_join_token(c, school_id=school, lifetime=timedelta(days=1), uses=1, now=NOW)
    return store, token


STORE, TOKEN = a_store()


def seeds() -> Iterator[bytes]:
    """The stored requests, with and without the school's name; an even first byte is replaced by
    a token that is known."""
    for body in samples("*/messages/JoinRequest*.json"):
        yield b"\0" + body
        yield b"\1" + body
        yield b"\0" + encode(replace(decode(body, JoinRequest), school=SCHOOL))


def one(data: bytes) -> None:
    """A request is refused in words, or its agent is there; then the store is as it was."""
    try:
        request = decode(data[1:], JoinRequest)
    except WireError as error:
        assert str(error).encode()
        return
    if data[0] % 2 == 0:
        request = replace(request, token=TOKEN)
    with STORE.connect() as c:
        try_to_join(c, request)
        c.rollback()


def try_to_join(c: Connection, request: JoinRequest) -> None:
    """Only with the token that is known, and then as the request says."""
    try:
        joined = join(c, request, NOW)
    except (Conflict, Invalid, NotPermitted, Unauthenticated) as error:
        assert error.detail.encode()
        return
    assert request.token == TOKEN
    assert joined.school == SCHOOL
    assert get_agent(c, joined.agent_id).name.isprintable()
    assert encode(joined)


if __name__ == "__main__":
    fuzz(one, seeds(), mutator(list(seeds())))
