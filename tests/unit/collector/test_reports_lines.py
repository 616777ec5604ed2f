"""What lines deliver for their price, from stored tests, and who changes them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from broadgauge_collector.errors import Invalid, NotFound
from broadgauge_collector.reports.lines import LineFacts, contract, line, lines
from broadgauge_collector.schools import repository
from broadgauge_collector.schools.line_servers import set_servers
from broadgauge_collector.store.tables import link_school
from broadgauge_wire import new_id
from tests.reporting import NOW, TestDistrict, district, full_reading, twelve_days

TARGET = "fcc-1mbps"
TODAY = date(2026, 3, 19)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def facts(town: TestDistrict) -> dict[str, LineFacts]:
    return {one.link.name: one for one in lines(town.stores, TARGET, 30, NOW).lines}


def test_a_line_says_what_it_delivers_leaves_and_costs(town: TestDistrict) -> None:
    lincoln = town.school()
    town.link(
        lincoln,
        contracted_bits_per_second=1e9,
        price_per_month=1200.0,
        contract_ends=date(2026, 6, 30),
    )
    town.keep(town.agent(lincoln), *twelve_days(600))
    found = facts(town)["Internet"]
    assert found.judged is not None
    assert found.judged.verdict.conclusion == "meets"
    assert found.delivered == pytest.approx(0.6)
    assert found.spare_bits_per_second == pytest.approx(100e6)
    assert found.price_per_mbps == pytest.approx(2.0)
    assert (found.contract, found.contract_days) == ("ends_soon", 103)
    assert (found.students, found.at_least) == (500, False)


def test_without_tests_or_a_contract_nothing_is_made_up(town: TestDistrict) -> None:
    town.link(town.school("Uncounted", students=None))
    found = facts(town)["Internet"]
    assert (found.delivered, found.price_per_mbps, found.spare_bits_per_second) == (None,) * 3
    assert (found.contract, found.students) == ("unknown", None)


@pytest.mark.parametrize(
    ("days", "said"),
    [(-1, "ended"), (0, "ends_soon"), (365, "ends_soon"), (366, "runs")],
)
def test_a_contract_that_ends_within_a_year_is_warned_of(days: int, said: str) -> None:
    assert contract(TODAY + timedelta(days=days), TODAY) == said


def test_a_line_without_schools_and_one_the_target_is_not_about_are_not_judged(
    town: TestDistrict,
) -> None:
    lincoln = town.school()
    net, circuit = town.link(lincoln), town.link(lincoln, name="WAN", segment="wan")
    with town.stores.control.begin() as c:
        c.execute(link_school.delete().where(link_school.c.link_id == net.id))
    assert facts(town)["Internet"].judged is None
    report = line(town.stores, net.id, TARGET, 30, NOW)
    assert (report.schools, report.facts.judged) == ((), None)
    report = line(town.stores, circuit.id, "setda-2012-wan-2014", 30, NOW)
    assert report.facts.judged is not None


def test_a_school_is_decided_by_its_worst_line_and_the_tree_has_all(town: TestDistrict) -> None:
    lincoln, alone = town.school(), town.school("Alone")
    net = town.link(lincoln)
    circuit = town.link(lincoln, name="WAN", segment="wan", upstream_id=net.id)
    agent = town.agent(lincoln)
    town.keep(agent, *twelve_days(600))
    town.keep(
        agent, *(full_reading(d, 300, h, segment="wan") for d in range(11, 23) for h in (20, 21))
    )
    report = lines(town.stores, TARGET, 30, NOW)
    assert report.deciding[lincoln.id].link == circuit
    (root,) = report.tree.lines
    assert (root.link.id, root.below[0].link.id) == (net.id, circuit.id)
    assert report.tree.without_line == (alone,)


def test_an_unknown_line_is_not_found(town: TestDistrict) -> None:
    with pytest.raises(NotFound, match="no line with the id"):
        line(town.stores, new_id(), TARGET, 30, NOW)


def test_test_servers_are_chosen_for_one_line_alone(town: TestDistrict) -> None:
    lincoln = town.school()
    net, other = town.link(lincoln), town.link(lincoln, name="Second")
    mine, others = town.reflector("Core", net), town.reflector("Cloud", other)
    with town.stores.control.begin() as c:
        set_servers(c, net, [others])
        ends = {one.name: one.link_id for one in repository.list_reflectors(c)}
    assert ends == {"Core": None, "Cloud": net.id}
    circuit = town.link(lincoln, name="WAN", segment="wan")
    with pytest.raises(Invalid, match="own segment"), town.stores.control.begin() as c:
        set_servers(c, circuit, [mine])
