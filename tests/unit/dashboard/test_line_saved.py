"""What a line's form says is kept, all of it or nothing."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from broadgauge_collector.errors import Invalid
from broadgauge_collector.schools import repository
from broadgauge_collector.schools.model import Link
from broadgauge_dashboard.pages.line import save
from tests.reporting import TestDistrict, district
from tests.unit.dashboard.seeing import texts


class Kept:
    """The one thing of the services that saving takes: a transaction."""

    def __init__(self, town: TestDistrict) -> None:
        self._town = town

    async def write(self, function: Callable[..., Any], *given: Any) -> Any:
        with self._town.stores.control.begin() as c:
            return function(c, *given)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def saved(town: TestDistrict, link: Link, *form: Any, clicks: int | None = 1) -> Any:
    services: Any = Kept(town)

    async def send() -> Any:
        return await save(services, clicks, *form, str(link.id))

    return asyncio.run(send())


def known(town: TestDistrict, link: Link) -> Link:
    with town.stores.control.connect() as c:
        return repository.get_link(c, link.id)


def test_contract_upstream_and_test_servers_are_kept(town: TestDistrict) -> None:
    lincoln = town.school()
    net = town.link(lincoln)
    circuit = town.link(lincoln, name="WAN", segment="wan")
    core = town.reflector("Core", circuit)
    said = saved(town, circuit, 500, "650.50", " 2027-06-30 ", str(net.id), [])
    assert "WAN was saved." in texts(said)
    kept = known(town, circuit)
    assert (kept.contracted_bits_per_second, kept.price_per_month) == (500e6, 650.5)
    assert (kept.contract_ends, kept.upstream_id) == (date(2027, 6, 30), net.id)
    with town.stores.control.connect() as c:
        assert repository.get_reflector(c, core).link_id is None


def test_what_is_left_empty_is_unknown(town: TestDistrict) -> None:
    net = town.link(town.school(), contracted_bits_per_second=1e9, price_per_month=5.0)
    saved(town, net, "", None, "", "nothing", None)
    kept = known(town, net)
    assert (kept.contracted_bits_per_second, kept.price_per_month, kept.contract_ends) == (
        None, None, None,
    )  # fmt: skip


def test_nonsense_is_refused_and_nothing_is_kept(town: TestDistrict) -> None:
    lincoln = town.school()
    net = town.link(lincoln)
    circuit = town.link(lincoln, name="WAN", segment="wan", upstream_id=net.id)
    for form, words in (
        (("fast", 1, "", "nothing", []), "The rate"),
        ((1, 1, "June", "nothing", []), "year, month and day"),
        ((-5, 1, "", "nothing", []), "The rate is"),
        ((7, 1, "", str(circuit.id), []), "can't hang on"),
    ):
        with pytest.raises(Invalid, match=words):
            saved(town, net, *form)
    assert known(town, net) == net
    with pytest.raises(PreventUpdate):
        saved(town, net, 1, 1, "", "nothing", [], clicks=None)
