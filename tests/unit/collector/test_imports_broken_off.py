"""An import broken off at any of its transactions goes on where it was, and ends the same."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from broadgauge_collector.fleet.questions import Asked, devices
from broadgauge_collector.imports import reading_in, runs
from broadgauge_collector.imports.applying import apply, check_applicable, check_undoable, undo
from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.reading_in import ReadIn
from broadgauge_collector.store import ControlStore, tables

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
FIRST = "deviceId,serialNumber,provisionStatus,model\n" + "".join(
    f"{n},SN{n},ACTIVE,old\n" for n in range(8)
)
SECOND = "deviceId,serialNumber,provisionStatus,model\n" + "".join(
    f"{n},SN{n},ACTIVE,new\n" for n in range(2, 11)
)


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """A control store whose process is killed as its n-th transaction is about to end."""

    def __init__(self, control: ControlStore, nth: int) -> None:
        self._control = control
        self._left = nth

    def begin(self, **how: Any) -> Any:
        return _Transaction(self, self._control.begin(**how))

    def connect(self) -> Any:
        return self._control.connect()

    def count(self) -> None:
        self._left -= 1
        if not self._left:
            raise Killed


class _Transaction:
    def __init__(self, store: Dying, inner: Any) -> None:
        self._store, self._inner = store, inner

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        if kind is None:
            try:
                self._store.count()
            except Killed as killed:
                self._inner.__exit__(Killed, killed, None)
                raise
        return self._inner.__exit__(kind, error, trace)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_in, "DEVICES_AT_ONCE", 2)


def read(control: ControlStore, text: str) -> UUID:
    format_ = all_formats()["google-admin"]
    with control.begin() as c:
        run = runs.begin(c, format_, "test", NOW)
    ReadIn(control, run.id, format_).read(io.BytesIO(text.encode()), apply_it=False)
    with control.begin() as c:
        check_applicable(c, run.id, NOW, confirm=True)
    return run.id


def state_of(control: ControlStore) -> Any:
    """Devices and what is said of them, but for ids that are made anew."""
    with control.connect() as c:
        found = devices(c, Asked(), "serial", descending=False, start=0, limit=100).devices
        rows = c.execute(
            select(tables.device_source.c.key, tables.device_source.c.facts).order_by(
                tables.device_source.c.key
            )
        ).all()
    return [(d.serial, d.model, d.vanished) for d in found], [tuple(row) for row in rows]


def killed_again_and_again(
    control: ControlStore, id_: UUID, work: Callable[[Any, UUID, datetime], None]
) -> int:
    """Do it, killed at each first transaction and each second one; how often it was killed."""
    for kills in range(100):
        try:
            work(Dying(control, 1 + kills % 2), id_, NOW)
        except Killed:
            continue
        return kills
    raise AssertionError("it never ended")


def test_what_is_killed_again_and_again_ends_as_if_it_never_was(control: ControlStore) -> None:
    apply(control, read(control, FIRST), NOW)
    before = state_of(control)
    second = read(control, SECOND)
    assert killed_again_and_again(control, second, apply) > 3
    after = state_of(control)
    assert after[0] == [
        *[(f"SN{n}", "old", True) for n in (0, 1)],
        ("SN10", "new", False),
        *[(f"SN{n}", "new", False) for n in range(2, 10)],
    ]
    with control.begin() as c:
        assert runs.get(c, second).state == "applied"
        check_undoable(c, second, NOW)
    assert killed_again_and_again(control, second, undo) > 3
    assert state_of(control) == before
