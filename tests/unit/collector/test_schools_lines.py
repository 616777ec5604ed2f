"""What lines hang on, what they cost, and which ways of hanging can't be."""

from datetime import date

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from broadgauge_collector.errors import Conflict, Invalid, NotFound
from broadgauge_collector.schools.model import Link, School
from broadgauge_collector.schools.repository import add_link, add_school, get_link, update_link
from broadgauge_collector.upkeep.going import going_school, remove
from broadgauge_wire import new_id


@pytest.fixture
def schools(c: Connection) -> list[School]:
    return [add_school(c, name=name, timezone="America/Chicago") for name in ("Grant", "Lincoln")]


@pytest.fixture
def internet(c: Connection, schools: list[School]) -> Link:
    return add_link(
        c, name="Internet", segment="internet", school_ids=[s.id for s in schools],
        price_per_month=1500.0, contract_ends=date(2027, 6, 30),
    )  # fmt: skip


@pytest.fixture
def circuit(c: Connection, schools: list[School], internet: Link) -> Link:
    return add_link(
        c, name="Grant WAN", segment="wan", school_ids=[schools[0].id], upstream_id=internet.id
    )


def test_a_line_is_found_as_it_was_added_and_changed(
    c: Connection, internet: Link, circuit: Link
) -> None:
    assert (internet.price_per_month, internet.contract_ends) == (1500.0, date(2027, 6, 30))
    assert get_link(c, circuit.id).upstream_id == internet.id
    changed = replace(circuit, name="Fiber", price_per_month=450.0, upstream_id=None)
    assert update_link(c, changed) == changed == get_link(c, circuit.id)


def test_lines_cant_hang_on_themselves(c: Connection, schools: list[School], circuit: Link) -> None:
    with pytest.raises(Invalid, match="Grant WAN on Grant WAN"):
        update_link(c, replace(circuit, upstream_id=circuit.id))
    second = add_link(
        c, name="Ring", segment="wan", school_ids=[schools[0].id], upstream_id=circuit.id
    )
    with pytest.raises(Invalid, match=r"Grant WAN on Ring on Grant WAN.*--on-nothing"):
        update_link(c, replace(circuit, upstream_id=second.id))


def test_a_line_hangs_on_one_further_out_that_carries_its_schools(
    c: Connection, schools: list[School], internet: Link, circuit: Link
) -> None:
    with pytest.raises(Invalid, match=r"can't hang on Grant WAN \(wan\)"):
        update_link(c, replace(internet, upstream_id=circuit.id))
    with pytest.raises(Invalid, match="Lincoln must be behind that too"):
        add_link(c, name="LAN", segment="lan", school_ids=[schools[1].id], upstream_id=circuit.id)
    with pytest.raises(Invalid, match="Grant must be behind that too"):
        update_link(c, replace(internet, school_ids=(schools[1].id,)))
    with pytest.raises(NotFound, match="no line with the id"):
        update_link(c, replace(circuit, upstream_id=new_id()))


def test_a_line_can_lose_neither_its_schools_nor_its_name(
    c: Connection, internet: Link, circuit: Link
) -> None:
    with pytest.raises(Invalid, match="at least one school"):
        update_link(c, replace(circuit, school_ids=()))
    with pytest.raises(Conflict, match="already a line"):
        update_link(c, replace(circuit, name="INTERNET"))
    with pytest.raises(Invalid, match="costs a month"):
        update_link(c, replace(circuit, price_per_month=-1.0))


def test_erasing_a_school_takes_its_own_lines_and_leaves_what_they_hung_on(
    c: Connection, schools: list[School], internet: Link, circuit: Link
) -> None:
    remove(c, going_school(c, "Grant"))
    assert get_link(c, internet.id).school_ids == (schools[1].id,)
    with pytest.raises(NotFound):
        get_link(c, circuit.id)
